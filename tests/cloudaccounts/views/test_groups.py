from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.groups.services import add_members, create_group
from cloudaccounts.models import AccountGroup, CloudAccount, Job, JobItem
from cloudaccounts.views import groups as group_views
from teams.scope import Scope
from tests.conftest import ALL_DATABASES
from tests.pages import NAVIGATION, seen

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]


@pytest.fixture
def group(alice: User) -> AccountGroup:
    return create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="payments")


def test_an_empty_page_says_what_a_group_is_for(alices: Client) -> None:
    assert "Create the first group" in alices.get("/groups/").content.decode()


def test_it_lists_the_owners_groups_with_their_sizes(
    alices: Client, alice: User, bob: User, group: AccountGroup, make_account: MakeAccount
) -> None:
    create_group(scope=Scope(str(bob.pk)), actor=SYSTEM, name="theirs")
    create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="gift-vouchers", parent=group.pk)
    add_members(group, actor=SYSTEM, accounts=[make_account(alice).pk])
    page = alices.get("/groups/").content.decode()
    assert "gift-vouchers" in page
    assert page.index("payments") < page.index("gift-vouchers")
    assert "theirs" not in page


def test_many_groups_are_shown_by_pages_in_the_order_of_the_tree(
    alices: Client, alice: User, group: AccountGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_views, "BRANCHES", 2)
    nested = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="a nested one", parent=group.pk)
    last = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="zeta")
    pages = [alices.get(f"/groups/?page={number}").context["page"] for number in (1, 2)]
    shown = [[(branch.group, branch.depth, branch.nested) for branch in page] for page in pages]
    assert shown == [[(group, 0, 1), (nested, 1, 0)], [(last, 0, 0)]]


def test_a_select_names_groups_as_the_tree_has_them(alice: User, group: AccountGroup) -> None:
    scope = Scope(str(alice.pk))
    nested = create_group(scope=scope, actor=SYSTEM, name="B nested", parent=group.pk)
    first = create_group(scope=scope, actor=SYSTEM, name="Alpha")
    assert group_queries.choices(scope) == [
        (str(first.pk), "Alpha"), (str(group.pk), "payments"), (str(nested.pk), "\u2003B nested"),
    ]  # fmt: skip
    assert group_queries.path(scope, nested) == [group]
    assert group_queries.right_below(scope, group) == [nested]


def test_a_group_is_made_and_accounts_are_put_in(alices: Client, alice: User, make_account: MakeAccount) -> None:
    account, other = make_account(alice, name="a"), make_account(alice, name="b")
    answer = alices.post("/groups/new/", {"name": "web", "description": "the shop", "parent": ""})
    made = AccountGroup.objects.get()
    assert answer["Location"] == f"/groups/{made.pk}/add/"
    assert other.name in alices.get(answer["Location"]).content.decode()
    alices.post(answer["Location"], {"account": [str(account.pk), "no-id"]})
    page = alices.get(f"/groups/{made.pk}/")
    assert [row.name for row in page.context["page"]] == ["a"]
    assert f"/groups/{made.pk}/" in alices.get(f"/accounts/{account.pk}/").content.decode()


def test_all_that_a_search_fits_is_put_in(
    alices: Client, alice: User, group: AccountGroup, make_account: MakeAccount
) -> None:
    for name in ("pay-1", "pay-2", "web"):
        make_account(alice, name=name)
    alices.post(f"/groups/{group.pk}/add/?q=pay", {"every": "1"})
    assert [row.name for row in alices.get(f"/groups/{group.pk}/").context["page"]] == ["pay-1", "pay-2"]


def test_only_its_own_members_are_taken_out(
    alices: Client, alice: User, group: AccountGroup, make_account: MakeAccount
) -> None:
    below = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="below", parent=group.pk)
    own, nested = make_account(alice, name="own"), make_account(alice, name="nested")
    add_members(group, actor=SYSTEM, accounts=[own.pk])
    add_members(below, actor=SYSTEM, accounts=[nested.pk])
    page = alices.get(f"/groups/{group.pk}/").content.decode()
    assert f'value="{own.pk}"' in page
    assert f'value="{nested.pk}"' not in page
    alices.post(f"/groups/{group.pk}/remove/", {"account": [str(own.pk), str(nested.pk)]})
    assert group_queries.of_account(Scope(own.owner), own) == []
    assert group_queries.of_account(Scope(nested.owner), nested) == [below]


