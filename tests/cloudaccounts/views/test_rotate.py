"""The page that replaces a credential."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.models import CloudAccount, CloudCredential, CredentialRotation
from cloudaccounts.rotation.verify import run_rotation
from cloudaccounts.web import reauthentication
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
WORD = "a-word-that-nobody-may-see"


@pytest.fixture
def account(alice: User, toy_account: MakeAccount) -> CloudAccount:
    return toy_account(alice)


def url(account: CloudAccount, rest: str = "") -> str:
    return f"/accounts/{account.pk}/rotate/{rest}"


def give(client: Client, account: CloudAccount, token: str = WORD, **more: Any) -> Any:
    return client.post(url(account), {"method": "token", "token-token": token}, **more)


def work() -> None:
    for rotation in CredentialRotation.objects.filter(state="queued"):
        run_rotation(rotation.pk)


@pytest.fixture
def stale(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From then on the password was entered too long ago."""

    def pass_time() -> None:
        monkeypatch.setattr(reauthentication, "LASTS", 0.0)

    return pass_time


def test_what_is_entered_is_tested_and_put_into_use(alices: Client, account: CloudAccount, toycloud: State) -> None:
    toycloud.good_token = WORD
    assert give(alices, account)["Location"] == url(account)
    page = alices.get(url(account)).content.decode()
    assert "Testing the new credential" in page
    assert 'id="new-credential"' not in page
    work()
    page = alices.get(url(account)).content.decode()
    assert "Nothing was interrupted" in page
    assert "Roll back to it" in page
    assert CloudCredential.objects.get().generation == 1
    assert WORD not in page


def test_a_refused_one_shows_its_report_and_can_be_tested_again(alices: Client, account: CloudAccount) -> None:
    give(alices, account)
    work()
    page = alices.get(url(account)).content.decode()
    assert "Not replaced: the old credential stays in use." in page
    assert "does not know this token" in page
    assert "Test again" in page
    assert WORD not in page
    alices.post(url(account, "test/"))
    assert CredentialRotation.objects.get().state == "queued"


def test_it_can_be_discarded(alices: Client, account: CloudAccount) -> None:
    give(alices, account)
    page = alices.post(url(account, "discard/"), follow=True).content.decode()
    assert "is deleted here" in page
    assert CloudCredential.objects.get().staged is None


def test_an_incomplete_form_is_refused_and_nothing_stored(alices: Client, account: CloudAccount) -> None:
    response = give(alices, account, "")
    assert response.status_code == 422
    assert CloudCredential.objects.get().staged is None


def test_a_refused_entry_never_comes_back_in_the_page(alices: Client, account: CloudAccount) -> None:
    response = give(alices, account, WORD * 20)  # too long
    assert response.status_code == 422
    assert WORD not in response.content.decode()


def test_rolling_back_goes_through_the_same_test(alices: Client, account: CloudAccount, toycloud: State) -> None:
    toycloud.good_token = WORD
    give(alices, account)
    work()
    toycloud.good_token = "let-me-in"
    alices.post(url(account, "rollback/"))
    assert "Testing the previous credential" in alices.get(url(account)).content.decode()
    work()
    assert "Rolled back" in alices.get(url(account)).content.decode()
    assert CloudCredential.objects.get().generation == 2


def test_the_panel_follows_the_test_and_reloads_the_page_at_its_end(
    alices: Client, account: CloudAccount, toycloud: State
) -> None:
    toycloud.good_token = WORD
    give(alices, account)
    answer = alices.get(url(account, "panel/?watching"))
    assert 'hx-trigger="every 1s"' in answer.content.decode()
    assert "HX-Refresh" not in answer
    work()
    answer = alices.get(url(account, "panel/?watching"))
    assert answer["HX-Refresh"] == "true"
    assert "hx-trigger" not in answer.content.decode()


