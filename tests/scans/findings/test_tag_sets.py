"""Combinations of tags: what findings are counted and narrowed by without reading their rows."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cloudaccounts.models import CloudAccount
from cloudaccounts.work.databases import SECURITY
from scans.account_sync import sync_account
from scans.findings import tag_sets
from scans.findings.facets import FacetCounter
from scans.findings.filters import FindingFilter
from scans.findings.queries import findings
from scans.findings.tag_sets import purge_tag_sets, remember_tag_sets
from scans.models import Finding, TagSet
from scans.retention import delete_owner_records
from scans.tags import tag_set_key
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.scans.findings.test_views import make

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture
def account(alice: User, make_account: MakeAccount) -> CloudAccount:
    return make_account(alice)


def names(owner: str, *tags: str) -> set[str]:
    return set(findings(Scope(owner), FindingFilter(tag=tags)).values_list("asset_name", flat=True))


def test_a_combination_is_one_number_and_none_is_none() -> None:
    assert tag_set_key("") == 0
    assert tag_set_key("\nenv=dev\n") == tag_set_key("\nenv=dev\n") != tag_set_key("\nenv=prod\n")
    assert 0 < tag_set_key("\nenv=dev\n") < 2**63


@pytest.mark.parametrize("named", [500, 0], ids=["by their numbers", "by a subquery"])
def test_any_of_the_tags_whatever_their_case(
    account: CloudAccount, monkeypatch: pytest.MonkeyPatch, named: int
) -> None:
    monkeypatch.setattr(tag_sets, "NAMED", named)
    make(account, "a", tags="\nEnv=Prod\nteam=web\n")
    make(account, "b", tags="\nenv=dev\n")
    make(account, "c")
    assert names(account.owner, "env=prod") == {"a"}
    assert names(account.owner, "env") == {"a", "b"}
    assert names(account.owner, "team=web", "env=dev") == {"a", "b"}
    assert names(account.owner, "env=pro") == names(account.owner, "nv=prod") == set()
    assert names("another", "env") == set()


def test_an_owner_has_each_combination_once(account: CloudAccount) -> None:
    for _ in range(2):
        remember_tag_sets(account.owner, ["\nenv=dev\n", "\nenv=prod\n", ""])
    remember_tag_sets("another", ["\nenv=dev\n"])
    assert sorted(TagSet.objects.values_list("owner", "lines")) == sorted(
        [(account.owner, "\nenv=dev\n"), (account.owner, "\nenv=prod\n"), ("another", "\nenv=dev\n")]
    )


def test_two_who_write_the_same_at_once_write_one_row(account: CloudAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    remember_tag_sets(account.owner, ["\nenv=dev\n"])
    unseen = TagSet.objects.none()
    monkeypatch.setattr(TagSet.objects, "filter", lambda **_: unseen)  # the other one wrote it a moment later
    remember_tag_sets(account.owner, ["\nenv=dev\n"])
    monkeypatch.undo()
    assert TagSet.objects.count() == 1


def test_they_come_with_an_account_to_its_new_owner(account: CloudAccount, bob: User) -> None:
    make(account, "a", tags="\nenv=dev\n")
    CloudAccount.objects.filter(pk=account.pk).update(owner=str(bob.pk))
    sync_account(account)
    assert names(str(bob.pk), "env=dev") == {"a"}
    assert FacetCounter(Scope(str(bob.pk)), FindingFilter()).tags() == {"env=dev": 1}


def test_what_no_finding_has_is_deleted_after_a_day(account: CloudAccount) -> None:
    make(account, "a", tags="\nenv=dev\n")
    remember_tag_sets(account.owner, ["\nenv=prod\n", "\nenv=test\n"])
    assert purge_tag_sets() == 0, "a scan may be about to use what it has just written"
    TagSet.objects.exclude(lines="\nenv=test\n").update(created_at=timezone.now() - timedelta(days=2))
    assert purge_tag_sets() == 1
    assert sorted(TagSet.objects.values_list("lines", flat=True)) == ["\nenv=dev\n", "\nenv=test\n"]
    delete_owner_records(account.owner)
    assert not TagSet.objects.exists()


def test_findings_of_before_get_theirs(account: CloudAccount) -> None:
    row = make(account, "a", tags="\nenv=dev\n")
    make(account, "b", tags="\nenv=dev\n")
    make(account, "c")
    Finding.objects.update(tag_set=0)
    TagSet.objects.all().delete()
    migration = import_module("scans.migrations.0018_finding_tag_sets")
    migration.number_tags(apps, SimpleNamespace(connection=connections[SECURITY]))
    row.refresh_from_db()
    assert row.tag_set == tag_set_key("\nenv=dev\n")
    assert names(account.owner, "env=dev") == {"a", "b"}
    assert TagSet.objects.count() == 1


def test_the_facet_reads_no_row_and_asks_as_often_however_many_there_are(
    alice: User, alices: Client, account: CloudAccount
) -> None:
    def asked(address: str) -> int:
        with CaptureQueriesContext(connections[SECURITY]) as queries:
            assert alices.get(address).status_code == 200
        assert not any('"findings"."tags"' in query["sql"] for query in queries), address
        return len(queries)

    addresses = ("/findings/facets/tag/", "/findings/?tag=env%3Ddev", "/findings/?tag=env&tag=team%3Dweb")
    make(account, "first", tags="\nenv=dev\n")
    alices.get("/findings/")  # what a process asks once
    few = [asked(address) for address in addresses]
    for number in range(30):
        make(account, f"row {number}", tags=f"\nenv=dev\nteam=t{number}\n", assignee="bob" if number % 2 else "")
    assert [asked(address) for address in addresses] == few


@pytest.mark.parametrize("grouping", ["check", "account", "resource"])
def test_groups_of_a_tag_count_what_has_it(alices: Any, account: CloudAccount, grouping: str) -> None:
    make(account, "a", "critical", tags="\nenv=dev\n", days=3, assignee="bob")
    make(account, "b", "low", tags="\nenv=prod\n")
    page = alices.get(f"/findings/?tag=env%3Ddev&group_by={grouping}").context["page"]
    (group,) = page.object_list
    assert (group.count, group.severity) == (1, "critical")
