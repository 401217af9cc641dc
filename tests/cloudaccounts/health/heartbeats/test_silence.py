"""Where a whole provider does not answer, the product suspects itself before it blames the accounts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.health.connection_checks import request_check, run_check
from cloudaccounts.health.heartbeats import run_round
from cloudaccounts.models import CloudAccount, Notice, ProviderReach
from tests.cloudaccounts.conftest import Clock
from tests.cloudaccounts.health.heartbeats.rounds import BUSY, REVOKED, Healthy, beats, fresh
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State, ToyProvider

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def test_if_every_account_fails_in_one_round_the_product_suspects_itself(
    healthy: Healthy, toycloud: State, clock: Clock, settings: Settings
) -> None:
    settings.HEARTBEAT_FAILURES = 2
    healthy(6)
    toycloud.failure = BUSY
    beats(clock, 5)
    assert set(CloudAccount.objects.values_list("status", "health")) == {("active", "degraded")}
    notice = Notice.objects.get()
    assert (notice.kind, notice.owner, notice.account) == ("system", "", None)
    assert "No account of Toy Cloud answers any more" in notice.text
    reach = ProviderReach.objects.get()
    assert (reach.provider, reach.accounts, reach.code) == ("toy", 6, "throttled")
    toycloud.failure = None
    run_round()
    assert ProviderReach.objects.get().suspected_since is None
    assert set(CloudAccount.objects.values_list("status", "health")) == {("active", "ok")}
    assert Notice.objects.filter(text__contains="Toy Cloud answers again").count() == 1


def test_a_check_asked_for_by_a_person_counts_nothing_either_while_the_product_suspects_itself(
    healthy: Healthy, toycloud: State, clock: Clock
) -> None:
    account = healthy(6)[0]
    toycloud.failure = BUSY
    run_round()
    run_check(request_check(account, actor=SYSTEM).pk)
    assert (fresh(account).health, fresh(account).failures) == ("degraded", 0)


def test_being_refused_fails_accounts_also_where_all_are_and_is_told_to_operators_as_well(
    healthy: Healthy, toycloud: State, clock: Clock
) -> None:
    healthy(6)
    toycloud.failure = REVOKED
    run_round()
    assert set(CloudAccount.objects.values_list("status", flat=True)) == {"failed"}
    assert Notice.objects.filter(kind="system").count() == 1
    assert Notice.objects.filter(kind="account.failed").count() == 6


def test_a_handful_out_of_reach_in_a_fleet_that_answers_is_theirs(
    healthy: Healthy, toycloud: State, clock: Clock, settings: Settings
) -> None:
    settings.HEARTBEAT_FAILURES = 2
    accounts = healthy(12)
    for account in accounts[:6]:
        toycloud.broken_accounts[account.account_id] = BUSY
    beats(clock, 2)
    assert CloudAccount.objects.filter(status="failed").count() == 6
    assert not Notice.objects.filter(kind="system").exists()


def test_a_silent_provider_is_not_asked_for_its_whole_fleet(
    healthy: Healthy, toycloud: State, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ToyProvider, "checks_at_once", 2)
    healthy(80)
    toycloud.failure = BUSY
    run_round()
    assert 20 <= len(toycloud.connection_checks) <= 30
    assert not CloudAccount.objects.filter(next_check_at__gt=clock.now + timedelta(minutes=3)).exists()
    assert not CloudAccount.objects.exclude(check_claim=None).exists()
