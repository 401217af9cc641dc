"""Groups over the API: the tree, changes with If-Match, accounts put in and taken out."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups.services import create_group
from cloudaccounts.models import AccountGroup, GroupMember
from teams.scope import Scope
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def test_a_group_is_made_read_changed_and_deleted(alice_calls: Caller) -> None:
    made = alice_calls.post("groups/", {"name": "Payments", "description": "cards"})
    assert made.status_code == 201, made.content
    group = made.json()
    assert (group["name"], group["size"], group["parent"]) == ("Payments", 0, None)
    nested = alice_calls.post("groups/", {"name": "Cards", "parent": group["id"]}).json()
    changed = alice_calls.patch(f"groups/{nested['id']}", {"name": "Debit"}).json()
    assert (changed["name"], changed["parent"]) == ("Debit", group["id"])
    assert alice_calls.patch(f"groups/{nested['id']}", {"parent": None}).json()["parent"] is None
    assert alice_calls.delete(f"groups/{nested['id']}").status_code == 204
    assert [row["name"] for row in alice_calls.get("groups/").json()["items"]] == ["Payments"]


def test_accounts_are_put_in_and_taken_out(alice: User, alice_calls: Caller, make_account: MakeAccount) -> None:
    account = make_account(alice)
    group = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="Payments")
    path = f"groups/{group.pk}/accounts/{account.pk}"
    for _ in range(2):
        assert alice_calls.put(path).status_code == 204
    assert alice_calls.get(f"groups/{group.pk}").json()["size"] == 1
    for _ in range(2):
        assert alice_calls.delete(path).status_code == 204
    assert not GroupMember.objects.exists()


def test_a_change_of_what_was_changed_meanwhile_is_refused(alice: User, alice_calls: Caller) -> None:
    group = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="Payments")
    path = f"groups/{group.pk}"
    tag = alice_calls.get(path)["ETag"]
    answer = alice_calls.patch(path, {"name": "Cards"}, **{"If-Match": tag})
    assert answer.status_code == 200
    assert_problem(alice_calls.patch(path, {"name": "Loans"}, **{"If-Match": tag}), 412, "changed_meanwhile")
    assert_problem(alice_calls.delete(path, **{"If-Match": tag}), 412, "changed_meanwhile")
    assert AccountGroup.objects.get().name == "Cards"
    assert alice_calls.delete(path, **{"If-Match": f'W/{answer["ETag"]}, "another"'}).status_code == 204


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": "x" * 81}, {"name": "a", "colour": "red"}, {"name": "a", "parent": "no id"}]
)
def test_what_is_no_group_is_refused(alice_calls: Caller, body: dict[str, str]) -> None:
    assert_problem(alice_calls.post("groups/", body), 422, "input_invalid")


def test_a_circle_is_refused(alice: User, alice_calls: Caller) -> None:
    top = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="Top")
    below = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="Below", parent=top.pk)
    assert_problem(alice_calls.patch(f"groups/{top.pk}", {"parent": str(below.pk)}), 422, "input_invalid")
