"""Starting, opening and saving drafts.

Writes are conditional on the version that was read, so that two tabs never overwrite each other silently.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.crypto.fields import KeyringError, Sealed
from cloudaccounts.errors import TeamLimitError
from cloudaccounts.group_scope import asked_within, to_text
from cloudaccounts.operations.workers import confirm_key
from cloudaccounts.work.databases import DISCOVERY
from teams.scope import Scope
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

TOUCH_AFTER = timedelta(hours=1)  # a page that is only looked at prolongs a draft, but writes once an hour at most
RETRY_AFTER = 60  # seconds
# Columns of a draft whose present data no validation has been asked about. It clears ``claim`` as well: a worker that
# still validates the old data then writes nothing.
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
    """A draft's row, and its data decrypted."""

    row: WizardSession
    content: DraftContent


def create_wizard_session(
    scope: Scope, content: DraftContent | None = None, *, key: UUID | None = None, finish_as: Actor | None = None
) -> WizardSession:
    """Starts a draft, empty unless there is content for it already.

    ``key`` is its id, for callers that must not start a second one. With ``finish_as`` the draft finishes without a
    person once it is proven, in the name of that actor.
    Raises `DraftUnreadableError` where there is no encryption key, or one that does not open stored data;
    `TeamLimitError` where the owner has `TEAM_DRAFTS`; IntegrityError where a draft has the ``key``.
    """
    if wrong_key := confirm_key():
        # Encrypted with a wrong key, the draft could not be read once the right one is back.
        raise DraftUnreadableError(wrong_key)
    # Counted, then written: parallel calls may pass it by a few. It stands against drafts without end
    # (docs/threat-model.md), and need not be exact.
    if WizardSession.objects.of(scope.owner).open().count() >= settings.TEAM_DRAFTS:
        cause = f"There are {settings.TEAM_DRAFTS} drafts of yours already."
        raise TeamLimitError(cause, RETRY_AFTER, "Finish some of them, or discard what nobody needs any more.")
    content = content or DraftContent()
    # The id before the data, which is encrypted for this row alone.
    draft = WizardSession(id=key or uuid4(), owner=scope.owner, expires_at=new_expiry(), **_plain_columns(content))
    draft.limited_to = to_text(scope)
    draft.data = _seal(draft.pk, content)
    if finish_as is not None:
        draft.finishes_itself, draft.finishing_actor = True, finish_as.to_dict()
        draft.step = Step.VALIDATION
    # A savepoint: on PostgreSQL an IntegrityError would make every later statement of the caller's transaction fail.
    with transaction.atomic(using=DISCOVERY):
        draft.save(force_insert=True)
    return draft


def find_draft(draft_id: UUID, scope: Scope) -> WizardSession:
    """The scope's draft, without decrypting it. Raises as `open_draft` does, except `DraftUnreadableError`."""
    draft = asked_within(WizardSession.objects.filter(pk=draft_id), scope).first()
    if draft is None:
        raise DraftNotFoundError(draft_id)
    if draft.account is not None:
        raise DraftFinishedError(draft.account)
    # Finishing goes on after the draft expired: the person has done all that was asked of them.
    if draft.is_expired and not draft.is_finishing:
        raise DraftExpiredError
    return draft


def open_draft(draft_id: UUID, scope: Scope) -> OpenDraft:
    """Raises `DraftNotFoundError`, `DraftFinishedError`, `DraftExpiredError`, `DraftUnreadableError`."""
    draft = find_draft(draft_id, scope)
    return OpenDraft(draft, read_content(draft))


def read_content(draft: WizardSession) -> DraftContent:
    """Raises `DraftUnreadableError`."""
    # Only a finished draft has none: `completion.empty_draft` deleted what was entered.
    if draft.data is None:
        return DraftContent()
    try:
        return DraftContent.from_dict(draft.data.open(bound_to=draft.pk, column="data"))
    except KeyringError as error:
        raise DraftUnreadableError(error) from None


def save_step(draft: WizardSession, content: DraftContent, *, step: str, values: Values) -> OpenDraft:
    """Saves a valid step over the version that ``draft`` was read at.

    Saving what is stored already changes nothing, so that a form may be sent twice.
    Raises `DraftChangedError`, `DraftFinishingError`, `DraftUnreadableError`.
    """
    # Equal to what is accepted, and nothing newer was typed since: the version stays, so that a second tab may go on.
    if dict(content.step(step)) == dict(values) and step not in content.typed:
        return OpenDraft(draft, content)
    after = content.with_step(step, values)
    # A person works on it now, and decides about finishing too.
    changes: dict[str, Any] = {**_plain_columns(after), "finishes_itself": False}
    if after.validated_values() != content.validated_values():
        changes |= UNPROVEN | {"revision": draft.revision + 1}
    return _write(draft, after, changes)


def save_incomplete_step(draft: WizardSession, content: DraftContent, *, step: str, values: Values) -> OpenDraft:
    """Saves entries of a step that is not valid yet, for when the person comes back. Raises as `save_step`."""
    if content.typed.get(step) == values:
        return OpenDraft(draft, content)
    # No new revision: entries that were not accepted change nothing about what a validation has proven.
    return _write(draft, content.with_typed(step, values), {"finishes_itself": False})


def remember_step(draft: WizardSession, step: str) -> None:
    """Remembers where to resume, and prolongs a draft that is only looked at."""
    if draft.step != step or draft.expires_at < new_expiry() - TOUCH_AFTER:
        WizardSession.objects.filter(pk=draft.pk, account__isnull=True).update(step=step, expires_at=new_expiry())


def _write(draft: WizardSession, content: DraftContent, changes: dict[str, Any]) -> OpenDraft:
    changes |= {
        "data": _seal(draft.pk, content),
        "version": draft.version + 1,
        "updated_at": timezone.now(),
        "expires_at": new_expiry(),
    }
    same_version = WizardSession.objects.filter(pk=draft.pk, version=draft.version, finishing_at__isnull=True)
    if same_version.update(**changes) != 1:
        # Two conditions may have failed, and the person needs to know which.
        if WizardSession.objects.filter(pk=draft.pk, finishing_at__isnull=False).exists():
            raise DraftFinishingError
        raise DraftChangedError
    for name, value in changes.items():
        setattr(draft, name, value)
    return OpenDraft(draft, content)


def _plain_columns(content: DraftContent) -> dict[str, str]:
    """Columns that are not secret, for the list of drafts, which decrypts none of them."""
    return {
        "provider": content.text(Step.PROVIDER, "provider"),
        "account_id": content.text(Step.ENVIRONMENT, "account_id"),
        "name": content.text(Step.ENVIRONMENT, "name"),
    }


def _seal(draft_id: UUID, content: DraftContent) -> Sealed:
    try:
        return Sealed.seal(content.to_dict(), bound_to=draft_id, column="data")
    except KeyringError as error:
        raise DraftUnreadableError(error) from None
