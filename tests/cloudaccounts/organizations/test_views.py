from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.models import AuditEvent, CloudAccount, Job, JobItem, Organization, OrganizationMember
from cloudaccounts.organizations.connections import connect_organization
from cloudaccounts.organizations.sync import run_sync
from tests.cloudaccounts.organizations.conftest import ALICE, Member
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.pages import seen
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture
def url(organization: Organization) -> str:
    return f"/organizations/{organization.pk}/"


def body(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def grow(organization: Organization, count: int) -> None:
    OrganizationMember.objects.bulk_create(
        OrganizationMember(
            organization=organization.pk, owner=organization.owner, node_id=f"grown{number}", parent_id="inner",
            kind="account", account_id=f"g{number:05}", name=f"grown {number:05}", first_seen_at=timezone.now(),
        )
        for number in range(count)
    )  # fmt: skip


def test_without_any_it_says_what_to_do(alices: Client, toycloud: State) -> None:
    text = body(alices, "/organizations/")
    assert "No organization yet" in text
    assert "Connect the management account" in text


def test_commands_of_the_set_up_wait_until_the_first_sync_knows_whose_they_are(
    alices: Client, connecting: CloudAccount, tree: State
) -> None:
    page = alices.post("/organizations/connect/", {"account": str(connecting.pk), "drawer": "left"})["Location"]
    before = body(alices, page)
    assert "After the first sync" in before
    assert 'class="guide-box"' not in before
    run_sync(Organization.objects.get().pk)
    after = body(alices, page)
    assert 'class="guide-box"' in after
    assert "After the first sync" not in after


def test_the_list_shows_mine_with_counts(alices: Client, bobs: Client, organization: Organization) -> None:
    text = body(alices, "/organizations/")
    assert "The shelf" in text
    assert "0 of 4" in text
    assert "3 new" in text
    assert "The shelf" not in body(bobs, "/organizations/")


def test_what_could_not_be_read_is_no_organization_and_is_asked_for_once_more(
    alices: Client, bobs: Client, connecting: CloudAccount, tree: State
) -> None:
    tree.tree_errors[0] = [ProviderError("organization_denied", "Not allowed.", "Allow it.")]
    page = alices.post("/organizations/connect/", {"account": str(connecting.pk), "drawer": "left"})["Location"]
    assert "hx-get" in body(alices, page)  # it waits for the sync
    run_sync(Organization.objects.get().pk)
    panel = alices.get(f"{page}panel/")
    again = panel["HX-Redirect"]
    assert alices.get(page)["Location"] == again
    text = body(alices, again)
    assert "nothing was connected. Not allowed. Allow it." in text
    assert 'value="left"' in text  # what was entered
    assert "No organization yet" in body(alices, "/organizations/")
    assert (bobs.get(page).status_code, bobs.get(f"{page}panel/").status_code) == (404, 404)
    alices.post("/organizations/connect/", {"account": str(connecting.pk), "drawer": "left"})
    run_sync(Organization.objects.get().pk)
    assert "The shelf" in body(alices, "/organizations/")


def test_connecting_asks_for_options_and_starts_the_first_look(
    alices: Client, connecting: CloudAccount, tree: State
) -> None:
    assert f'value="{connecting.pk}"' in body(alices, "/organizations/")
    address = f"/organizations/connect/?account={connecting.pk}"
    assert "drawer" in body(alices, address)
    refused = alices.post("/organizations/connect/", {"account": str(connecting.pk), "drawer": "NO!"})
    assert refused.status_code == 422
    assert not Organization.objects.exists()
    answer = alices.post("/organizations/connect/", {"account": str(connecting.pk), "drawer": "left"})
    made = Organization.objects.get()
    assert answer["Location"] == f"/organizations/{made.pk}/"
    assert (made.sync_state, made.options) == ("queued", {"drawer": "left"})
    assert "entries read so far" in body(alices, f"/organizations/{made.pk}/")


@pytest.mark.parametrize("raw", ["", "nonsense", "00000000-0000-4000-8000-000000000000"])
def test_connecting_what_is_not_mine_is_not_there(alices: Client, toycloud: State, raw: str) -> None:
    assert alices.get("/organizations/connect/", {"account": raw}).status_code == 404
    assert alices.post("/organizations/connect/", {"account": raw}).status_code == 404


def test_the_tree_opens_at_the_root_and_unfolds(alices: Client, url: str) -> None:
    text = body(alices, url)
    assert "box aaaaaa" in text
    assert "box cccccc</label>" not in text, "what lies deeper is loaded when it is unfolded"
    assert re.search(r"<b>upper</b>.*?0 of 2.*?2<i> new", text, re.S), "of three, one is suspended at the cloud"
    level = body(alices, f"{url}children/?under=inner")
    assert "box cccccc" in level
    assert "suspended" in level
    assert "<html" not in level
    assert "box cccccc" in body(alices, f"{url}?under=inner"), "and without scripts it is a page"
    assert "box aaaaaa" in body(alices, f"{url}?under=no-such-node"), "an unknown place is the root"


@pytest.mark.parametrize(
    ("state", "shown"),
    [("new", {"aaaaaa", "bbbbbb", "cccccc"}), ("suspended", {"dddddd"}), ("onboarded", set()), ("closed", set()),
     ("nonsense", set())],
)  # fmt: skip
def test_it_filters_by_state(alices: Client, url: str, state: str, shown: set[str]) -> None:
    page = alices.get(url, {"state": state}).context["page"]
    found = {member.account_id for member in page}
    assert found == shown if state != "nonsense" else {"aaaaaa"}


def test_access_is_set_up_once_an_account_is_opened_through_the_organization(
    alice: User, alices: Client, organization: Organization, url: str, toy_account: MakeAccount
) -> None:
    own = toy_account(alice, account_id="bbbbbb", name="mine already")  # by a credential of its own
    OrganizationMember.objects.filter(account_id="bbbbbb").update(account=own.pk, state="onboarded")
    assert "Set it up" in body(alices, url)
    CloudAccount.objects.filter(pk=own.pk).update(connection=organization.connection)
    text = seen(alices.get(url))
    assert "works in 1 of 4" in text
    assert "Set it up" not in text


def test_it_searches(alices: Client, url: str) -> None:
    assert [member.account_id for member in alices.get(url, {"q": "CCCC"}).context["page"]] == ["cccccc"]


def test_the_number_of_queries_is_fixed(alices: Client, organization: Organization, url: str) -> None:
    def count() -> int:
        contexts = [CaptureQueriesContext(connections[alias]) for alias in ALL_DATABASES]
        for context in contexts:
            context.__enter__()
        alices.get(url + "?under=inner")
        for context in contexts:
            context.__exit__(None, None, None)
        return sum(len(context) for context in contexts)

    few = count()
    grow(organization, 1500)
    assert count() == few
    assert few <= 22


def test_a_container_with_many_accounts_is_paged(alices: Client, organization: Organization, url: str) -> None:
    grow(organization, 250)
    first = alices.get(f"{url}?under=inner")
    assert len(first.context["page"].object_list) == 50
    assert "page=2" in first.content.decode()
    assert len(alices.get(f"{url}?under=inner&page=6").context["page"].object_list) == 2


def test_onboarding_starts_a_job_over_what_is_ticked(alices: Client, url: str, member: Member) -> None:
    data = {"action": "onboard", "environment": "dev", "regions": ["left"], "under": ["inner"]}
    answer = alices.post(f"{url}members/", {**data, "member": [str(member("aaaaaa").pk), "nonsense"]})
    job = Job.objects.get()
    assert answer["Location"] == f"/jobs/{job.pk}/"
    assert job.options["environment"] == "dev"
    assert {item.label for item in JobItem.objects.all()} == {"box aaaaaa aaaaaa", "box cccccc cccccc"}


def test_the_set_up_is_offered_for_what_it_remedies_and_not_for_a_timeout(
    alices: Client, url: str, member: Member
) -> None:
    failed = OrganizationMember.objects.filter(account_id="cccccc")
    failed.update(state="failed", code="network_timeout", cause="The cloud did not answer.", remedy="Try again.")
    page = seen(alices.get(url))
    assert "Retry 1" in page
    assert "Set-up<span" not in page
    failed.update(code="access_denied", cause="The cloud refused.", remedy="Deploy the role.")
    assert "Set-up<span" in seen(alices.get(url))


def test_testing_takes_the_failed_below_as_well(alices: Client, url: str, member: Member) -> None:
    OrganizationMember.objects.filter(account_id="cccccc").update(state="failed")
    alices.post(f"{url}members/", {"action": "test", "under": ["inner"]})
    assert Job.objects.get().kind == "organization.test"
    assert JobItem.objects.get().subject == str(member("cccccc").pk)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"action": "onboard", "environment": "dev", "regions": ["left"]}, "Choose at least one account"),
        ({"action": "onboard", "environment": "dev", "under": ["root"]}, "Nothing was started"),
        ({"action": "test"}, "Choose at least one account"),
    ],
)
def test_incomplete_choices_start_nothing_and_say_so(
    alices: Client, url: str, data: dict[str, object], said: str
) -> None:
    answer = alices.post(f"{url}members/", data, follow=True)
    assert said in answer.content.decode()
    assert not Job.objects.exists()


