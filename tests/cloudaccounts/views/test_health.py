from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cloudaccounts.models import AuditEvent, CloudAccount, HealthRecord, ProviderReach
from cloudaccounts.views.charts.health_strip import MOST, health_strip
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def record(account: CloudAccount, minutes: int, **fields: Any) -> HealthRecord:
    given: dict[str, Any] = {"kind": "light", "ok": True, "status": "active", "duration_ms": 120, **fields}
    return HealthRecord.objects.create(account=account.pk, at=timezone.now() - timedelta(minutes=minutes), **given)


def page(client: Client, account: CloudAccount, tab: str = "access") -> str:
    response = client.get(f"/accounts/{account.pk}/{tab}/")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_a_degraded_account_says_since_when_and_why(alice: User, alices: Client, make_account: MakeAccount) -> None:
    account = make_account(
        alice, health="degraded", health_since=timezone.now() - timedelta(hours=2), failures=3,
        last_check_code="throttled", last_check_cause="AWS has throttled us.", last_check_remedy="Wait a while.",
    )  # fmt: skip
    text = page(alices, account)
    assert "Degraded since" in text
    assert "2 hours ago" in text
    assert "AWS has throttled us. Wait a while." in text
    assert "3 checks in a row" in text


def test_the_last_checks_are_a_strip_and_a_table(alice: User, alices: Client, make_account: MakeAccount) -> None:
    account = make_account(alice, health="ok", health_since=timezone.now())
    record(account, 30)
    record(account, 20, ok=False, code="throttled", cause="AWS has throttled us.")
    record(account, 10, kind="full")
    text = page(alices, account)
    assert 'aria-label="The last 3 checks; the table below says the same"' in text
    assert text.count("full report") >= 2
    assert "AWS has throttled us." in text


def test_an_account_without_checks_says_so(alice: User, alices: Client, make_account: MakeAccount) -> None:
    assert "Not checked since it was connected" in page(alices, make_account(alice))


def test_the_panel_is_its_owners(alice: User, bobs: Client, make_account: MakeAccount) -> None:
    account = make_account(alice)
    assert bobs.get(f"/accounts/{account.pk}/panels/health/").status_code == 404


def test_lost_permissions_are_shown_with_what_they_blind(
    alice: User, alices: Client, make_account: MakeAccount
) -> None:
    lost = [{"service": "EC2", "permission": "ec2:DescribeVolumes", "since": timezone.now().isoformat()}]
    text = page(alices, make_account(alice, lost_permissions=lost))
    assert "1 permission lost." in text
    assert "ec2:DescribeVolumes" in text


def test_counted_openings_are_told_in_the_history(alice: User, alices: Client, make_account: MakeAccount) -> None:
    account = make_account(alice)
    AuditEvent.objects.create(
        owner=account.owner, account=account.pk, actor="system", actor_label="us", via="worker",
        action="credential.opened_by_heartbeats", times=96, created_at=timezone.now(),
        text="Access key opened once by heartbeats on 01 March 2026",
    )  # fmt: skip
    assert "Access key opened 96 times by heartbeats on 01 March 2026" in page(alices, account, "history")


def test_a_provider_that_is_silent_is_told_on_the_dashboard_of_who_has_accounts_there(
    alice: User, alices: Client, bob: User, bobs: Client, make_account: MakeAccount
) -> None:
    make_account(alice)
    make_account(bob, provider="gcp")
    ProviderReach.objects.create(provider="aws", suspected_since=timezone.now(), accounts=7, cause="Timed out.")
    assert "No account of Amazon Web Services answers" in alices.get("/").content.decode()
    assert "answers since" not in bobs.get("/").content.decode()


def test_the_strip_ends_at_the_right_and_is_taller_the_worse_it_went() -> None:
    now = timezone.now()
    checks = [
        HealthRecord(at=now, kind="light", ok=False, status="failed", cause="Revoked."),
        HealthRecord(at=now - timedelta(minutes=1), kind="full", ok=False, status="active", cause="Busy."),
        HealthRecord(at=now - timedelta(minutes=2), kind="light", ok=True, status="active"),
    ]
    bars = health_strip(checks)
    assert [bar.outcome for bar in bars] == ["passed", "degraded", "failed"]
    assert bars[0].height < bars[1].height < bars[2].height
    assert [bar.full for bar in bars] == [False, True, False]
    assert bars[-1].x + 6 <= 400
    assert bars[-1].x > bars[0].x
    assert len(health_strip(checks * 16)) == MOST
