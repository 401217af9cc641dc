from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups.services import add_members, create_group
from cloudaccounts.models import AccountGroup, AuditEvent, CloudAccount, GroupMember, Job
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from tests.pages import seen

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]
LIST = "/admin/cloudaccounts/accountgroup/"
MEMBERS = "/admin/cloudaccounts/groupmember/"


@pytest.fixture
def olgas(operator: User, browser_of: Callable[[User], Client]) -> Client:
    return browser_of(operator)


@pytest.fixture
def group(alice: User) -> AccountGroup:
    return create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="payments")


def test_a_group_is_made_for_an_owner_and_filled(olgas: Client, alice: User, make_account: MakeAccount) -> None:
    account = make_account(alice)
    assert olgas.get(f"{LIST}add/").status_code == 200
    fields = {"owner_username": "alice", "name": "web", "description": "", "parent_name": "", "put_in": str(account.pk)}
    assert olgas.post(f"{LIST}add/", fields).status_code == 302
    made = AccountGroup.objects.get()
    assert (made.owner, made.size) == (str(alice.pk), 1)
    assert AuditEvent.objects.get(action="group.created").via == "admin"


def test_it_is_renamed_and_nested_by_the_service(olgas: Client, alice: User, group: AccountGroup) -> None:
    top = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="top")
    page = f"{LIST}{group.pk}/change/"
    assert olgas.get(page).status_code == 200
    fields = {"name": "cards", "description": "x", "parent_name": "top", "put_in": ""}
    assert olgas.post(page, fields).status_code == 302
    group.refresh_from_db()
    assert (group.name, group.parent) == ("cards", top.pk)
    assert "Changed" in olgas.get(f"{LIST}{group.pk}/history/").content.decode()
    circle = {"name": "top", "description": "", "parent_name": "cards", "put_in": ""}
    page = olgas.post(f"{LIST}{top.pk}/change/", circle, follow=True).content.decode()
    assert "nested in itself" in page
    top.refresh_from_db()
    assert top.parent is None


@pytest.mark.parametrize(
    "wrong", [{"owner_username": "nobody"}, {"parent_name": "nothing"}, {"put_in": "no id"}, {"name": ""}]
)
def test_what_is_wrong_is_told_at_its_field(olgas: Client, alice: User, wrong: dict[str, str]) -> None:
    fields = {"owner_username": "alice", "name": "web", "description": "", "parent_name": "", "put_in": "", **wrong}
    answer = olgas.post(f"{LIST}add/", fields)
    assert answer.status_code == 200
    assert next(iter(wrong)) in answer.context["adminform"].form.errors
    assert not AccountGroup.objects.exists()


def test_a_name_that_is_taken_is_told(olgas: Client, alice: User, group: AccountGroup) -> None:
    fields = {"owner_username": "alice", "name": "payments", "description": "", "parent_name": "", "put_in": ""}
    page = olgas.post(f"{LIST}add/", fields, follow=True).content.decode()
    assert "already" in page
    assert "was added successfully" not in page
    assert AccountGroup.objects.count() == 1


def test_its_members_are_a_list_of_their_own_and_are_taken_out_there(
    olgas: Client, alice: User, group: AccountGroup, make_account: MakeAccount
) -> None:
    account, other = make_account(alice, name="inside"), make_account(alice, name="elsewhere")
    elsewhere = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="other")
    add_members(group, actor=SYSTEM, accounts=[account.pk])
    add_members(elsewhere, actor=SYSTEM, accounts=[other.pk])
    assert f"{MEMBERS}?group={group.pk}" in olgas.get(f"{LIST}{group.pk}/change/").content.decode()
    page = olgas.get(f"{MEMBERS}?group={group.pk}")
    assert [row.account_label for row in page.context["cl"].result_list] == ["inside"]
    member = GroupMember.objects.get(group=group.pk)
    olgas.post(f"{MEMBERS}?group={group.pk}", {"action": "take_out", "_selected_action": [str(member.pk)]})
    group.refresh_from_db()
    assert group.size == 0
    assert list(olgas.get(f"{MEMBERS}?group=nonsense").context["cl"].result_list) == []


@pytest.mark.parametrize("action", ["revalidate", "scan", "suspend", "resume", "environment"])
def test_an_action_on_groups_is_asked_and_covers_nested_ones(
    olgas: Client, alice: User, group: AccountGroup, make_account: MakeAccount, action: str
) -> None:
    below = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="below", parent=group.pk)
    add_members(below, actor=SYSTEM, accounts=[make_account(alice).pk, make_account(alice).pk])
    chosen = {"action": action, "_selected_action": [str(group.pk)], "environment": "staging"}
    assert "2 accounts" in seen(olgas.post(LIST, chosen))
    assert not Job.objects.exists()
    olgas.post(LIST, {**chosen, "agreed": "yes"})
    assert (Job.objects.get().total, Job.objects.get().kind) == (2, f"fleet.{action}")


def test_groups_without_accounts_start_nothing(olgas: Client, group: AccountGroup) -> None:
    page = olgas.post(LIST, {"action": "suspend", "_selected_action": [str(group.pk)]}, follow=True).content.decode()
    assert "There is no account" in page


def test_deleting_goes_through_the_service(olgas: Client, alice: User, group: AccountGroup) -> None:
    below = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="below", parent=group.pk)
    olgas.post(LIST, {"action": "delete_selected", "_selected_action": [str(group.pk)], "post": "yes"})
    below.refresh_from_db()
    assert below.parent is None
    assert AuditEvent.objects.get(action="group.deleted").via == "admin"


@pytest.mark.parametrize(("query", "expected"), [("?q=PAY", ["payments"]), ("?q=alice", ["payments"]), ("?q=x", [])])
def test_groups_are_searched(olgas: Client, group: AccountGroup, query: str, expected: list[str]) -> None:
    assert [row.name for row in olgas.get(f"{LIST}{query}").context["cl"].result_list] == expected


def test_who_may_change_groups_alone_does_nothing_to_accounts(
    bob: User, group: AccountGroup, alice: User, make_account: MakeAccount, browser_of: Callable[[User], Client]
) -> None:
    add_members(group, actor=SYSTEM, accounts=[make_account(alice).pk])
    bob.is_staff = True
    bob.save()
    bob.user_permissions.set(Permission.objects.filter(codename__in=["view_accountgroup", "change_accountgroup"]))
    suspend = {"action": "suspend", "_selected_action": [str(group.pk)], "agreed": "yes"}
    browser = browser_of(bob)
    browser.post(LIST, suspend)
    assert not Job.objects.exists()
    bob.user_permissions.add(Permission.objects.get(codename="change_cloudaccount"))
    browser.post(LIST, suspend)
    assert Job.objects.get().kind == "fleet.suspend"
