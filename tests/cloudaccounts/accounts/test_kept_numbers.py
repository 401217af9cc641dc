from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cloudaccounts.accounts import kept_numbers
from cloudaccounts.accounts.kept_numbers import KEPT, LARGE, KeptNumbers
from cloudaccounts.views.rotation import CREDENTIALS
from scans.overview.views import FLEET
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount


class Counter:
    def __init__(self, accounts: int) -> None:
        self.accounts, self.asked = accounts, 0

    def __call__(self, scope: Scope) -> int:
        self.asked += 1
        return self.accounts


def kept(counter: Counter) -> KeptNumbers[int]:
    return KeptNumbers(counter, lambda number: number)


def test_a_small_fleet_is_counted_each_time() -> None:
    counter = Counter(LARGE)
    numbers = kept(counter)
    assert [numbers.of(Scope("alice")).kept for _ in range(3)] == [False, False, False]
    assert counter.asked == 3


def test_a_large_fleet_is_counted_once_in_half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = Counter(LARGE + 1)
    numbers, began = kept(counter), timezone.now()
    first, second = numbers.of(Scope("alice")), numbers.of(Scope("alice"))
    assert (first.kept, second.kept, second.at) == (False, True, first.at)
    assert counter.asked == 1
    for moment in (began + KEPT + timedelta(seconds=1), began - KEPT):  # later, and by a clock that was set back
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        assert not numbers.of(Scope("alice")).kept
    assert counter.asked == 3


def test_numbers_of_one_owner_are_no_others() -> None:
    counter = Counter(LARGE + 1)
    numbers = kept(counter)
    numbers.of(Scope("alice"))
    assert not numbers.of(Scope("bob")).kept


def test_numbers_of_one_thing_of_an_owner_are_no_others() -> None:
    numbers = kept(Counter(LARGE + 1))
    assert numbers.of(Scope("alice"), about="one", count=lambda _: LARGE + 2).numbers == LARGE + 2
    assert not numbers.of(Scope("alice"), about="two", count=lambda _: LARGE + 3).kept
    again = numbers.of(Scope("alice"), about="one", count=lambda _: 0)
    assert (again.kept, again.numbers) == (True, LARGE + 2)
    assert not numbers.of(Scope("alice")).kept


def test_a_limited_scope_is_counted_each_time() -> None:
    counter = Counter(LARGE + 1)
    numbers = kept(counter)
    numbers.of(Scope("alice"))
    limited = Scope("alice", groups=frozenset())
    assert [numbers.of(limited).kept for _ in range(2)] == [False, False]
    assert not numbers.of(Scope("bob", groups=frozenset())).kept
    assert counter.asked == 4


@pytest.mark.django_db(databases=ALL_DATABASES)
@pytest.mark.parametrize("address", ["/", "/rotation/"])
def test_pages_say_that_numbers_were_counted_before(
    address: str, alice: User, alices: Client, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_account(alice)
    monkeypatch.setattr(kept_numbers, "LARGE", 0)
    try:
        assert "counted <time" not in alices.get(address).content.decode()
        make_account(alice)
        again = alices.get(address)
        assert "counted <time" in again.content.decode()
        assert again.context["numbers"].total == 1
    finally:
        FLEET.clear()
        CREDENTIALS.clear()
