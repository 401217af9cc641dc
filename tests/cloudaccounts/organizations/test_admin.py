"""What operators see of organizations: everybody's, to read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from cloudaccounts.models import CloudAccount, Organization, OrganizationMember
from cloudaccounts.web import pagination
from tests.cloudaccounts.organizations.conftest import Member
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
LIST = "/admin/cloudaccounts/organization/"
MEMBERS = "/admin/cloudaccounts/organizationmember/"


@pytest.fixture
def olgas(operator: User, browser_of: Callable[[User], Client]) -> Client:
    return browser_of(operator)


def test_an_organization_is_shown_with_its_connection_owner_and_look(
    olgas: Client, organization: Organization, connecting: CloudAccount, toycloud: State
) -> None:
    for address in (LIST, f"{LIST}{organization.pk}/change/"):
        page = olgas.get(address).content.decode()
        assert "the hub" in page
        assert f"/admin/cloudaccounts/cloudaccount/{connecting.pk}/change/" in page
        assert "alice" in page
        assert f"{MEMBERS}?organization={organization.pk}" in page
        assert toycloud.good_token not in page
        assert "gAAAA" not in page


def test_where_the_cloud_goes_on_is_not_shown(olgas: Client, organization: Organization) -> None:
    Organization.objects.update(cursor="a-token-of-the-cloud")
    assert "a-token-of-the-cloud" not in olgas.get(f"{LIST}{organization.pk}/change/").content.decode()


def test_a_member_is_shown_with_what_became_of_it(olgas: Client, organization: Organization, member: Member) -> None:
    found = member("bbbbbb")
    OrganizationMember.objects.filter(pk=found.pk).update(
        state="failed", code="access_denied", cause="The box is locked.", account=organization.connection
    )
    page = olgas.get(f"{MEMBERS}{found.pk}/change/").content.decode()
    assert "The box is locked." in page
    assert "the hub" in page
    assert organization.title in page


@pytest.mark.parametrize("query", ["?q=THE+SHELF", "?q=alice", "?provider=toy", "?sync_state=idle"])
def test_organizations_are_searched_and_filtered(olgas: Client, organization: Organization, query: str) -> None:
    assert [row.pk for row in olgas.get(f"{LIST}{query}").context["cl"].result_list] == [organization.pk]


@pytest.mark.parametrize("query", ["?q=nobody", "?sync_state=running"])
def test_what_does_not_fit_is_not_listed(olgas: Client, organization: Organization, query: str) -> None:
    assert list(olgas.get(f"{LIST}{query}").context["cl"].result_list) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["aaaaaa", "bbbbbb", "cccccc", "dddddd", "inner", "root", "upper"]),
        ("?q=alice", ["aaaaaa", "bbbbbb", "cccccc", "dddddd", "inner", "root", "upper"]),
        ("?q=the+shelf&kind=account", ["aaaaaa", "bbbbbb", "cccccc", "dddddd"]),
        ("?q=bbbb", []),
        ("?organization={}&q=bbbb", ["bbbbbb"]),
        ("?organization={}&q=box+c", ["cccccc"]),
        ("?organization={}&provider_state=suspended", ["dddddd"]),
        ("?organization={}&kind=container", ["inner", "root", "upper"]),
        ("?organization=nonsense", []),
    ],
)
def test_members_are_searched_and_filtered(
    olgas: Client, organization: Organization, query: str, expected: list[str]
) -> None:
    listed = olgas.get(MEMBERS + query.format(organization.pk)).context["cl"].result_list
    assert [row.node_id for row in listed] == expected


def test_lists_ask_as_many_questions_however_many_rows_there_are(
    olgas: Client, organization: Organization, django_assert_num_queries: Callable[..., object]
) -> None:
    def look(asked: int) -> None:
        with django_assert_num_queries(asked, using="cloud_security"):  # type: ignore[attr-defined]
            olgas.get(MEMBERS)

    OrganizationMember.objects.filter(account_id="aaaaaa").update(account=organization.connection)
    look(4)  # how many, all of them, the organizations, the accounts
    OrganizationMember.objects.bulk_create(
        OrganizationMember(
            organization=organization.pk, owner=organization.owner, node_id=f"n{number}", kind="account",
            account=organization.connection, first_seen_at=timezone.now(),
        )
        for number in range(60)
    )  # fmt: skip
    look(5)  # and the keys of the page
    OrganizationMember.objects.filter(node_id__startswith="n1").delete()
    look(5)


def test_members_are_counted_as_far_as_somebody_looks(
    olgas: Client, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagination, "COUNT_LIMIT", 3)
    assert olgas.get(MEMBERS).context["cl"].result_count == 3


@pytest.mark.parametrize("address", [LIST, MEMBERS])
def test_they_are_to_read_alone(olgas: Client, organization: Organization, member: Member, address: str) -> None:
    key = organization.pk if address == LIST else member("bbbbbb").pk
    assert olgas.get(f"{address}add/").status_code == 403
    assert olgas.post(f"{address}{key}/change/", {"name": "mine"}).status_code == 403
    assert olgas.post(f"{address}{key}/delete/", {"post": "yes"}).status_code == 403
    assert "delete_selected" not in olgas.get(address).content.decode()


def test_who_may_not_view_them_does_not(
    bob: User, organization: Organization, browser_of: Callable[[User], Client]
) -> None:
    bob.is_staff = True
    bob.save()
    browser = browser_of(bob)
    assert browser.get(LIST).status_code == 403
    bob.user_permissions.set(Permission.objects.filter(codename="view_organization"))
    assert browser.get(LIST).status_code == 200
    assert browser.get(MEMBERS).status_code == 403
