"""What needs attention, the most urgent first, each with its next action."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.models import CloudAccountStatus, Notice
from cloudaccounts.models.notice import NoticeKind
from scans.findings.models import FindingDay
from scans.models import ScanRun
from scans.overview.attention import Urgency, attention, by_urgency
from scans.overview.fixes import first_fixes
from scans.overview.trend import trend_of, verdict
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.scans.findings.test_views import make as finding

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def entries(user: User, **numbers: int) -> list[Any]:
    return attention(Scope(str(user.pk)), **{"failed": 0, "late": 0, "blinded": 0, **numbers})


def test_critical_findings_of_a_rule_are_one_entry_and_new_ones_are_for_now(
    alice: User, make_account: MakeAccount
) -> None:
    account = make_account(alice)
    for number in range(3):
        finding(account, f"old-{number}", check_id="aws_s3_bucket_public", severity="critical", open_since=days_ago(9))
    finding(account, "fresh", check_id="aws_iam_root_mfa", severity="critical", open_since=timezone.now())
    finding(account, "mild", severity="low", open_since=timezone.now())
    fresh, old = entries(alice)
    assert (fresh.urgency, old.urgency) == (Urgency.NOW, Urgency.TODAY)
    assert old.title.endswith(": 3 resources")
    assert old.url == "/findings/?check=aws_s3_bucket_public"


def test_accounts_that_one_cause_has_cut_off_are_one_entry(alice: User, make_account: MakeAccount) -> None:
    for number in range(3):
        make_account(
            alice, name=f"cut-{number}", status=CloudAccountStatus.FAILED, last_check_code="access_denied",
            last_check_cause="The role is gone.", last_check_remedy="Make it again.",
        )  # fmt: skip
    make_account(alice, name="alone", status=CloudAccountStatus.FAILED, last_check_code="key_inactive")
    shown = entries(alice, failed=4)
    assert [entry.title for entry in shown] == ["3 accounts cannot be reached", "alone cannot be reached"]
    assert shown[0].text == "The role is gone. Make it again."
    assert shown[0].url == "/accounts/?status=failed"


def test_accounts_with_the_same_gaps_are_one_entry(alice: User, make_account: MakeAccount) -> None:
    for name, read in (("first", 2), ("second", 2), ("other", 3)):
        coverage = {"regions": {"enabled": 17, "read": read}, "units": {"total": 9, "read": 9, "stale": 0}}
        make_account(alice, name=name, coverage_percent=10 * read, coverage=coverage, secretless=True)
    both, alone = entries(alice, blinded=3)
    assert (both.title, both.url) == ("2 accounts are partly blinded", "/accounts/?coverage=gaps")
    assert "20% is read: 15 enabled regions are not read." in both.text
    assert {"first", "second"} <= set(both.text.replace(".", "").replace(",", "").split())
    assert alone.title == "other is partly blinded"


def test_a_scan_that_failed_is_told_until_the_next_one_ends_well_or_its_account_is_gone(
    alice: User, make_account: MakeAccount
) -> None:
    broken, mended = make_account(alice, name="broken"), make_account(alice, name="mended")
    ScanRun.objects.filter(account=broken.pk).update(status="failed")
    ScanRun.objects.filter(account=mended.pk).update(status="completed")
    for account, name in ((broken.pk, "broken"), (mended.pk, "mended"), (uuid4(), "gone")):
        Notice.objects.create(
            key=f"scan.failed:{name}", kind=NoticeKind.SCAN_FAILED, owner=broken.owner, account=account,
            account_label=name, text="It ended.", created_at=timezone.now(),
        )  # fmt: skip
    (entry,) = entries(alice)
    assert entry.title == "The scan of broken failed"


def test_credentials_that_are_late_in_the_same_way_are_one_entry(alice: User, make_account: MakeAccount) -> None:
    for number in range(6):
        make_account(alice, name=f"old-{number}", age_days=120 - number)
    make_account(alice, name="due", age_days=70)
    ended = timezone.now() - timedelta(days=1)
    make_account(alice, name="ended", age_days=10, credential_expires_at=ended)
    old, gone, due = entries(alice, late=8)
    assert (old.title, old.url) == ("6 credentials are overdue", "/rotation/")
    assert old.text.startswith("old-0 (120 days), old-1 (119 days), old-2 (118 days), old-3 (117 days) and 2 more.")
    assert (gone.title, gone.action) == ("The credential of ended is overdue", "Replace")
    assert gone.text.startswith("The credential has expired")
    assert (due.urgency, due.title) == (Urgency.WEEK, "The credential of due is due")


def test_what_belongs_to_somebody_else_needs_nobody_here(alice: User, bob: User, make_account: MakeAccount) -> None:
    finding(make_account(bob), "theirs", severity="critical")
    assert entries(alice) == []


def test_groups_of_urgency_leave_out_what_is_empty(alice: User, make_account: MakeAccount) -> None:
    make_account(alice, age_days=112)
    ((urgency, own),) = by_urgency(entries(alice, late=1))
    assert (urgency.label, len(own), own[0].action) == ("Now", 1, "Replace")


def test_findings_with_one_root_are_one_change_and_points_follow_from_the_weights(
    alice: User, make_account: MakeAccount
) -> None:
    accounts = [make_account(alice, passed_weight=50, failed_weight=50) for _ in range(2)]
    for account in accounts:
        finding(account, "root", check_id="aws_iam_root_mfa", severity="critical")
        finding(account, "group", check_id="aws_ec2_ssh_open", severity="high")
        finding(account, "group-2", check_id="aws_ec2_rdp_open", severity="high")
        finding(account, "volume", check_id="aws_ec2_volume_encrypted", severity="medium")
    root, groups, volumes = first_fixes(Scope(str(alice.pk)))
    assert (root.changes, root.findings, root.closes) == (1, 2, "2 critical")
    assert root.points == 10.0  # 100 × 2 × 10 / 200
    assert (groups.findings, groups.numbers["high"]) == (4, 4)
    assert groups.changes == 4  # each of these findings is of a security group of its own
    assert (volumes.changes, volumes.points) == (2, 2.0)


def test_what_is_fixed_first_asks_a_fixed_number_of_questions(
    alice: User, make_account: MakeAccount, django_assert_num_queries: Any
) -> None:
    for _ in range(4):
        finding(make_account(alice), "root", check_id="aws_s3_bucket_public", severity="critical")
    with django_assert_num_queries(3, using="cloud_security"):
        assert first_fixes(Scope(str(alice.pk)))[0].changes == 4


@pytest.mark.parametrize(
    ("before", "now", "seen_before", "seen_now", "begins"),
    [
        (390, 312, 94, 91, "No improvement: findings fell from 390 to 312, and coverage fell too, from 94 to 91%."),
        (390, 312, 94, 94, "An improvement"),
        (390, 400, 90, 95, "Findings rose from 390 to 400 while more was seen"),
        (390, 400, 95, 90, "Findings went from 390 to 400 while coverage went from 95 to 90%"),
        (390, 312, None, 94, "Critical and high findings went from 390 to 312."),
    ],
)
def test_a_fall_in_findings_with_a_fall_in_coverage_is_said_to_be_none(
    before: int, now: int, seen_before: int | None, seen_now: int | None, begins: str
) -> None:
    assert verdict(before, now, seen_before, seen_now).startswith(begins)


def test_a_trend_takes_two_days(alice: User) -> None:
    days = [FindingDay(day=f"2026-11-0{n}", critical=n, high=0, accounts=2, covered=180) for n in (1, 2)]
    assert trend_of(days[:1]) is None
    trend = trend_of(days)
    assert trend is not None
    assert (trend.covered_before, trend.covered_now) == (90, 90)
    assert trend.critical.split()[0].startswith("0.0,")


def days_ago(days: int) -> Any:
    return timezone.now() - timedelta(days=days)
