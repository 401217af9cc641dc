"""Checks by API: listed, switched off with a reason and on again."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from cloudaccounts.models import SwitchedOffCheck
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.mark.usefixtures("toycloud")
def test_a_check_is_switched_off_with_a_reason_and_on(alice: User, alice_calls: Caller, bob_calls: Caller) -> None:
    assert_problem(alice_calls.put("checks/toy_blunt", {"enabled": False}), 422, "input_invalid")
    row = alice_calls.put("checks/toy_blunt", {"enabled": False, "reason": "Wood"}).json()
    assert (row["enabled"], row["switched_off"]["reason"], row["provider"]) == (False, "Wood", "toy")
    listed = alice_calls.get("checks/?state=off").json()
    assert (listed["count"], listed["items"]) == (1, [row])
    assert bob_calls.get("checks/?state=off").json() == {"items": [], "count": 0}
    assert alice_calls.get("checks/?provider=toy&q=BLUNT&state=on").json()["count"] == 0
    assert alice_calls.put("checks/toy_blunt", {"enabled": True}).json()["switched_off"] is None
    assert not SwitchedOffCheck.objects.exists()
    assert alice_calls.put("checks/toy_nothing", {"enabled": True}).status_code == 404


@pytest.mark.usefixtures("toycloud")
def test_the_list_comes_in_pages_as_the_others_do(alice_calls: Caller) -> None:
    whole = alice_calls.get("checks/?provider=toy").json()
    number = whole["count"]
    assert number == len(whole["items"]) > 2
    seen: list[Any] = []
    cursor = ""
    while cursor is not None:
        page = alice_calls.get(f"checks/?provider=toy&limit=2&cursor={cursor}").json()
        assert set(page) == {"items", "next"}
        seen, cursor = seen + page["items"], page["next"]
    assert seen == whole["items"]
    assert alice_calls.get("checks/?provider=toy&offset=1&limit=2").json() == {
        "items": whole["items"][1:3], "count": number,
    }  # fmt: skip
    for wrong in ("cursor=nonsense", "limit=0", "clouds=toy", "state=perhaps"):
        assert_problem(alice_calls.get(f"checks/?{wrong}"), 422, "input_invalid")


@pytest.mark.usefixtures("toycloud")
def test_listing_takes_few_queries(alice_calls: Caller, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    alice_calls.get("checks/")
    with django_assert_num_queries(3, using="cloud_security"):  # with the token and its limits
        assert alice_calls.get("checks/").json()["count"] > 3
