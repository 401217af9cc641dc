"""Calls that wait for a cloud: a team has as many under way as one may, and the next one gets 429."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from cloudaccounts.accounts import calls_in_flight
from cloudaccounts.accounts.calls_in_flight import call_in_flight
from cloudaccounts.errors import TeamLimitError
from cloudaccounts.models import CallInFlight
from config.running.web_worker import WAITS_FOR_A_CLOUD
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture(autouse=True)
def two_at_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TEAM_CALLS_IN_FLIGHT = 2
    monkeypatch.setattr(calls_in_flight, "PATIENCE", 0.0)


@pytest.fixture
def paths(alice: User, toy_account: MakeAccount) -> tuple[str, ...]:
    key = toy_account(alice).pk
    return (
        "cloud-accounts/",
        "cloud-accounts/validate",
        f"cloud-accounts/{key}/revalidate",
        f"cloud-accounts/{key}/credentials",
    )


def test_beyond_its_limit_a_team_is_answered_429_and_others_are_not(
    alice: User, alice_calls: Caller, bob_calls: Caller, toybox: dict[str, Any], paths: tuple[str, ...]
) -> None:
    bodies = (toybox, toybox, None, {"credentials": toybox["credentials"]})
    with call_in_flight(str(alice.pk)), call_in_flight(str(alice.pk)):
        for path, body in zip(paths, bodies, strict=True):
            refused = alice_calls.post(path, body)
            assert_problem(refused, 429, "team_limit_reached")
            assert 1 <= int(refused["Retry-After"]) <= 60
        assert bob_calls.post("cloud-accounts/validate", toybox).status_code == 200
        assert alice_calls.get("cloud-accounts/").status_code == 200
    assert alice_calls.post("cloud-accounts/validate", toybox).status_code == 200


def test_each_of_these_calls_has_threads_of_its_own_in_the_web_server(paths: tuple[str, ...]) -> None:
    assert all(WAITS_FOR_A_CLOUD.fullmatch(f"/api/v1/{path}") for path in paths)
    others = ("cloud-accounts/external-id", f"cloud-accounts/{'a' * 8}/scans", "scans/", "findings/")
    assert not any(WAITS_FOR_A_CLOUD.fullmatch(f"/api/v1/{path}") for path in others)


def test_a_place_is_free_again_after_the_call_and_after_its_process_was_killed() -> None:
    for _ in range(5):
        with call_in_flight("7"):
            assert CallInFlight.objects.exclude(claim=None).count() == 1
    with ExitStack() as stack:
        stack.enter_context(call_in_flight("7"))
        stack.enter_context(call_in_flight("7"))
        with pytest.raises(TeamLimitError), call_in_flight("7"):
            pass
        CallInFlight.objects.filter(number=0).update(until=timezone.now() - timedelta(seconds=1))
        with call_in_flight("7"):
            pass
    assert not CallInFlight.objects.exclude(claim=None).filter(until__gt=timezone.now() + timedelta(minutes=2)).exists()


def test_a_call_that_was_too_much_is_not_kept_for_a_repeated_one(
    alice: User, alice_calls: Caller, toybox: dict[str, Any]
) -> None:
    key = {"Idempotency-Key": "later"}
    with call_in_flight(str(alice.pk)), call_in_flight(str(alice.pk)):
        assert alice_calls.post("cloud-accounts/", toybox, **key).status_code == 429
    assert alice_calls.post("cloud-accounts/", toybox, **key).status_code == 201
