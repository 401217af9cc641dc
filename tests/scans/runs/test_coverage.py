"""The records of what was read: written together, each with its own regions, and none twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.models import CloudAccount
from scans.models import ScanRun, ScanStatus, ScanUnitRecord
from scans.runs.coverage import Coverage
from scans.runs.requests import request_scan
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
UNITS = [ScanUnit("ec2", f"region-{number}") for number in range(60)]
WIDE = ScanUnit("compute", "global", also=("b", "a"))
NO_SESSION: Any = None  # a full scan asks no log


def coverage_of(account: CloudAccount, version: str) -> Coverage:
    ScanRun.objects.update(status=ScanStatus.COMPLETED, active_account=None)
    coverage = Coverage(request_scan(account, actor=SYSTEM), version, timezone.now())
    coverage.plan(NO_SESSION, [*UNITS, WIDE])
    return coverage


def test_many_records_are_a_handful_of_statements(
    alice: User, make_account: MakeAccount, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    account = make_account(alice)
    for version in ("one", "two"):
        coverage = coverage_of(account, version)
        for unit in (*UNITS, WIDE):
            coverage.record_collected(unit)
        with django_assert_max_num_queries(6, using="cloud_security"):
            coverage.flush()
        coverage.flush()
        rows = ScanUnitRecord.objects.filter(account=account.pk)
        assert set(rows.values_list("version", flat=True)) == {version}
        assert rows.count() == len(UNITS) + 1
    assert ScanUnitRecord.objects.get(service="compute").also == ["a", "b"]


def test_what_is_read_again_ends_its_gap(alice: User, make_account: MakeAccount) -> None:
    account = make_account(alice)
    first = coverage_of(account, "one")
    first.record_gap(UNITS[0], ProviderError("throttled", "Slow down.", ""))
    assert ScanUnitRecord.objects.get().gap_code == "throttled"
    second = coverage_of(account, "one")
    second.record_collected(UNITS[0])
    assert ScanUnitRecord.objects.get().gap_code == "throttled", "before it is written"
    second.flush()
    record = ScanUnitRecord.objects.get()
    assert (record.gap_code, record.gap_since, record.version) == ("", None, "one")
    assert record.covered_at is not None
    assert record.covered_at > timezone.now() - timedelta(minutes=1)
