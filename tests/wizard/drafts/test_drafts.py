"""A draft's life: listed, resumed, discarded, expired."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.operations.workers import confirm_key
from teams.scope import Scope
from tests.wizard.conftest import ENVIRONMENT, Start, Walk
from wizard import tasks
from wizard.drafts.editing import create_wizard_session
from wizard.drafts.removal import purge_expired
from wizard.models import WizardSession


def expire(walk: Walk) -> None:
    WizardSession.objects.filter(pk=walk.draft_id).update(expires_at=timezone.now() - timedelta(seconds=1))


def test_the_wizard_needs_a_signed_in_person(client: Client) -> None:
    assert client.get("/wizard/")["Location"].startswith("/login/")
    assert client.post("/wizard/")["Location"].startswith("/login/")


def test_starting_makes_a_draft_that_expires_after_seven_days(alices: Client, start: Start) -> None:
    left = start(alices).draft.expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


def test_a_draft_resumes_where_it_was_left_after_a_new_login(alice: User, aws_draft: Walk) -> None:
    aws_draft.client.logout()
    again = Client()
    again.force_login(alice)
    assert "How should we sign in to AWS?" in again.get(aws_draft.url).content.decode()


def test_a_draft_left_at_an_earlier_step_resumes_there(aws_draft: Walk) -> None:
    aws_draft.show("provider")
    assert "Which cloud" in aws_draft.client.get(aws_draft.url).content.decode()


def test_showing_a_draft_resets_nothing(aws_draft: Walk) -> None:
    aws_draft.show()
    page = aws_draft.show("environment")
    assert 'value="111122223333"' in page


def test_two_drafts_in_two_tabs_never_mix(alices: Client, start: Start, aws_draft: Walk) -> None:
    other = start(alices)
    other.accept("provider", {"provider": "aws"})
    other.accept("environment", {**ENVIRONMENT, "account_id": "444455556666", "name": "Other"})
    assert 'value="111122223333"' in aws_draft.show("environment")
    assert 'value="444455556666"' in other.show("environment")


def test_the_list_shows_drafts_without_opening_them(aws_draft: Walk, settings: Any) -> None:
    settings.CREDENTIAL_ENCRYPTION_KEYS = []
    page = aws_draft.client.get("/wizard/").content.decode()
    assert "Data platform" in page
    assert "1111-2222-3333" in page


@pytest.mark.parametrize("path", ["", "regions/", "method/", "validation/", "discard/", "setup/access_keys/cli/0/"])
def test_another_owners_draft_is_not_found(aws_draft: Walk, bobs: Client, path: str) -> None:
    assert bobs.get(aws_draft.url + path).status_code == 404


@pytest.mark.parametrize("path", ["", "validate/", "discard/"])
def test_another_owners_draft_takes_no_post(aws_draft: Walk, bobs: Client, path: str) -> None:
    assert bobs.post(aws_draft.url + path).status_code == 404
    assert WizardSession.objects.filter(pk=aws_draft.draft_id).exists()


def test_a_superuser_sees_no_other_owners_draft(
    aws_draft: Walk, operator: User, browser_of: Callable[[User], Client]
) -> None:
    assert browser_of(operator).get(aws_draft.url).status_code == 404


def test_a_draft_that_never_was_is_not_found(alices: Client) -> None:
    assert alices.get(f"/wizard/{uuid4()}/").status_code == 404


def test_discarding_asks_first(aws_draft: Walk) -> None:
    assert (
        "Everything entered in this draft is deleted"
        in aws_draft.client.get(f"{aws_draft.url}discard/").content.decode()
    )
    assert WizardSession.objects.filter(pk=aws_draft.draft_id).exists()


def test_discarding_deletes_the_draft(aws_draft: Walk) -> None:
    aws_draft.client.post(f"{aws_draft.url}discard/")
    assert not WizardSession.objects.filter(pk=aws_draft.draft_id).exists()


def test_a_deleted_user_leaves_no_drafts(aws_draft: Walk, alice: User, bob: User) -> None:
    bobs_draft = create_wizard_session(Scope(str(bob.pk)))
    alice.delete()
    assert [draft.pk for draft in WizardSession.objects.all()] == [bobs_draft.pk]


def test_an_expired_draft_is_gone_with_a_friendly_page(aws_draft: Walk) -> None:
    expire(aws_draft)
    response = aws_draft.client.get(aws_draft.url)
    assert response.status_code == 410
    assert "Start again; nothing was connected." in response.content.decode()


def test_an_expired_draft_takes_no_post(aws_draft: Walk) -> None:
    expire(aws_draft)
    assert aws_draft.send("environment", {**ENVIRONMENT, "name": "Late"}).status_code == 410
    assert aws_draft.draft.name == "Data platform"


def test_work_on_a_draft_extends_its_life(aws_draft: Walk) -> None:
    WizardSession.objects.filter(pk=aws_draft.draft_id).update(expires_at=timezone.now() + timedelta(hours=1))
    aws_draft.show()
    assert aws_draft.draft.expires_at - timezone.now() > timedelta(days=6)


def test_the_purge_deletes_expired_drafts_and_no_others(aws_draft: Walk, alices: Client, start: Start) -> None:
    old = start(alices)
    expire(old)
    assert tasks.purge() == 1
    assert WizardSession.objects.get().pk == aws_draft.draft_id


def test_the_purge_leaves_a_draft_that_is_being_finished(aws_draft: Walk) -> None:
    WizardSession.objects.filter(pk=aws_draft.draft_id).update(finishing_at=timezone.now())
    expire(aws_draft)
    assert purge_expired() == 0


def test_the_purge_command_says_how_many(aws_draft: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    expire(aws_draft)
    call_command("purge_wizard_sessions")
    assert capsys.readouterr().out == "1 expired draft deleted.\n"


def test_without_the_key_a_draft_says_so_instead_of_failing(aws_draft: Walk, settings: Any) -> None:
    settings.CREDENTIAL_ENCRYPTION_KEYS = []
    page = aws_draft.client.get(aws_draft.url).content.decode()
    assert "The encryption key is missing" in page
    assert "The draft itself is kept as it is" in page


def test_with_the_wrong_key_a_draft_says_so_and_opens_again_with_the_right_one(aws_draft: Walk, settings: Any) -> None:
    right = settings.CREDENTIAL_ENCRYPTION_KEYS
    settings.CREDENTIAL_ENCRYPTION_KEYS = ["A" * 43 + "="]
    assert "No encryption key of this server opens" in aws_draft.client.get(aws_draft.url).content.decode()
    settings.CREDENTIAL_ENCRYPTION_KEYS = right
    assert "How should we sign in" in aws_draft.show()


def test_without_the_key_no_draft_is_started(alices: Client, settings: Any) -> None:
    settings.CREDENTIAL_ENCRYPTION_KEYS = []
    page = alices.post("/wizard/", follow=True).content.decode()
    assert "No draft can be kept. The encryption key is missing" in page
    assert not WizardSession.objects.exists()


def test_with_a_key_that_does_not_open_what_is_stored_no_draft_is_started(alices: Client, settings: Any) -> None:
    assert confirm_key() is None
    settings.CREDENTIAL_ENCRYPTION_KEYS = ["A" * 43 + "="]
    page = alices.post("/wizard/", follow=True).content.decode()
    assert "No draft can be kept. No encryption key of this server opens what is stored." in page
    assert not WizardSession.objects.exists()


def test_a_failure_that_no_view_expects_is_a_page_that_says_why(
    aws_draft: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ProviderError("odd", "Something is odd.", "Look again.")

    monkeypatch.setattr("wizard.views.presentation.setup_guides", refuse)
    response = aws_draft.client.get(aws_draft.url)
    assert response.status_code == 200
    page = response.content.decode()
    assert "This page cannot be shown" in page
    assert "Something is odd.</b> Look again." in page


def test_an_operator_sees_a_draft_without_what_was_entered(
    aws_draft: Walk, operator: User, browser_of: Callable[[User], Client]
) -> None:
    page = browser_of(operator).get(f"/admin/wizard/wizardsession/{aws_draft.draft_id}/change/").content.decode()
    assert "Data platform" in page
    assert "gAAAA" not in page


def test_a_drafts_pages_stay_out_of_caches(aws_draft: Walk) -> None:
    assert "no-store" in aws_draft.client.get(aws_draft.url)["Cache-Control"]
