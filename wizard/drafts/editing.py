"""A draft's life: started, opened, saved, discarded, purged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.crypto.fields import KeyringError, Sealed
from cloudaccounts.operations.workers import confirm_key
from cloudaccounts.work.databases import DISCOVERY
from wizard.drafts.draft_data import DraftContent, Values
from wizard.drafts.errors import (
    DraftChangedError,
    DraftExpiredError,
    DraftFinishedError,
    DraftFinishingError,
    DraftNotFoundError,
    DraftUnreadableError,
)
from wizard.models import Step, ValidationState, WizardSession, new_expiry

TOUCH_AFTER = timedelta(hours=1)
ABANDONED = timedelta(hours=1)  # a finish that long ago goes on no more
# The state of a draft whose data no validation has looked at.
UNPROVEN: dict[str, Any] = {
    "validation": ValidationState.IDLE,
    "validation_revision": None,
    "report": {},
    "claim": None,
    "attempts": 0,
    "asked_by": {},
    "nudged_at": None,
    "broker_refused": False,
    "lease_until": None,
    "validated_at": None,
    "others": [],
}


@dataclass(frozen=True, slots=True)
class OpenDraft:
    row: WizardSession
    content: DraftContent


def create_wizard_session(
    owner: str, content: DraftContent | None = None, *, key: UUID | None = None, finish_as: Actor | None = None
) -> WizardSession:
    """Starts a draft, empty unless there is content for it already.

    Raises `DraftUnreadableError` where there is no key to seal it with, or one that does not open what is stored;
    IntegrityError where a draft has the ``key``.
    """
    if wrong_key := confirm_key():
        # Sealed beside data that this key does not open, the draft would be lost once the right key is back.
        raise DraftUnreadableError(wrong_key)
    content = content or DraftContent()
    draft = WizardSession(id=key or uuid4(), owner=owner, expires_at=new_expiry(), **_shown(content))
    draft.data = _seal(draft.pk, content)
    if finish_as is not None:
        draft.finishes_itself, draft.finishing_actor = True, finish_as.to_dict()
        draft.step = Step.VALIDATION
    with transaction.atomic(using=DISCOVERY):  # a key that is taken spoils no transaction of the caller
        draft.save(force_insert=True)
    return draft


def find_draft(draft_id: UUID, owner: str) -> WizardSession:
    """The owner's draft, unopened. Raises as `open_draft` does, except for what only opening can tell."""
    draft = WizardSession.objects.of(owner).filter(pk=draft_id).first()
    if draft is None:
        raise DraftNotFoundError(draft_id)
    if draft.account is not None:
        raise DraftFinishedError(draft.account)
    if draft.is_expired and not draft.is_finishing:
        raise DraftExpiredError
    return draft


def open_draft(draft_id: UUID, owner: str) -> OpenDraft:
    """Raises `DraftNotFoundError`, `DraftFinishedError`, `DraftExpiredError`, `DraftUnreadableError`."""
    draft = find_draft(draft_id, owner)
    return OpenDraft(draft, read_content(draft))


def read_content(draft: WizardSession) -> DraftContent:
    """Raises `DraftUnreadableError`."""
    if draft.data is None:
        return DraftContent()
    try:
        return DraftContent.from_dict(draft.data.open(bound_to=draft.pk))
    except KeyringError as error:
        raise DraftUnreadableError(error) from None


def save_step(draft: WizardSession, content: DraftContent, *, step: str, values: Values) -> OpenDraft:
    """Saves an accepted step over the version that ``draft`` was read at.

    Saving what is stored already changes nothing, so that a form sent twice is the same as once.
    Raises `DraftChangedError`, `DraftFinishingError`, `DraftUnreadableError`.
    """
    if dict(content.step(step)) == dict(values) and step not in content.typed:
        return OpenDraft(draft, content)
    after = content.with_step(step, values)
    # A draft that somebody works on is finished by that person, not by itself.
    changes: dict[str, Any] = {**_shown(after), "finishes_itself": False}
    if after.proven_part() != content.proven_part():
        changes |= UNPROVEN | {"revision": draft.revision + 1}
    return _write(draft, after, changes)