def test_a_move_below_itself_is_refused_beside_its_field(alices: Client, alice: User, group: AccountGroup) -> None:
    below = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="below", parent=group.pk)
    offered = alices.get(f"/groups/{group.pk}/edit/").context["form"].fields["parent"].choices
    assert str(below.pk) not in [value for value, _ in offered]
    answer = alices.post(f"/groups/{group.pk}/edit/", {"name": "payments", "parent": str(below.pk)})
    assert answer.status_code == 422
    group.refresh_from_db()
    assert group.parent is None


def test_deleting_asks_first(alices: Client, group: AccountGroup) -> None:
    assert "Keep it" in alices.get(f"/groups/{group.pk}/delete/").content.decode()
    assert AccountGroup.objects.exists()
    alices.post(f"/groups/{group.pk}/delete/")
    assert not AccountGroup.objects.exists()


@pytest.mark.parametrize("action", ["revalidate", "suspend", "resume", "scan"])
def test_an_action_asks_and_becomes_a_job_over_all_accounts(
    alices: Client, alice: User, group: AccountGroup, make_account: MakeAccount, action: str
) -> None:
    account = make_account(alice)
    add_members(group, actor=SYSTEM, accounts=[account.pk])
    assert "1 account?" in seen(alices.get(f"/groups/{group.pk}/act/{action}/"))
    assert not Job.objects.exists()
    answer = alices.post(f"/groups/{group.pk}/act/{action}/")
    job = Job.objects.get()
    assert answer["Location"] == f"/jobs/{job.pk}/"
    assert (job.kind, job.total) == (f"fleet.{action}", 1)
    assert JobItem.objects.get().subject == str(account.pk)


def test_setting_the_environment_needs_one(
    alices: Client, alice: User, group: AccountGroup, make_account: MakeAccount
) -> None:
    add_members(group, actor=SYSTEM, accounts=[make_account(alice).pk])
    assert alices.post(f"/groups/{group.pk}/act/environment/", {"environment": "moon"}).status_code == 422
    alices.post(f"/groups/{group.pk}/act/environment/", {"environment": "staging"})
    assert Job.objects.get().options == {"environment": "staging"}


@pytest.mark.parametrize("action", ["delete", "transfer", "nothing"])
def test_what_operators_alone_may_is_no_action_of_a_group(alices: Client, group: AccountGroup, action: str) -> None:
    assert alices.post(f"/groups/{group.pk}/act/{action}/", {"to": "1"}).status_code == 404


@pytest.mark.parametrize("page", ["/accounts/", "/scans/", "/assets/"])
def test_lists_can_be_filtered_by_group(
    alices: Client, alice: User, group: AccountGroup, make_account: MakeAccount, page: str
) -> None:
    inside, outside = make_account(alice, name="inside"), make_account(alice, name="outside")
    add_members(group, actor=SYSTEM, accounts=[inside.pk])
    shown = alices.get(f"{page}?group={group.pk}").content.decode()
    assert "payments" in shown
    assert outside.name not in shown
    if page != "/assets/":  # nothing was found yet
        assert inside.name in shown


def test_the_edit_form_sets_an_accounts_groups(
    alices: Client, alice: User, group: AccountGroup, make_account: MakeAccount
) -> None:
    account = make_account(alice)
    facts = {"name": "x", "environment": "staging", "regions": ["us-east-1"]}
    alices.post(f"/accounts/{account.pk}/edit/", {**facts, "groups": [str(group.pk)]})
    assert group_queries.of_account(Scope(account.owner), account) == [group]
    alices.post(f"/accounts/{account.pk}/edit/", facts)
    assert group_queries.of_account(Scope(account.owner), account) == []


def test_a_groups_page_asks_as_many_questions_however_many_accounts_there_are(
    alices: Client, alice: User, group: AccountGroup, make_account: MakeAccount, django_assert_num_queries: object
) -> None:
    add_members(group, actor=SYSTEM, accounts=[make_account(alice).pk for _ in range(3)])
    queries = NAVIGATION + 8  # itself; thrice for the filter, size, page; who is direct, what is nested; the navigation
    with django_assert_num_queries(queries, using="cloud_security"):  # type: ignore[operator]
        alices.get(f"/groups/{group.pk}/")
    add_members(group, actor=SYSTEM, accounts=[make_account(alice).pk for _ in range(25)])
    with django_assert_num_queries(queries, using="cloud_security"):  # type: ignore[operator]
        alices.get(f"/groups/{group.pk}/")
