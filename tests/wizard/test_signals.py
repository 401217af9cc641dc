"""A deleted account stays deleted, whatever became of the draft that it came from."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.lifecycle.state_changes import delete_account
from cloudaccounts.models import CloudAccount, CloudCredential
from teams.scope import Scope
from tests.wizard.conftest import Walk
from wizard.drafts import completion as draft_completion
from wizard.drafts.completion import finish_draft
from wizard.drafts.editing import create_wizard_session
from wizard.drafts.errors import DraftNotFoundError
from wizard.drafts.reconcile import reconcile
from wizard.models import WizardSession

ACTOR = Actor("1", "alice", "page", "127.0.0.1")


@pytest.fixture
def killed(proven_draft: Walk, alice: User, monkeypatch: pytest.MonkeyPatch) -> WizardSession:
    """The draft of a finish that was killed after the account was written and before the draft was emptied."""

    def kill(_: WizardSession) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(draft_completion, "empty_draft", kill)
        with pytest.raises(SystemExit):
            finish_draft(proven_draft.draft_id, scope=Scope(str(alice.pk)), actor=ACTOR)
    WizardSession.objects.update(finishing_at=timezone.now() - timedelta(minutes=1))
    return proven_draft.draft


def test_deleting_an_account_deletes_the_draft_that_it_came_from(killed: WizardSession) -> None:
    delete_account(CloudAccount.objects.get(), actor=ACTOR)
    assert not WizardSession.objects.exists()


def test_deleting_an_account_leaves_other_drafts_alone(killed: WizardSession, proven_draft: Walk) -> None:
    other = create_wizard_session(Scope(killed.owner))
    delete_account(CloudAccount.objects.get(), actor=ACTOR)
    assert WizardSession.objects.get() == other


def test_a_deleted_account_does_not_come_back_with_its_credential(killed: WizardSession) -> None:
    delete_account(CloudAccount.objects.get(), actor=ACTOR)
    reconcile()
    assert not CloudAccount.objects.exists()
    assert not CloudCredential.objects.exists()


def test_a_finish_that_read_its_draft_before_the_deletion_connects_nothing(killed: WizardSession) -> None:
    delete_account(CloudAccount.objects.get(), actor=ACTOR)
    with pytest.raises(DraftNotFoundError):
        draft_completion.complete_draft(killed)
    assert not CloudAccount.objects.exists()


def test_a_draft_that_came_back_with_a_backup_does_not_bring_its_deleted_account_back(killed: WizardSession) -> None:
    delete_account(CloudAccount.objects.get(), actor=ACTOR)
    killed.save(force_insert=True)
    reconcile()
    assert not CloudAccount.objects.exists()
    assert not WizardSession.objects.exists()