def test_a_method_without_a_secret_is_suggested(alices: Client, alice: User, make_account: MakeAccount) -> None:
    keys = make_account(alice)
    page = alices.get(url(keys)).content.decode()
    assert "<b>Cross-account role</b> needs no secret" in page
    assert "aws iam create-access-key --user-name cloud-accounts-reader" in page
    role = make_account(alice, secretless=True)
    assert "needs no secret, and so" not in alices.get(url(role)).content.decode()


def test_choosing_another_method_shows_its_own_instructions(
    alices: Client, alice: User, make_account: MakeAccount
) -> None:
    keys = make_account(alice)
    part = alices.get(url(keys, "method/?method=cross_account_role")).content.decode()
    assert "Role ARN" in part
    assert external_id_for(str(alice.pk)) in part
    assert "<html" not in part
    assert "Role ARN" in alices.post(url(keys), {"method": "cross_account_role", "show": "method"}).content.decode()


def test_its_files_can_be_downloaded(alices: Client, alice: User, make_account: MakeAccount) -> None:
    role = make_account(alice, secretless=True)
    download = alices.get(url(role, "setup/access_keys/cli/0/"))
    assert "attachment" in download["Content-Disposition"]
    assert b"aws iam create-user" in download.content
    assert alices.get(url(role, "setup/access_keys/cli/9/")).status_code == 404
    assert alices.get(url(role, "setup/nothing/cli/0/")).status_code == 404


def test_the_account_page_leads_here(alices: Client, account: CloudAccount) -> None:
    assert url(account) in alices.get(f"/accounts/{account.pk}/").content.decode()


def test_the_dashboard_leads_here_for_what_is_due(alices: Client, alice: User, make_account: MakeAccount) -> None:
    old = make_account(alice, age_days=95)
    assert url(old) in alices.get("/").content.decode()


# --- the password, again --------------------------------------------------------------------------------------------


def test_without_a_recent_password_it_is_stored_sealed_and_waits(
    alices: Client, account: CloudAccount, toycloud: State, stale: Callable[[], None]
) -> None:
    toycloud.good_token = WORD
    stale()
    assert give(alices, account)["Location"].startswith("/confirm/?next=%2Faccounts%2F")
    assert CloudCredential.objects.get().staged is not None
    assert CredentialRotation.objects.get().state == "staged"
    assert alices.post(url(account, "test/"))["Location"].startswith("/confirm/")
    assert CredentialRotation.objects.get().state == "staged"
    assert all(WORD not in str(session.get_decoded()) for session in Session.objects.all())


def test_after_the_password_it_goes_on(
    alices: Client, account: CloudAccount, toycloud: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    toycloud.good_token = WORD
    with monkeypatch.context() as patched:
        patched.setattr(reauthentication, "LASTS", 0.0)
        where = give(alices, account)["Location"]
    back = alices.post(where, {"password": "alice-knows-this", "next": url(account)})
    assert back["Location"] == url(account)
    assert "Test and replace now" in alices.get(url(account)).content.decode()
    alices.post(url(account, "test/"))
    work()
    assert CloudCredential.objects.get().generation == 1


def test_rolling_back_asks_as_well(
    alices: Client, account: CloudAccount, toycloud: State, stale: Callable[[], None]
) -> None:
    toycloud.good_token = WORD
    give(alices, account)
    work()
    stale()
    assert alices.post(url(account, "rollback/"))["Location"].startswith("/confirm/")
    assert CredentialRotation.objects.count() == 1


def test_one_that_reads_less_is_asked_about_with_what_goes_blind(
    alices: Client, account: CloudAccount, toycloud: State
) -> None:
    CloudAccount.objects.update(proven_permissions=["boxes:Open"])
    toycloud.good_token, toycloud.denied = WORD, ["boxes:Open"]
    give(alices, account)
    work()
    page = alices.get(url(account)).content.decode()
    assert "the new credential reads less" in page
    assert "boxes:Open" in page
    assert "Replace all the same" in page
    alices.post(url(account, "test/"), {"accept_loss": "yes"})
    work()
    assert CloudCredential.objects.get().generation == 1
    assert "Nothing was interrupted" in alices.get(url(account)).content.decode()
