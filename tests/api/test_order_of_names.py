"""Every list sorts names in one way, whatever their case, on every database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cloudaccounts.accounts.changes import update_account
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.channels import queries as channel_queries
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.groups.services import create_group, update_group
from cloudaccounts.models import CloudAccount, NotificationChannel, Organization, OrganizationMember
from cloudaccounts.models.organization import MemberKind
from cloudaccounts.organizations import queries as organization_queries
from cloudaccounts.organizations.queries import MemberFilter
from scans.saved_views.services import Person, listed_views, save_view
from teams.names import name_key, name_order
from teams.scope import Scope
from tests.api.conftest import Caller
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.scans.assets.test_views import asset

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
ORDER = ["Apfel", "api", "API 2", "mail-a", "Mail-b", "mail.a", "Zebra", "Ähre", "äpfel"]  # as each list has them
GIVEN = [ORDER[place] for place in (6, 1, 8, 3, 0, 5, 2, 7, 4)]


@pytest.fixture
def accounts(alice: User, make_account: MakeAccount) -> list[CloudAccount]:
    return [make_account(alice, name=name) for name in GIVEN]


def test_short_and_long_lists_have_one_order() -> None:
    assert sorted(GIVEN, key=name_order) == ORDER
    assert sorted(GIVEN, key=name_key) == ORDER
    assert name_key("x" * 900) == name_key("X" * 900 + "y")  # so much is compared
    assert name_key(" Web ") == name_key("web")


def test_accounts(alices: Client, alice_calls: Caller, accounts: list[CloudAccount]) -> None:
    assert [row.name for row in alices.get("/accounts/").context["page"]] == ORDER
    assert [row.name for row in alices.get("/accounts/?sort=-name").context["page"]] == ORDER[::-1]
    assert [row["name"] for row in alice_calls.get("cloud-accounts/").json()["items"]] == ORDER
    names, cursor = [], ""
    while cursor is not None:
        answer = alice_calls.get(f"cloud-accounts/?limit=2&cursor={cursor}").json()
        names += [row["name"] for row in answer["items"]]
        cursor = answer["next"]
    assert names == ORDER


def test_an_account_that_is_renamed_stands_where_it_belongs(alices: Client, accounts: list[CloudAccount]) -> None:
    update_account(accounts[0], actor=SYSTEM, name="aardvark")
    assert next(iter(alices.get("/accounts/").context["page"])).name == "aardvark"


@pytest.mark.parametrize("page", ["cloudaccount", "accountgroup"])
def test_the_admin(
    operator: User, alice: User, browser_of: Callable[[User], Client], accounts: list[CloudAccount], page: str
) -> None:
    for name in GIVEN:
        create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name=name)
    lists = [
        [row.name for row in browser_of(operator).get(f"/admin/cloudaccounts/{page}/{query}").context["cl"].result_list]
        for query in ("", "?o=1", "?o=-1")
    ]
    # Of letters beyond ASCII, a database says for itself what comes first.
    plain = [name for name in ORDER if name.isascii()]
    shown = [[name for name in names if name.isascii()] for names in lists]
    if page == "accountgroup":  # a few names, which the database sorts: by its collation, of which case is no part
        plain, *shown = [[name for name in names if "." not in name and "-" not in name] for names in (plain, *shown)]
    assert shown == [plain, plain, plain[::-1]]


def test_members_of_an_organization(accounts: list[CloudAccount]) -> None:
    owner = accounts[0].owner
    organization = Organization.objects.create(owner=owner, provider="aws", connection=accounts[0].pk)
    OrganizationMember.objects.bulk_create(
        OrganizationMember(
            organization=organization.pk, owner=owner, node_id=f"n{number}", name=name, kind=MemberKind.ACCOUNT,
            first_seen_at=timezone.now(),
        )
        for number, name in enumerate(GIVEN)
    )  # fmt: skip
    rows = organization_queries.members(Scope(owner), organization, MemberFilter())
    assert [row.name for row in rows] == ORDER


def test_assets(alices: Client, accounts: list[CloudAccount]) -> None:
    for name in GIVEN:
        asset(accounts[0], name)
    assert [row.name for row in alices.get("/assets/").context["page"]] == ORDER


def test_groups_channels_organizations_and_views(alice_calls: Caller, accounts: list[CloudAccount]) -> None:
    scope = Scope(accounts[0].owner)
    for number, name in enumerate(GIVEN):
        create_group(scope=scope, actor=SYSTEM, name=name)
        save_view(scope, Person("1"), actor=SYSTEM, name=name, page="findings", query="", shared=True)
        NotificationChannel.objects.create(owner=scope.owner, name=name, kind="email", created_at=timezone.now())
        Organization.objects.create(owner=scope.owner, provider="aws", connection=accounts[number].pk, name=name)
    shown: dict[str, list[Any]] = {
        "groups": [branch.group for branch in group_queries.tree(scope)],
        "channels": channel_queries.listed_channels(scope),
        "organizations": organization_queries.listed_organizations(scope),
        "views": listed_views(scope, Person("1"), "findings"),
    }
    for name, rows in shown.items():
        assert [row.name for row in rows] == ORDER, name
        assert [row["name"] for row in alice_calls.get(f"{name}/").json()["items"]] == ORDER, name


def test_a_group_that_is_renamed_stands_where_it_belongs(alice: User) -> None:
    scope = Scope(str(alice.pk))
    group = create_group(scope=scope, actor=SYSTEM, name="Zebra")
    create_group(scope=scope, actor=SYSTEM, name=f"mail {uuid4().hex}")
    update_group(group, scope=scope, actor=SYSTEM, name="aardvark", description="", parent=None)
    assert group_queries.tree(scope)[0].group.name == "aardvark"
