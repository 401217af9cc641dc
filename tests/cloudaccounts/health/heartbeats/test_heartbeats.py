from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.db import connections
from pytest_django import DjangoAssertNumQueries, Settings

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import CredentialFacts, Credentials
from cloudaccounts.credentials import vault
from cloudaccounts.health import heartbeats, provider_round
from cloudaccounts.health.due_accounts import claim_page
from cloudaccounts.health.heartbeats import run_heartbeats, run_round
from cloudaccounts.health.state_machine import Limits, Observation
from cloudaccounts.health.transitions import FinishedCheck, apply_check, apply_routine_checks
from cloudaccounts.lifecycle.state_changes import delete_account, resume_account, suspend_account
from cloudaccounts.models import AuditEvent, CloudAccount, HealthRecord, Notice
from cloudaccounts.work.leases import LEASE
from tests.cloudaccounts.conftest import Clock
from tests.cloudaccounts.health.heartbeats.rounds import BUSY, Healthy, beats, fresh
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import PROVIDER, State, ToyProvider

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def test_a_light_check_that_passes_moves_the_account_on_by_the_interval(
    healthy: Healthy, toycloud: State, clock: Clock
) -> None:
    [account] = healthy()
    assert run_round().passed == 1
    account = fresh(account)
    assert (account.status, account.health, account.last_checked_at) == ("active", "ok", clock.now)
    assert account.next_check_at is not None
    assert timedelta(minutes=13) < account.next_check_at - clock.now < timedelta(minutes=17)
    assert toycloud.connection_checks == ["toy000"]
    record = HealthRecord.objects.get()
    assert (record.kind, record.ok, record.notable, record.status) == ("light", True, False, "active")


def test_what_is_not_due_is_left_alone(healthy: Healthy, toycloud: State, clock: Clock) -> None:
    healthy(3)
    assert [run_round().passed, run_round().passed] == [3, 0]
    clock.forward(minutes=12)
    assert run_round().passed == 0
    clock.forward(minutes=5)
    assert run_round().passed == 3


def test_the_full_report_is_made_daily(healthy: Healthy, toycloud: State, clock: Clock) -> None:
    [account] = healthy(next_report_at=clock.now)
    run_round()
    account = fresh(account)
    assert account.reported_at == clock.now
    assert account.proven_permissions == ["boxes:Open"]
    assert account.next_report_at is not None
    assert account.next_report_at - clock.now > timedelta(hours=21)
    assert HealthRecord.objects.get().kind == "full"
    clock.forward(minutes=20)
    run_round()
    assert HealthRecord.objects.filter(kind="light").count() == 1


def test_a_permanent_cause_fails_the_account_at_once_and_is_told(
    healthy: Healthy, toycloud: State, clock: Clock
) -> None:
    [account] = healthy()
    toycloud.good_token = "changed"
    run_round()
    account = fresh(account)
    assert (account.status, account.health, account.last_check_code) == ("failed", "broken", "wrong_key")
    assert account.last_check_remedy == "Ask for another."
    notice = Notice.objects.get()
    assert (notice.kind, notice.account, notice.owner) == ("account.failed", account.pk, account.owner)
    assert "does not know this token" in notice.text
    assert AuditEvent.objects.filter(action="account.failed", account=account.pk).count() == 1


def test_failing_is_told_once_however_often_it_is_seen(healthy: Healthy, toycloud: State, clock: Clock) -> None:
    healthy()
    toycloud.good_token = "changed"
    beats(clock, 4)
    assert Notice.objects.count() == 1
    assert HealthRecord.objects.count() == 4


def test_what_can_pass_by_itself_degrades_and_fails_only_after_the_threshold(
    healthy: Healthy, toycloud: State, clock: Clock, settings: Settings
) -> None:
    settings.HEARTBEAT_FAILURES = 3
    [account, other] = healthy(2)
    toycloud.broken_accounts[account.account_id] = BUSY
    run_round()
    account = fresh(account)
    assert (account.status, account.health, account.failures) == ("active", "degraded", 1)
    assert account.last_check_cause == "Too many requests."
    clock.forward(hours=2)
    run_round()
    assert fresh(account).status == "active"
    assert not Notice.objects.exists()
    clock.forward(hours=2)
    run_round()
    assert (fresh(account).status, fresh(account).health) == ("failed", "broken")
    assert Notice.objects.get().kind == "account.failed"
    assert fresh(other).status == "active"


