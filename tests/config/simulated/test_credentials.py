"""The page of the simulated clouds' credentials, and what its buttons do."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.models import CloudAccount
from tests.config.simulated.conftest import SECRET
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.pages import NAVIGATION
from wizard.drafts.editing import read_content
from wizard.models import ValidationState, WizardSession

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)

PAGE, GRANTED = "/sandbox/", "/sandbox/aws/everything-granted/"


def page_of(client: Client) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return answer.content.decode()


def part(page: str, title: str) -> str:
    """One entry of the list."""
    start = page.index(f'id="aws-{title}"')
    return page[start : page.index("</li>", start)]


@pytest.mark.parametrize("address", [PAGE, GRANTED])
def test_outside_the_sandbox_it_does_not_exist(
    described: Path, alices: Client, client: Client, settings: Settings, address: str
) -> None:
    settings.SANDBOX = False
    for anybody in (alices, client):
        assert anybody.get(address).status_code == 404
        assert anybody.post(address).status_code == 404
    assert not WizardSession.objects.exists()


def test_strangers_sign_in_first(described: Path, client: Client) -> None:
    answer = client.get(PAGE)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/login/?next={PAGE}")
    assert client.post(GRANTED).status_code == 302
    assert not WizardSession.objects.exists()


def test_it_lists_every_value_with_a_button_that_copies_it(described: Path, alices: Client) -> None:
    page = page_of(alices)
    assert "1111-2222-3333" in page
    for value in ("111122223333", "AKIA2222333344445555", SECRET):
        assert f'data-copy="{value}"' in page
    assert "not-for-pages" not in page


def test_commands_name_the_readers_own_external_id(described: Path, alice: User, alices: Client) -> None:
    page, mine = page_of(alices), external_id_for(str(alice.pk))
    assert f'data-copy="make role ACCOUNT=4444-5555-6666 EXTERNAL_ID={mine}"' in page
    assert f'data-copy="make organization EXTERNAL_ID={mine}"' in page
    assert "{external_id}" not in page


def test_what_shows_a_refusal_says_so(described: Path, alices: Client) -> None:
    page = page_of(alices)
    assert "shows what a refusal looks like" in part(page, "root-users-key")
    assert "shows what a refusal looks like" not in part(page, "everything-granted")


def test_what_is_connected_links_to_its_account(
    described: Path, alice: User, bob: User, alices: Client, make_account: MakeAccount
) -> None:
    account = make_account(alice, account_id="111122223333")
    make_account(bob, account_id="301030103010")
    page = page_of(alices)
    mine, bobs = part(page, "everything-granted"), part(page, "organization")
    assert f'href="/accounts/{account.pk}/"' in mine
    assert "Use in the wizard" not in mine
    assert "Use in the wizard" in bobs


def test_without_running_clouds_it_says_what_to_do(alices: Client, settings: Settings, tmp_path: Path) -> None:
    settings.SANDBOX_DESCRIPTION = tmp_path / "missing.json"
    assert "do not run at the moment" in page_of(alices)
    assert alices.post(GRANTED).status_code == 404


def use(client: Client, address: str) -> tuple[WizardSession, str]:
    """The draft that a button made, and where it leads."""
    answer = client.post(address)
    assert answer.status_code == 302
    draft_id, _, step = answer.headers["Location"].removeprefix("/wizard/").partition("/?step=")
    return WizardSession.objects.get(pk=UUID(draft_id)), step


def test_a_button_fills_a_draft_and_asks_for_its_validation(described: Path, alice: User, alices: Client) -> None:
    draft, step = use(alices, GRANTED)
    assert (draft.owner, step, draft.step) == (str(alice.pk), "validation", "validation")
    assert draft.validation == ValidationState.QUEUED
    details, credentials = read_content(draft).details(), read_content(draft).credentials()
    assert (details.account_id, details.name, details.regions) == ("111122223333", "data-platform", ("us-east-1",))
    assert credentials["secret_access_key"] == SECRET


def test_where_the_customer_comes_first_it_waits_at_the_method(described: Path, alice: User, alices: Client) -> None:
    draft, step = use(alices, "/sandbox/aws/cross-account-role/")
    assert step == "authentication"
    assert draft.validation == ValidationState.IDLE
    shown = alices.get(f"/wizard/{draft.pk}/?step=authentication").content.decode()
    assert "arn:aws:iam::444455556666:role/cloud-accounts-reader" in shown
    assert f"make role ACCOUNT=4444-5555-6666 EXTERNAL_ID={external_id_for(str(alice.pk))}" in shown


def test_what_was_connected_meanwhile_is_told_where_it_is_entered(
    described: Path, alice: User, alices: Client, make_account: MakeAccount
) -> None:
    make_account(alice, account_id="111122223333")
    draft, step = use(alices, GRANTED)
    assert step == "environment"
    assert draft.validation == ValidationState.IDLE


def test_an_entry_that_is_not_there_is_not_found(described: Path, alices: Client) -> None:
    assert alices.post("/sandbox/aws/no-such-thing/").status_code == 404
    assert alices.get(GRANTED).status_code == 405


def test_banner_and_wizard_lead_to_it(described: Path, alices: Client, client: Client, settings: Settings) -> None:
    link = 'href="/sandbox/"'
    draft, _ = use(alices, "/sandbox/aws/cross-account-role/")
    step = f"/wizard/{draft.pk}/?step=authentication"
    assert alices.get("/accounts/").content.decode().count(link) == 1
    assert alices.get(step).content.decode().count(link) == 2
    assert link not in client.get("/login/").content.decode()
    settings.SANDBOX = False
    assert link not in alices.get(step).content.decode()


def test_the_list_asks_for_all_accounts_at_once(
    described: Path, alices: Client, django_assert_max_num_queries: Any
) -> None:
    page_of(alices)
    with django_assert_max_num_queries(NAVIGATION + 2, using="cloud_security"):
        page_of(alices)
    assert not CloudAccount.objects.exists()