def test_members_of_others_cannot_be_chosen(
    alices: Client, url: str, bob: User, toy_account: MakeAccount, organization: Organization
) -> None:
    foreign = connect_organization(toy_account(bob), actor=ALICE, options={})
    run_sync(foreign.pk)
    theirs = OrganizationMember.objects.filter(organization=foreign.pk, account_id="cccccc").get()
    alices.post(f"{url}members/", {"action": "test", "member": [str(theirs.pk)]})
    assert not Job.objects.exists()


def test_a_published_template_is_the_first_thing_of_the_set_up(alices: Client, url: str, settings: Settings) -> None:
    assert "Open them all" not in alices.get(url).content.decode()
    settings.TOY_ORGANIZATION_TEMPLATE_URL = "https://templates.example.net/?a=1&b=2"
    page = alices.get(url).content.decode()
    assert 'href="https://templates.example.net/?a=1&amp;b=2"' in page
    assert page.index("Open them all") < page.index('class="guide-box"')


def test_leaving_out_keeps_the_place(alices: Client, url: str, member: Member) -> None:
    answer = alices.post(
        f"{url}members/", {"action": "ignore", "member": [str(member("cccccc").pk)], "node": "inner"}, follow=True
    )
    assert "1 account left out." in answer.content.decode()
    assert answer.redirect_chain[0][0] == f"{url}?under=inner"
    assert member("cccccc").state == "ignored"