def test_recovery_is_proven_by_the_full_report_and_told(healthy: Healthy, toycloud: State, clock: Clock) -> None:
    [account] = healthy()
    good, toycloud.good_token = toycloud.good_token, "changed"
    run_round()
    clock.forward(hours=2)
    toycloud.good_token = good
    run_round()
    account = fresh(account)
    assert (account.status, account.health, account.failures, account.last_check_code) == ("active", "ok", 0, "")
    assert account.last_check["ok"] is True
    assert account.reported_at == clock.now
    assert sorted(Notice.objects.values_list("kind", flat=True)) == ["account.failed", "account.recovered"]


def test_a_degraded_account_that_answers_again_is_well(healthy: Healthy, toycloud: State, clock: Clock) -> None:
    [account, _] = healthy(2)
    toycloud.broken_accounts[account.account_id] = BUSY
    run_round()
    toycloud.broken_accounts.clear()
    clock.forward(hours=1)
    run_round()
    assert (fresh(account).health, fresh(account).failures) == ("ok", 0)
    assert not Notice.objects.exists()
    assert AuditEvent.objects.filter(action="account.recovered").count() == 1


def test_our_own_key_trouble_fails_no_account(
    healthy: Healthy, toycloud: State, clock: Clock, settings: Settings
) -> None:
    healthy(2)
    settings.HEARTBEAT_FAILURES = 2
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    beats(clock, 5)
    assert set(CloudAccount.objects.values_list("status", "health")) == {("active", "degraded")}
    assert set(CloudAccount.objects.values_list("last_check_code", flat=True)) == {"encryption_key_wrong"}
    assert toycloud.connection_checks == []


