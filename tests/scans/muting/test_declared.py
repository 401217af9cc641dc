"""Mute rules in a file of the registry: made, found again, changed by ending and making, exported."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.declared.planning import make_plan
from cloudaccounts.declared.sections import section
from cloudaccounts.errors import InputError
from scans.models import MuteRule
from scans.muting.rules import mute_rules
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def apply(owner: str, entry: dict[str, Any], *, prune: bool = False, **more: Any) -> list[str]:
    """The actions of the plan, which are then done."""
    plan = make_plan(owner, {"mute_rules": [entry] if entry else []}, prune=prune)
    part = section("mute_rules")
    for change in plan.changes:
        match change.action:
            case "create":
                part.create(owner, SYSTEM, change.entry)
            case "change":
                part.change(owner, SYSTEM, change.entry)
            case _:
                part.delete(owner, SYSTEM, change.name)
    return [change.action.value for change in plan.changes]


def test_a_rule_is_made_once_changed_and_ended(alice: User, make_account: MakeAccount) -> None:
    owner, account = str(alice.pk), make_account(alice)
    match = {"severity": "low", "account": f"aws/{account.account_id}", "resource": "public-*"}
    entry: dict[str, Any] = {"match": match, "reason": "public on purpose", "until": "2099-06-30"}
    assert apply(owner, entry) == ["create"]
    assert apply(owner, entry) == []
    (exported,) = section("mute_rules").exported(owner, SYSTEM)
    assert (exported["match"], exported["reason"], exported["until"][:10]) == (match, entry["reason"], "2099-06-30")
    assert apply(owner, exported) == []
    assert apply(owner, {**entry, "reason": "decided in November"}) == ["change"]
    assert [rule.reason for rule in mute_rules(Scope(owner))] == ["decided in November"]
    assert MuteRule.objects.count() == 2  # the earlier one is ended, and stays known
    assert apply(owner, {}, prune=True) == ["delete"]
    assert mute_rules(Scope(owner)) == []


def test_a_rule_that_has_ended_is_no_mistake(alice: User) -> None:
    assert apply(str(alice.pk), {"match": {"severity": "low"}, "reason": "over", "until": "2020-01-01"}) == []


@pytest.mark.parametrize(
    "entry",
    [
        {"match": {}, "reason": "x"},
        {"match": {"account": "aws/111122223333"}, "reason": "x"},
        {"match": {"group": "nobody's"}, "reason": "x"},
        {"match": {"severity": "low"}, "reason": "x", "until": "soon"},
    ],
)
def test_what_is_wrong_is_told_by_path(alice: User, entry: dict[str, Any]) -> None:
    with pytest.raises(InputError) as refused:
        make_plan(str(alice.pk), {"mute_rules": [entry]})
    assert all(path.startswith("mute_rules[0].") for path in refused.value.fields)
