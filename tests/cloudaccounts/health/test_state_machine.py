from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from cloudaccounts.health.state_machine import (
    Event,
    HealthState,
    Limits,
    Observation,
    after,
    next_check,
    resumed,
    suspended,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMITS = Limits(interval=timedelta(minutes=15), backoff=timedelta(minutes=2), failures=3)
OK = Observation()
REVOKED = Observation("access_key_refused", "The key was deleted.", "Make another.", permanent=True)
THROTTLED = Observation("throttled", "Too many requests.", "Wait.", permanent=False)
OUR_KEY = Observation("encryption_key_wrong", "No key opens it.", "Put it back.", permanent=False)
OUR_IDENTITY = Observation("server_identity_invalid", "Our own identity is refused.", "Renew it.", permanent=True)
STATUSES = ("pending", "active", "failed")


def standing(status: str = "active", health: str = "ok", failures: int = 0) -> HealthState:
    return HealthState(status, health, NOW - timedelta(days=1), failures)


def see(before: HealthState, *seen: Observation, counted: bool = True) -> HealthState:
    for one in seen:
        before = after(before, one, now=NOW, limits=LIMITS, counted=counted)
    return before


@pytest.mark.parametrize("status", STATUSES)
def test_a_proof_makes_any_account_active_and_well(status: str) -> None:
    assert see(standing(status, "degraded", 2), OK) == HealthState("active", "ok", NOW, 0)


@pytest.mark.parametrize("status", STATUSES)
def test_a_permanent_cause_fails_at_once(status: str) -> None:
    found = see(standing(status), REVOKED)
    assert (found.status, found.health, found.failures) == ("failed", "broken", 1)


@pytest.mark.parametrize("status", ["pending", "active"])
def test_what_can_pass_by_itself_degrades_and_fails_only_at_the_threshold(status: str) -> None:
    before = standing(status)
    assert see(before, THROTTLED) == HealthState(status, "degraded", NOW, 1)
    assert see(before, THROTTLED, THROTTLED) == HealthState(status, "degraded", NOW, 2)
    assert see(before, THROTTLED, THROTTLED, THROTTLED) == HealthState("failed", "broken", NOW, 3)


def test_one_answer_starts_the_count_again() -> None:
    assert see(standing(), THROTTLED, THROTTLED, OK, THROTTLED, THROTTLED).status == "active"


@pytest.mark.parametrize("ours", [OUR_KEY, OUR_IDENTITY])
def test_our_own_trouble_never_fails_an_account_however_long_it_lasts(ours: Observation) -> None:
    found = see(standing(), *[ours] * 50)
    assert (found.status, found.health, found.failures) == ("active", "degraded", 0)


def test_while_the_product_suspects_itself_nothing_is_counted() -> None:
    found = see(standing(), *[THROTTLED] * 50, counted=False)
    assert (found.status, found.health, found.failures) == ("active", "degraded", 0)


def test_being_refused_fails_an_account_also_while_the_product_suspects_itself() -> None:
    assert see(standing(), REVOKED, counted=False).status == "failed"


def test_a_failed_account_that_is_out_of_reach_stays_failed_since_when_it_failed() -> None:
    before = standing("failed", "broken", 1)
    found = see(before, THROTTLED)
    assert (found.status, found.health, found.since, found.failures) == ("failed", "broken", before.since, 2)


@pytest.mark.parametrize("seen", [OK, REVOKED, THROTTLED, OUR_KEY])
def test_nothing_that_is_seen_moves_a_suspended_account(seen: Observation) -> None:
    before = standing("suspended", "unknown")
    assert see(before, seen) == before


def test_suspending_and_resuming_forget_what_was_known() -> None:
    away = suspended(standing("failed", "broken", 7), now=NOW)
    assert away == HealthState("suspended", "unknown", NOW, 0)
    assert resumed(away, now=NOW) == HealthState("pending", "unknown", NOW, 0)
    assert resumed(standing(), now=NOW) == standing()
    assert suspended(away, now=NOW + timedelta(hours=1)) == away


def test_what_stays_the_same_keeps_its_since() -> None:
    assert see(standing(), OK).since == NOW - timedelta(days=1)


def wait(of: HealthState) -> float:
    """Minutes until the next check."""
    due = next_check(of, now=NOW, limits=LIMITS)
    assert due is not None
    return (due - NOW).total_seconds() / 60


def test_checks_come_at_the_interval_with_jitter() -> None:
    waits = {round(wait(standing()), 3) for _ in range(50)}
    assert all(13.5 <= one <= 16.5 for one in waits)
    assert len(waits) > 10


def test_failing_accounts_are_looked_at_ever_later_but_within_the_hour() -> None:
    waits = [wait(standing("active", "degraded", failures)) for failures in range(1, 12)]
    assert waits[0] < 2.3
    assert all(later > earlier for earlier, later in pairwise(waits[:5]))
    assert max(waits) <= 66
    assert wait(standing("failed", "broken", 1)) > 13


def test_a_suspended_account_is_never_due() -> None:
    assert next_check(standing("suspended"), now=NOW, limits=LIMITS) is None


def test_causes_are_sorted_by_whose_they_are() -> None:
    assert [seen.event for seen in (OK, REVOKED, THROTTLED, OUR_KEY, OUR_IDENTITY)] == [
        Event.PROVEN, Event.REFUSED, Event.OUT_OF_REACH, Event.OUR_TROUBLE, Event.OUR_TROUBLE,
    ]  # fmt: skip
