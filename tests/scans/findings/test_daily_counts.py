"""The trend of open findings: of a whole team, and added up over the accounts of a limited membership."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db import connections
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups.services import add_members, create_group
from cloudaccounts.models import AccountGroup, CloudAccount
from scans.findings.counts import daily_counts
from scans.models import AccountFindingDay, FindingDay, ScanRun
from scans.overview.trend import coverage_of, trend_of
from teams.scope import Scope
from tests.scans.conftest import Scan
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=["default", "cloud_security"])


def day(ago: int) -> str:
    return f"{timezone.now().date() - timedelta(days=ago):%Y-%m-%d}"  # when asked: a run may pass midnight


def numbers(scope: Scope) -> list[tuple[str, int, int]]:
    return [(row.day, row.critical, row.low) for row in daily_counts(scope)]


def limited_to(account: CloudAccount) -> Scope:
    group = create_group(scope=Scope(account.owner), actor=SYSTEM, name="theirs")
    add_members(group, actor=SYSTEM, accounts=[account.pk])
    return Scope(account.owner, groups=frozenset({group.pk}))


def test_a_scan_counts_its_account_beside_the_team(scan: Scan, toybox: CloudAccount, toycloud: State) -> None:
    toycloud.set_assets("boxes", "left", "red", lid="open")
    toycloud.set_assets("toys", "global", "knife", sharp="yes")
    FindingDay.objects.create(owner=toybox.owner, day=day(0), critical=77)
    scan()
    scan()
    [row] = AccountFindingDay.objects.values_list("account", "owner", "day", "critical", "high", "medium", "low")
    assert row == (toybox.pk, toybox.owner, day(0), 1, 1, 0, 0)
    assert numbers(limited_to(toybox)) == numbers(Scope(toybox.owner)) == [(day(0), 1, 0)]


def test_an_account_counts_with_its_latest_day_and_others_do_not(toybox: CloudAccount) -> None:
    scope = limited_to(toybox)
    group = AccountGroup.objects.get()
    second = CloudAccount.objects.get(pk=toybox.pk)
    second.pk, second.account_id = uuid4(), "toy-2222"
    second.save(force_insert=True)
    add_members(group, actor=SYSTEM, accounts=[second.pk])

    def count(account: UUID, ago: int, **severities: int) -> None:
        AccountFindingDay.objects.create(owner=toybox.owner, account=account, day=day(ago), **severities)

    count(toybox.pk, 100, critical=50)  # too long ago to go on from
    count(toybox.pk, 3, critical=2, low=1)
    count(second.pk, 2, critical=3)
    count(toybox.pk, 1, critical=1)
    count(uuid4(), 1, critical=77)  # of the team, in none of the groups
    assert numbers(Scope(toybox.owner, groups=scope.groups)) == [(day(3), 2, 1), (day(2), 5, 1), (day(1), 4, 0)]
    assert numbers(Scope(toybox.owner, groups=frozenset())) == []
    assert numbers(Scope(toybox.owner)) == []


def test_the_past_is_filled_in_from_completed_scans(toybox: CloudAccount) -> None:
    def ran(ago: timedelta, status: str, **severities: int) -> None:
        moment = timezone.now().replace(hour=12) - ago
        ScanRun.objects.create(
            account=toybox.pk, owner=toybox.owner, account_name=toybox.name, provider=toybox.provider, status=status,
            requested_at=moment, finished_at=moment, open_by_severity=severities,
        )  # fmt: skip

    ran(timedelta(days=2, hours=3), "completed", critical=9)
    ran(timedelta(days=2), "completed", critical=2, low=4)
    ran(timedelta(days=2, hours=-1), "failed", critical=9)
    ran(timedelta(days=1), "completed", high=1)
    migration = import_module("scans.migrations.0009_account_finding_days")
    for _ in range(2):  # a kill in the middle, where a database has no transaction for migrations
        migration.fill_from_scans(apps, SimpleNamespace(connection=connections["cloud_security"]))
    rows = AccountFindingDay.objects.order_by("day").values_list("day", "critical", "high", "medium", "low")
    assert list(rows) == [(day(2), 2, 0, 0, 4), (day(1), 0, 1, 0, 0)]


def test_what_was_seen_is_kept_for_limited_memberships_too(scan: Scan, toybox: CloudAccount, toycloud: State) -> None:
    scope = limited_to(toybox)
    scan()
    kept = AccountFindingDay.objects.get().covered
    toybox.refresh_from_db()
    assert (kept, kept is not None) == (toybox.coverage_percent, True)
    assert coverage_of(daily_counts(scope)[0]) == coverage_of(daily_counts(Scope(toybox.owner))[0]) == kept


def test_a_fall_in_findings_with_a_fall_in_coverage_is_no_improvement(toybox: CloudAccount) -> None:
    scope = limited_to(toybox)
    for ago, critical, covered in ((3, 9, 90), (1, 4, 40)):
        AccountFindingDay.objects.create(
            owner=toybox.owner, account=toybox.pk, day=day(ago), critical=critical, covered=covered
        )
    trend = trend_of(daily_counts(scope))
    assert trend is not None
    assert trend.verdict.startswith("No improvement: findings fell from 9 to 4, and coverage fell too, from 90 to 40%")
    AccountFindingDay.objects.filter(day=day(3)).delete()
    assert trend_of(daily_counts(scope)) is None  # one day is no history
