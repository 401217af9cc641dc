"""Deleting drafts: by their owner, with their account or their owner, and when they expire."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from wizard.drafts.audit import audit_draft
from wizard.drafts.errors import DraftFinishingError
from wizard.models import WizardSession

ABANDONED = timedelta(hours=1)  # the reconciler ends a finish within minutes; one that old goes on no more


def discard_draft(draft: WizardSession, *, actor: Actor) -> None:
    """Deletes the draft and everything in it. Raises `DraftFinishingError`."""
    # Conditional, because it may have begun to finish since it was read.
    deleted, _ = WizardSession.objects.filter(pk=draft.pk, finishing_at__isnull=True).delete()
    if not deleted and WizardSession.objects.filter(pk=draft.pk).exists():
        raise DraftFinishingError
    # Audit events are in another database, and no transaction spans both: recorded once the draft is gone, so that no
    # event names a deletion that did not happen. A draft that nothing was entered into is not worth an event.
    if deleted and draft.data is not None and draft.provider:
        audit_draft(draft, actor, "draft.discarded", f"Draft and what was entered in it deleted by {actor.label}")


def delete_draft_of_account(account_id: UUID) -> None:
    """Deletes the draft that became this account, so that a finish cut short cannot bring a deleted account back."""
    WizardSession.objects.filter(pk=account_id).delete()


def delete_owner_records(owner: str) -> None:
    """Deletes the drafts of a user who is deleted, and the encrypted data in them."""
    WizardSession.objects.of(owner).delete()


def purge_expired() -> int:
    """Deletes expired drafts and the emptied rows of finished ones. Answers with their number."""
    now = timezone.now()
    # A draft that is being finished is left to the reconciler, unless that has had an hour.
    removable = Q(finishing_at__isnull=True) | Q(account__isnull=False) | Q(finishing_at__lt=now - ABANDONED)
    deleted, _ = WizardSession.objects.filter(removable, expires_at__lte=now).delete()
    return deleted
