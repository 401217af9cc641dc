"""Drafts in the admin: looked at, and deleted by the same rules as by their owner."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tests.wizard.conftest import Walk
from wizard.drafts.removal import discard_draft
from wizard.models import WizardSession

LIST = "/admin/wizard/wizardsession/"


@pytest.fixture
def olgas(operator: User, browser_of: Callable[[User], Client]) -> Client:
    return browser_of(operator)


def delete_selected(client: Client, walk: Walk) -> int:
    data = {"action": "delete_selected", "_selected_action": [str(walk.draft_id)], "post": "yes"}
    return client.post(LIST, data).status_code


def test_an_operator_deletes_a_draft(olgas: Client, aws_draft: Walk) -> None:
    assert delete_selected(olgas, aws_draft) == 302
    assert not WizardSession.objects.exists()


def test_a_draft_that_becomes_an_account_is_not_deleted(olgas: Client, aws_draft: Walk) -> None:
    WizardSession.objects.update(finishing_at=timezone.now())
    assert olgas.post(f"{LIST}{aws_draft.draft_id}/delete/", {"post": "yes"}).status_code == 403
    assert delete_selected(olgas, aws_draft) == 403
    assert WizardSession.objects.exists()


def test_a_draft_that_begins_to_become_an_account_after_the_page_asked_is_not_deleted_either(
    olgas: Client, aws_draft: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    discard = discard_draft

    def late(draft: WizardSession, **values: object) -> None:
        WizardSession.objects.update(finishing_at=timezone.now())
        discard(draft, **values)  # type: ignore[arg-type]

    monkeypatch.setattr("wizard.drafts.removal.discard_draft", late)
    page = olgas.post(f"{LIST}{aws_draft.draft_id}/delete/", {"post": "yes"}, follow=True).content.decode()
    assert "Data platform is not deleted. This draft is being turned into an account" in page
    assert WizardSession.objects.exists()