def test_a_defect_of_ours_is_told_as_ours_and_the_round_goes_on(
    healthy: Healthy, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    healthy(2)

    def break_down(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(ToyProvider, "check_connection", break_down)
    assert run_round().failed == 2
    assert set(CloudAccount.objects.values_list("status", "last_check_code")) == {("active", "internal_error")}
    assert "heartbeat.defect" in caplog.text


def test_an_unproven_account_gets_the_full_report(healthy: Healthy, clock: Clock) -> None:
    [account] = healthy(status="pending", health="unknown")
    run_round()
    assert (fresh(account).status, HealthRecord.objects.get().kind) == ("active", "full")
    assert not Notice.objects.exists()


def test_a_suspended_account_is_never_checked(healthy: Healthy, toycloud: State, clock: Clock) -> None:
    [account] = healthy()
    suspend_account(account, actor=SYSTEM)
    assert fresh(account).next_check_at is None
    beats(clock, 3)
    assert toycloud.connection_checks == []
    resume_account(fresh(account), actor=SYSTEM)
    assert fresh(account).next_check_at == clock.now


def test_suspending_and_deleting_during_a_check_are_not_undone(healthy: Healthy, toycloud: State, clock: Clock) -> None:
    kept, away, gone = healthy(3)
    items = claim_page(PROVIDER)
    assert items is not None
    suspend_account(fresh(away), actor=SYSTEM)
    delete_account(fresh(gone), actor=SYSTEM)
    checks = [
        FinishedCheck(item.account, Observation(), item.kind, 1, None, item.claim) for item in items
    ]  # fmt: skip
    apply_routine_checks(checks, limits=Limits.current())
    assert dict(CloudAccount.objects.values_list("pk", "status")) == {kept.pk: "active", away.pk: "suspended"}
    assert [record.account for record in HealthRecord.objects.all()] == [kept.pk]


def test_what_a_killed_round_had_is_due_again_after_the_lease(healthy: Healthy, clock: Clock) -> None:
    healthy(3)
    assert claim_page(PROVIDER)  # and then nothing: the process is gone
    assert run_round().passed == 0
    clock.forward(seconds=LEASE.total_seconds() + 1)
    assert run_round().passed == 3


def test_a_round_that_was_thought_dead_writes_nothing_over_its_successor(healthy: Healthy, clock: Clock) -> None:
    [account] = healthy()
    frozen = claim_page(PROVIDER)
    assert frozen is not None
    clock.forward(minutes=1)
    run_round()
    refused = Observation("wrong_key", "No.", "Ask.")
    late = FinishedCheck(frozen[0].account, refused, frozen[0].kind, 1, None, frozen[0].claim)
    assert not apply_check(late)
    assert fresh(account).status == "active"
    assert HealthRecord.objects.count() == 1


def test_a_credential_replaced_while_its_check_was_under_way_decides(
    healthy: Healthy, toycloud: State, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    [account] = healthy()
    original = claim_page

    def claim_then_rotate(provider: ToyProvider, **besides: Any) -> object:
        page = original(provider, **besides)
        if page:
            toycloud.good_token = "the-new-one"
            vault.store(
                account=account, credentials=Credentials("token", {"token": "the-new-one"}),
                facts=CredentialFacts(kind="Token"), since=None, actor=SYSTEM,
            )  # fmt: skip
        return page

    monkeypatch.setattr(provider_round, "claim_page", claim_then_rotate)
    run_round()
    assert (fresh(account).status, fresh(account).health) == ("active", "ok")
    assert toycloud.connection_checks == ["toy000", "toy000"]


def test_openings_are_counted_by_account_and_day(healthy: Healthy, clock: Clock) -> None:
    [account, _] = healthy(2)
    before = AuditEvent.objects.count()
    clock.forward(hours=-8)
    for _ in range(5):
        clock.forward(hours=2)
        CloudAccount.objects.update(next_check_at=clock.now)
        run_round()
    assert AuditEvent.objects.count() == before + 2
    event = AuditEvent.objects.get(action="credential.opened_by_heartbeats", account=account.pk)
    assert (event.times, event.full_text) == (5, "Token opened 5 times by heartbeats on 01 March 2026")
    clock.forward(days=1)
    run_round()
    assert AuditEvent.objects.filter(action="credential.opened_by_heartbeats", account=account.pk).count() == 2


def test_a_round_of_many_makes_few_queries(
    healthy: Healthy, clock: Clock, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    healthy(100)
    run_round()
    clock.forward(hours=1)
    with django_assert_max_num_queries(45, using="cloud_security"):
        assert run_round().passed == 100


def test_one_process_has_one_round_at_a_time(healthy: Healthy, clock: Clock) -> None:
    healthy(1)
    assert heartbeats._running.acquire(blocking=False)
    try:
        assert run_heartbeats() is None
    finally:
        heartbeats._running.release()
    found = run_heartbeats()
    assert found is not None
    assert found.passed == 1


def test_a_permission_that_was_granted_and_is_denied_is_told_with_what_it_blinds(
    healthy: Healthy, toycloud: State, clock: Clock
) -> None:
    [account] = healthy(next_report_at=clock.now)
    run_round()
    toycloud.denied = ["boxes:Open"]
    clock.forward(days=2)
    run_round()
    account = fresh(account)
    assert account.status == "active"
    assert [(item["service"], item["permission"]) for item in account.lost_permissions] == [("boxes", "boxes:Open")]
    notice = Notice.objects.get()
    assert notice.kind == "permission.lost"
    assert "lost boxes:Open: scans no longer see all of boxes" in notice.text
    assert AuditEvent.objects.get(action="permission.lost").detail["permissions"] == ["boxes:Open"]
    clock.forward(days=2)
    run_round()
    assert Notice.objects.count() == 1
    toycloud.denied = []
    clock.forward(days=2)
    run_round()
    assert fresh(account).lost_permissions == []


def test_a_report_that_could_not_ask_leaves_the_last_good_one_to_be_read(
    healthy: Healthy, toycloud: State, clock: Clock
) -> None:
    [account] = healthy(next_report_at=clock.now)
    run_round()
    when = fresh(account).reported_at
    clock.forward(days=2)
    toycloud.failure = BUSY
    run_round()
    account = fresh(account)
    assert (account.health, account.last_check["ok"], account.reported_at) == ("degraded", True, when)
    assert account.next_report_at is not None
    assert account.next_report_at <= clock.now


def test_the_history_has_an_age_limit(healthy: Healthy, clock: Clock, settings: Settings) -> None:
    for days, notable in ((1, False), (3, False), (3, True), (100, True)):
        HealthRecord.objects.create(
            account=uuid4(), at=clock.now - timedelta(days=days), kind="light", ok=not notable, status="active",
            notable=notable,
        )  # fmt: skip
    from cloudaccounts.health.transitions import purge_health_history

    assert purge_health_history() == 2
    assert sorted(HealthRecord.objects.values_list("notable", flat=True)) == [False, True]


@pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)
def test_two_rounds_at_once_check_each_account_once(healthy: Healthy, toycloud: State) -> None:
    healthy(120)
    errors: list[BaseException] = []

    def run() -> None:
        try:
            run_round()
        except BaseException as error:  # noqa: BLE001 # told by the test's own thread
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert sorted(toycloud.connection_checks) == sorted(f"toy{n:03d}" for n in range(120))
    assert HealthRecord.objects.count() == 120
    assert not CloudAccount.objects.exclude(check_claim=None).exists()
