"""ETag and If-Match of every change: it is made only where nobody changed since what its caller has read."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups.services import create_group, remove_members
from cloudaccounts.models import GroupMember, SwitchedOffCheck
from config.api.assembly import description
from scans.models import MuteRule, SavedView
from scans.muting.rules import end_mute_rule
from teams.models import Membership, Team
from teams.roles import Role
from teams.scope import Scope
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def refused(answer: Any) -> None:
    assert_problem(answer, 412, "changed_meanwhile")


def test_every_change_of_a_record_takes_it_and_says_so() -> None:
    without = [
        f"{verb} {path}"
        for path, verbs in description()["paths"].items()
        for verb, operation in verbs.items()
        if verb in {"put", "patch", "delete"}
        and (
            "412" not in operation["responses"] or "If-Match" not in {item["name"] for item in operation["parameters"]}
        )
    ]
    assert without == []


def test_and_what_it_is_made_of_can_be_read() -> None:
    """Below the same address, or where it lies beside it."""
    beside = {
        "/api/v1/organizations/{organization_id}/rules": "/api/v1/organizations/{organization_id}/rules",
        "/api/v1/compliance/{framework}": "/api/v1/compliance/{framework}/source",
    }
    paths = description()["paths"]
    for path, verbs in paths.items():
        if verbs.keys() & {"put", "patch", "delete"}:
            assert "get" in paths[beside.get(path, path)], path


@pytest.mark.usefixtures("toycloud")
def test_the_switch_of_a_check(alice_calls: Caller, bob_calls: Caller) -> None:
    path = "checks/toy_blunt"
    before = alice_calls.get(path)
    assert (before.json()["enabled"], before.json()["switched_off"]) == (True, None)
    off = {"enabled": False, "reason": "Wood"}
    answer = alice_calls.put(path, off, **{"If-Match": before["ETag"]})
    assert answer.status_code == 200
    assert (alice_calls.get(path).json(), alice_calls.get(path)["ETag"]) == (answer.json(), answer["ETag"])
    refused(alice_calls.put(path, {"enabled": True}, **{"If-Match": before["ETag"]}))
    assert SwitchedOffCheck.objects.exists()
    # Off for another reason is another state than the one that was read.
    assert alice_calls.put(path, {"enabled": True}, **{"If-Match": answer["ETag"]}).status_code == 200
    alice_calls.put(path, {**off, "reason": "Stone"})
    refused(alice_calls.put(path, {"enabled": True}, **{"If-Match": answer["ETag"]}))
    assert bob_calls.get(path)["ETag"] == before["ETag"]
    assert_problem(alice_calls.get("checks/toy_nothing"), 404, "not_found")


def test_an_account_in_a_group(alice: User, alice_calls: Caller, bob_calls: Caller, make_account: MakeAccount) -> None:
    account = make_account(alice)
    group = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="Payments")
    path = f"groups/{group.pk}/accounts/{account.pk}"
    assert_problem(alice_calls.get(path), 404, "not_found")
    # Nothing is there that could have been read.
    refused(alice_calls.put(path, **{"If-Match": '"whatever"'}))
    assert alice_calls.put(path).status_code == 204
    read = alice_calls.get(path)
    assert (read.json()["group"], read.json()["account"]) == (str(group.pk), str(account.pk))
    assert_problem(bob_calls.get(path), 404, "not_found")
    remove_members(group, actor=SYSTEM, accounts=[account.pk])
    refused(alice_calls.delete(path, **{"If-Match": read["ETag"]}))
    assert alice_calls.put(path).status_code == 204
    # Somebody took it out and put it in again.
    refused(alice_calls.delete(path, **{"If-Match": read["ETag"]}))
    assert GroupMember.objects.count() == 1
    tag = alice_calls.get(path)["ETag"]
    assert alice_calls.put(path, **{"If-Match": tag}).status_code == 204
    assert alice_calls.delete(path, **{"If-Match": tag}).status_code == 204
    assert not GroupMember.objects.exists()


def test_a_mute_rule(alice_calls: Caller, bob_calls: Caller) -> None:
    body = {"match": {"region": "eu-west-1"}, "reason": "Meant", "until": "2999-01-01"}
    made = alice_calls.post("mute-rules/", body)
    path = f"mute-rules/{made.json()['id']}"
    read = alice_calls.get(path)
    assert (read.json(), read["ETag"]) == (alice_calls.get("mute-rules/").json()["items"][0], made["ETag"])
    assert_problem(bob_calls.get(path), 404, "not_found")
    end_mute_rule(MuteRule.objects.get(), actor=SYSTEM)
    ended = alice_calls.get(path)
    assert ended.json()["until"] < read.json()["until"]
    refused(alice_calls.delete(path, **{"If-Match": read["ETag"]}))
    other = alice_calls.post("mute-rules/", body)
    path = f"mute-rules/{other.json()['id']}"
    assert alice_calls.delete(path, **{"If-Match": other["ETag"]}).status_code == 204
    assert_problem(alice_calls.get(f"mute-rules/{'0' * 8}-0000-4000-8000-{'0' * 12}"), 404, "not_found")


def test_a_saved_view(alice_calls: Caller, bob_calls: Caller) -> None:
    made = alice_calls.post("views/", {"name": "Urgent", "query": "severity=critical"})
    path = f"views/{made.json()['id']}"
    read = alice_calls.get(path)
    assert (read.json(), read["ETag"]) == (made.json(), made["ETag"])
    assert_problem(bob_calls.get(path), 404, "not_found")
    again = alice_calls.post("views/", {"name": "Urgent", "query": "region=x"})
    refused(alice_calls.delete(path, **{"If-Match": made["ETag"]}))
    assert SavedView.objects.get().query == "region=x"
    assert alice_calls.delete(path, **{"If-Match": again["ETag"]}).status_code == 204
    assert_problem(alice_calls.get(path), 404, "not_found")


def test_a_member_of_a_team(alice: User, bob: User, alice_calls: Caller, bob_calls: Caller) -> None:
    crew = Team.objects.create(name="Crew")
    Membership.objects.create(team=crew, user=alice, role=Role.OWNER)
    Membership.objects.create(team=crew, user=bob, role=Role.VIEWER)
    path = f"teams/{crew.key}/members/{bob.pk}"
    read = alice_calls.get(path)
    assert (read.json()["username"], read.json()["role"], read.json()["groups"]) == ("bob", "viewer", None)
    assert bob_calls.get(path)["ETag"] == read["ETag"]
    Membership.objects.filter(user=bob).update(role=Role.OPERATOR)
    refused(alice_calls.delete(path, **{"If-Match": read["ETag"]}))
    assert Membership.objects.filter(team=crew, user=bob).exists()
    tag = alice_calls.get(path)["ETag"]
    assert alice_calls.delete(path, **{"If-Match": tag}).status_code == 204
    for nobody in (path, f"teams/{crew.key}/members/x"):
        assert_problem(alice_calls.get(nobody), 404, "not_found")
    # Whoever is not in the team does not learn who is.
    assert_problem(bob_calls.get(f"teams/{crew.key}/members/{alice.pk}"), 404, "not_found")