def test_the_set_up_file_holds_my_external_id(alices: Client, url: str) -> None:
    answer = alices.get(f"{url}setup/by-hand/0/")
    assert re.search(r"open --all ca-[0-9a-f-]{36}", answer.content.decode())
    assert answer["Content-Disposition"] == 'attachment; filename="open-all.sh"'
    assert alices.get(f"{url}setup/by-hand/7/").status_code == 404


def test_export_streams_the_filtered_members_and_is_audited(alices: Client, url: str, tree: State) -> None:
    OrganizationMember.objects.filter(account_id="aaaaaa").update(name="=HYPERLINK(1)")
    answer = alices.get(url, {"state": "new", "format": "csv"})
    content: Iterator[bytes] = answer.streaming_content  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(b"".join(content).decode())))
    assert {row["account_id"]: row["container"] for row in rows} == {
        "aaaaaa": "The shelf", "bbbbbb": "upper", "cccccc": "inner",
    }  # fmt: skip
    assert "'=HYPERLINK(1)" in {row["name"] for row in rows}
    answer = alices.get(url, {"format": "json"})
    content = answer.streaming_content  # type: ignore[attr-defined]
    assert len(json.loads(b"".join(content))) == 4
    assert AuditEvent.objects.filter(action="export.taken").count() == 2


def test_looking_again_and_removing(alices: Client, url: str, organization: Organization) -> None:
    assert alices.post(f"{url}sync/").status_code == 302
    assert Organization.objects.get().sync_state == "queued"
    assert alices.get(f"{url}sync/").status_code == 405
    assert "Remove The shelf?" in body(alices, f"{url}remove/")
    assert Organization.objects.exists()
    assert alices.post(f"{url}remove/")["Location"] == "/organizations/"
    assert not Organization.objects.exists()


def test_removing_is_refused_while_members_depend_on_it(
    alices: Client, alice: User, url: str, connecting: CloudAccount, toy_account: MakeAccount
) -> None:
    toy_account(alice, account_id="cccccc", connection=connecting.pk)
    assert "1 account of it is connected" in body(alices, f"{url}remove/")
    alices.post(f"{url}remove/")
    assert Organization.objects.exists()


def test_a_failed_look_shows_cause_and_remedy(alices: Client, url: str) -> None:
    Organization.objects.update(code="x", cause="It is locked.", remedy="Unlock it.")
    text = body(alices, url)
    assert "It is locked." in text
    assert "Unlock it." in text


def test_the_panel_refreshes_the_page_when_the_look_has_ended(alices: Client, url: str) -> None:
    assert alices.get(f"{url}panel/")["HX-Refresh"] == "true"
    Organization.objects.update(sync_state="running")
    assert "HX-Refresh" not in alices.get(f"{url}panel/")


def test_hostile_names_are_text(alices: Client, url: str) -> None:
    OrganizationMember.objects.filter(account_id="aaaaaa").update(name="<script>alert(1)</script>")
    OrganizationMember.objects.filter(node_id="upper").update(name='"><img src=x onerror=1>', node_id='u"><b>&x=1')
    text = body(alices, url)
    assert "<script>alert(1)" not in text
    assert "<img" not in text
    assert "?under=u%22%3E%3Cb%3E%26x%3D1" in text


def test_a_member_says_whose_credential_it_uses(
    alices: Client, alice: User, organization: Organization, connecting: CloudAccount, toy_account: MakeAccount
) -> None:
    account = toy_account(alice, account_id="cccccc", connection=connecting.pk, credential_secretless=True)
    text = body(alices, f"/accounts/{account.pk}/panels/credential/")
    assert "the hub" in text
    assert f"/accounts/{connecting.pk}/" in text


def test_deleting_or_suspending_the_connection_tells_of_its_members(
    alices: Client, alice: User, organization: Organization, connecting: CloudAccount, toy_account: MakeAccount
) -> None:
    toy_account(alice, account_id="cccccc", connection=connecting.pk)
    answer = alices.post(f"/accounts/{connecting.pk}/delete/", {"confirm": "the hub"})
    assert answer.status_code == 422
    assert "1 other account is opened with this account" in answer.content.decode()
    assert "1 other account" in body(alices, f"/accounts/{connecting.pk}/suspend/")