def keep_typed(draft: WizardSession, content: DraftContent, *, step: str, values: Values) -> OpenDraft:
    """Keeps what was entered in a step that is not complete, for when the person comes back. Raises as `save_step`."""
    if content.typed.get(step) == values:
        return OpenDraft(draft, content)
    return _write(draft, content.with_typed(step, values), {"finishes_itself": False})


def remember_step(draft: WizardSession, step: str) -> None:
    """Where to resume. Also keeps a draft alive that is only looked at."""
    if draft.step != step or draft.expires_at < new_expiry() - TOUCH_AFTER:
        WizardSession.objects.filter(pk=draft.pk, account__isnull=True).update(step=step, expires_at=new_expiry())


def discard_draft(draft: WizardSession, *, actor: Actor) -> None:
    """Deletes the draft and everything in it. Raises `DraftFinishingError`."""
    deleted, _ = WizardSession.objects.filter(pk=draft.pk, finishing_at__isnull=True).delete()
    if not deleted and WizardSession.objects.filter(pk=draft.pk).exists():
        raise DraftFinishingError
    # The trail is in another database: told once it is true, since no transaction spans both. A draft that nobody has
    # entered anything into is nothing to tell of.
    if deleted and draft.data is not None and draft.provider:
        audit_draft(draft, actor, "draft.discarded", f"Draft and what was entered in it deleted by {actor.label}")


def forget_account(account: UUID) -> None:
    """Removes the draft that became this account: a finish cut short must not bring a deleted account back."""
    WizardSession.objects.filter(pk=account).delete()


def delete_owner_records(owner: str) -> None:
    """Removes the drafts of a user who is deleted, and what is sealed in them."""
    WizardSession.objects.of(owner).delete()


def audit_draft(draft: WizardSession, actor: Actor, action: str, text: str) -> None:
    """A draft's id becomes its account's: the trail of the two is one."""
    record_event(actor=actor, owner=draft.owner, action=action, text=text, account=draft.pk, label=str(draft))


def purge_expired() -> int:
    """Deletes expired drafts and the emptied rows of finished ones.

    Those being finished are left to the reconciler, which ends that within minutes; where it did not within an hour,
    they go as well.
    """
    now = timezone.now()
    idle = Q(finishing_at__isnull=True) | Q(account__isnull=False) | Q(finishing_at__lt=now - ABANDONED)
    deleted, _ = WizardSession.objects.filter(idle, expires_at__lte=now).delete()
    return deleted


def _write(draft: WizardSession, content: DraftContent, changes: dict[str, Any]) -> OpenDraft:
    changes |= {
        "data": _seal(draft.pk, content),
        "version": draft.version + 1,
        "updated_at": timezone.now(),
        "expires_at": new_expiry(),
    }
    mine = WizardSession.objects.filter(pk=draft.pk, version=draft.version, finishing_at__isnull=True)
    if mine.update(**changes) != 1:
        if WizardSession.objects.filter(pk=draft.pk, finishing_at__isnull=False).exists():
            raise DraftFinishingError
        raise DraftChangedError
    for name, value in changes.items():
        setattr(draft, name, value)
    return OpenDraft(draft, content)


def _shown(content: DraftContent) -> dict[str, str]:
    """What the list of drafts shows without opening them."""
    return {
        "provider": content.text(Step.PROVIDER, "provider"),
        "account_id": content.text(Step.ENVIRONMENT, "account_id"),
        "name": content.text(Step.ENVIRONMENT, "name"),
    }


def _seal(draft_id: UUID, content: DraftContent) -> Sealed:
    try:
        return Sealed.seal(content.to_dict(), bound_to=draft_id)
    except KeyringError as error:
        raise DraftUnreadableError(error) from None
