from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.inventory import Asset as Found
from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.models import CloudAccount
from scans.assets.writer import AssetWriter
from scans.findings.evaluation import Evaluator
from scans.findings.writer import FindingWriter
from scans.models import Asset, ScanRun, ScanStatus
from scans.runs.requests import request_scan
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
FULL, EMPTY = ScanUnit("s3", "global"), ScanUnit("s3", "eu-west-1")


def writer_of(account: CloudAccount) -> AssetWriter:
    """Of a new run: the one before has ended."""
    ScanRun.objects.update(status=ScanStatus.COMPLETED, active_account=None)
    run, evaluator = request_scan(account, actor=SYSTEM), Evaluator(account.spec)
    return AssetWriter(run, evaluator, FindingWriter(run, account, evaluator.titles))


def bucket(name: str) -> Found:
    return Found("aws.s3.bucket", "s3", "global", f"arn:aws:s3:::{name}", name)


def test_where_nothing_was_nothing_is_asked_for(
    alice: User, make_account: MakeAccount, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    account = make_account(alice)
    first = writer_of(account)
    first.write(FULL, [bucket("one"), bucket("two")])
    with django_assert_num_queries(0, using="cloud_security"):
        first.mark_gone(FULL)
    second = writer_of(account)
    with django_assert_num_queries(0, using="cloud_security"):
        second.mark_gone(EMPTY)


def test_what_was_there_before_and_is_not_met_is_gone(alice: User, make_account: MakeAccount) -> None:
    account = make_account(alice)
    writer_of(account).write(FULL, [bucket("one"), bucket("two")])
    second = writer_of(account)
    second.write(FULL, [bucket("one")])
    second.mark_gone(FULL)
    assert second.gone == 1
    assert dict(Asset.objects.values_list("name", "gone_at")).keys() == {"one", "two"}
    assert list(Asset.objects.exclude(gone_at=None).values_list("name", flat=True)) == ["two"]
    assert writer_of(account)._held == {("s3", "global")}


def test_where_nothing_is_missing_one_look_is_enough(
    alice: User, make_account: MakeAccount, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    account = make_account(alice)
    writer_of(account).write(FULL, [bucket("one"), bucket("two")])
    second = writer_of(account)
    second.write(FULL, [bucket("one"), bucket("two")])
    with django_assert_num_queries(1, using="cloud_security"):
        second.mark_gone(FULL)
    assert second.gone == 0


def test_results_that_are_as_before_are_not_written_again(
    alice: User, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_account(alice)
    writer_of(account).write(FULL, [bucket("one"), bucket("two")])
    written: list[int] = []
    update = type(Asset.objects).bulk_update

    def counted(self: Any, rows: list[Asset], fields: list[str], **more: Any) -> int:
        written.append(len(rows))
        return update(self, rows, fields, **more)

    monkeypatch.setattr(type(Asset.objects), "bulk_update", counted)
    second = writer_of(account)
    second._evaluator.aging = frozenset({"aws.s3.bucket"})  # evaluated at each scan, as what has an age is
    second.write(FULL, [bucket("one"), bucket("two")])
    assert set(written) == {0}
    Asset.objects.filter(name="one").update(failed=77)
    written.clear()
    third = writer_of(account)
    third._evaluator.aging = frozenset({"aws.s3.bucket"})
    third.write(FULL, [bucket("one"), bucket("two")])
    assert sum(written) == 1
    assert not Asset.objects.filter(failed=77).exists()
