"""One owner's accounts that do not answer keep nobody else's heartbeat waiting, and hang no round."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from cloudaccounts.health import heartbeats, provider_round
from cloudaccounts.health.heartbeats import run_round
from cloudaccounts.health.owner_queue import OwnerQueue
from cloudaccounts.health.transitions import apply_routine_checks
from cloudaccounts.models import CloudAccount, HeartbeatRound, Notice, ProviderReach
from cloudaccounts.work import hung
from tests.cloudaccounts.conftest import Clock
from tests.cloudaccounts.health.heartbeats.rounds import BUSY, Healthy, beats, fresh
from tests.conftest import ALL_DATABASES
from tests.stack import wait_for
from tests.toycloud.provider import State, ToyProvider

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]


@dataclass
class Owned:
    owner: str


@dataclass
class Due:
    account: Owned
    number: int


def queue_of(**numbers: int) -> Any:
    queue: Any = OwnerQueue()
    queue.extend(Due(Owned(owner), number) for owner, count in numbers.items() for number in range(count))
    return queue


def take_all(queue: Any, under_way: Counter[str], most: int) -> list[tuple[str, int]]:
    taken = []
    while (due := queue.take(under_way, most)) is not None:
        under_way[due.account.owner] += 1
        taken.append((due.account.owner, due.number))
    return taken


@pytest.mark.parametrize(
    ("numbers", "under_way", "most", "taken"),
    [
        ({"a": 3, "b": 1}, {}, 9, [("a", 0), ("b", 0), ("a", 1), ("a", 2)]),
        ({"a": 3, "b": 2}, {}, 1, [("a", 0), ("b", 0)]),
        ({"a": 3, "b": 1}, {"a": 2}, 2, [("b", 0)]),
        ({"a": 2}, {"a": 5}, 2, []),
        ({}, {}, 2, []),
    ],
)
def test_owners_have_their_turns(
    numbers: dict[str, int], under_way: dict[str, int], most: int, taken: list[tuple[str, int]]
) -> None:
    queue = queue_of(**numbers)
    assert queue.able(Counter(under_way), most) == len(taken)
    assert take_all(queue, Counter(under_way), most) == taken
    assert len(queue) == sum(numbers.values()) - len(taken)


@pytest.fixture
def impatient(settings: Settings, toycloud: State) -> Iterator[threading.Event]:
    """Checks that hang until the gate is opened, and a deadline of a fraction of a second."""
    settings.CONNECTION_TIMEOUT_SECONDS = 0.05
    toycloud.gate = threading.Event()
    yield toycloud.gate
    toycloud.gate.set()
    wait_for(lambda: hung.count() == 0, seconds=10, what="the end of the hung checks")


def test_a_check_that_hangs_ends_at_its_deadline_and_the_next_round_can_start(
    healthy: Healthy, impatient: threading.Event, clock: Clock
) -> None:
    accounts = healthy(12)
    totals = run_round()
    assert (totals.passed, totals.failed) == (0, 12)
    assert {fresh(account).last_check_code for account in accounts} == {"deadline_exceeded"}
    assert {fresh(account).status for account in accounts} == {"active"}
    assert hung.count() == 12
    impatient.set()
    clock.forward(hours=2)
    assert run_round().passed == 12
    assert {fresh(account).health for account in accounts} == {"ok"}


def test_an_answer_that_comes_after_the_deadline_changes_nothing(
    healthy: Healthy, impatient: threading.Event, clock: Clock
) -> None:
    [account] = healthy()
    run_round()
    impatient.set()
    wait_for(lambda: hung.count() == 0, seconds=10, what="the late answer")
    assert (fresh(account).last_check_code, fresh(account).failures) == ("deadline_exceeded", 1)


def test_who_answered_does_not_wait_for_whose_cloud_has_not(healthy: Healthy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "FLUSH_EVERY", 3600.0)
    _, hangs = healthy(2)
    written, seen = threading.Event(), list[bool]()
    check = ToyProvider.check_connection

    def check_connection(provider: ToyProvider, credentials: Any, target: Any) -> None:
        if target.account_id == hangs.account_id:
            seen.append(written.wait(5))
        check(provider, credentials, target)

    def note(*args: Any, **kwargs: Any) -> None:
        apply_routine_checks(*args, **kwargs)
        written.set()

    monkeypatch.setattr(ToyProvider, "check_connection", check_connection)
    monkeypatch.setattr(provider_round, "apply_routine_checks", note)
    assert run_round().passed == 2
    assert seen == [True]


def bobs(toy_account: MakeAccount, bob: User, number: int) -> list[CloudAccount]:
    now = timezone.now()
    return [
        toy_account(
            bob, account_id=f"bob{n:03d}", name=f"bob {n}", health="ok", health_since=now, next_check_at=now,
            next_report_at=now + timedelta(days=1),
        )
        for n in range(number)
    ]  # fmt: skip


def test_one_owners_accounts_out_of_reach_are_no_outage_of_the_provider(
    healthy: Healthy, toy_account: MakeAccount, bob: User, toycloud: State, clock: Clock, settings: Settings
) -> None:
    settings.HEARTBEAT_FAILURES = 2
    alices = healthy(25)
    [bobs_account] = bobs(toy_account, bob, 1)
    CloudAccount.objects.filter(pk=bobs_account.pk).update(next_check_at=clock.now + timedelta(days=3))  # not asked
    for account in alices:
        toycloud.broken_accounts[account.account_id] = BUSY
    beats(clock, 3)
    assert not ProviderReach.objects.exclude(suspected_since=None).exists()
    assert not Notice.objects.filter(kind="system").exists()
    assert {fresh(account).status for account in alices} == {"failed"}


def test_several_owners_accounts_out_of_reach_are(
    healthy: Healthy, toy_account: MakeAccount, bob: User, toycloud: State, clock: Clock
) -> None:
    healthy(5)
    bobs(toy_account, bob, 2)
    toycloud.failure = BUSY
    run_round()
    assert ProviderReach.objects.exclude(suspected_since=None).exists()


def test_an_owner_who_comes_late_is_asked_among_the_first(
    healthy: Healthy, toy_account: MakeAccount, bob: User, toycloud: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ToyProvider, "checks_at_once", 2)
    healthy(60)
    bobs(toy_account, bob, 1)
    run_round()
    assert toycloud.connection_checks.index("bob000") < 12
    assert len(toycloud.connection_checks) == 61


def test_the_providers_limit_is_shared_by_the_rounds_of_all_processes(
    healthy: Healthy, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(ToyProvider, "checks_at_once", 8)
    seen: list[tuple[int, int]] = []
    submit = provider_round.ProviderRound.submit

    def note(part: Any, due: Any) -> None:
        seen.append((part.threads, part.at_once))
        submit(part, due)

    monkeypatch.setattr(provider_round.ProviderRound, "submit", note)
    healthy(1)
    run_round()
    for provider, seconds in (("toy", 60), ("toy", 60), ("toy", -1), ("other", 60)):
        HeartbeatRound.objects.create(provider=provider, until=timezone.now() + timedelta(seconds=seconds))
    CloudAccount.objects.update(next_check_at=timezone.now())
    run_round()
    settings.HEARTBEATS_AT_ONCE = {"toy": 40}
    CloudAccount.objects.update(next_check_at=timezone.now())
    run_round()
    assert seen == [(8, 16), (2, 2), (13, 13)]
    assert HeartbeatRound.objects.filter(provider="toy").count() == 3  # its own is gone
