"""From a proven draft to an account, in steps that can each be repeated after a kill."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.errors import DuplicateAccountError
from cloudaccounts.lifecycle.adding import add_cloud_account
from wizard.drafts.editing import find_draft, forget_account, read_content
from wizard.drafts.errors import DraftFinishedError, DraftNotFoundError, ProofError
from wizard.drafts.queries import account_exists, was_deleted
from wizard.models import ValidationState, WizardSession, new_expiry


def finish_draft(draft_id: UUID, *, owner: str, actor: Actor) -> UUID:
    """Turns a proven draft into an account and answers with its id; a second call answers with the same id.

    Raises `ProofError`, `DuplicateAccountError`, `CredentialsUnreadableError` and other `ProviderError`s; the draft is
    then as it was. Raises `DraftNotFoundError` and `DraftExpiredError` as well.
    """
    try:
        draft = find_draft(draft_id, owner)
    except DraftFinishedError as finished:
        return finished.account
    if not draft.is_finishing:
        _check_proof(draft)
        # Held to the revision that was proven. Losing it to a second click is fine: both finish the same.
        WizardSession.objects.filter(
            pk=draft.pk,
            revision=draft.revision,
            validation=ValidationState.FINISHED,
            validation_revision=draft.revision,
            finishing_at__isnull=True,
            account__isnull=True,
        ).update(
            finishing_at=timezone.now(),
            finishing_actor=actor.to_dict(),
            finishing_attempts=0,
            expires_at=new_expiry(),
        )
        try:
            draft = find_draft(draft_id, owner)
        except DraftFinishedError as finished:
            return finished.account
        if not draft.is_finishing:
            _check_proof(draft)
            raise _not_validated()
    return complete(draft)


def complete(draft: WizardSession) -> UUID:
    """Credential, account, emptying of the draft: the rest of a finish that began.

    Raises `ProviderError`, and `DraftNotFoundError` where the account that the draft became was deleted already.
    """
    _refuse_deleted(draft)
    try:
        content = read_content(draft)
        add_cloud_account(
            owner=draft.owner,
            actor=Actor.from_dict(draft.finishing_actor),
            details=content.details(),
            credentials=content.credentials(),
            report=CloudValidationResult.from_dict(draft.report),
            account_uuid=draft.pk,
        )
    except DuplicateAccountError:
        # A parallel finish of the same draft may have written the account between two looks.
        if not account_exists(draft.owner, draft.pk):
            release(draft)
            raise
    except ProviderError:
        release(draft)
        raise
    empty(draft)
    return draft.pk


def empty(draft: WizardSession) -> None:
    """Leaves the draft as a signpost to its account, with nothing of what was entered."""
    WizardSession.objects.filter(pk=draft.pk).update(
        account=draft.pk,
        data=None,
        report={},
        others=[],
        claim=None,
        updated_at=timezone.now(),
        expires_at=new_expiry(),
    )


def release(draft: WizardSession, **changes: object) -> bool:
    """Back to a draft that can be changed; whether it was not finished by somebody else meanwhile."""
    mine = WizardSession.objects.filter(pk=draft.pk, account__isnull=True)
    return mine.update(finishing_at=None, finishing_attempts=0, **changes) == 1


def _refuse_deleted(draft: WizardSession) -> None:
    """A finish killed after the account was written is completed later; meanwhile its owner may have deleted it.

    The deletion takes the draft with it, but ``draft`` may have been read before, or come back with a backup of the
    drafts' database: the trail, kept with the accounts, knows in each case.
    """
    if was_deleted(draft.pk):
        forget_account(draft.pk)
    if not WizardSession.objects.filter(pk=draft.pk).exists():
        raise DraftNotFoundError(draft.pk)


def _check_proof(draft: WizardSession) -> None:
    if draft.proof is not None:
        return
    result = draft.result
    finished = draft.validation == ValidationState.FINISHED and result is not None
    if finished and result is not None and result.ok and not draft.proof_is_fresh:
        raise ProofError(
            "proof_too_old",
            "The validation is older than 15 minutes, so it does not prove today's access any more.",
            "Check again, then finish.",
        )
    if finished and result is not None and not result.ok:
        raise ProofError(result.code or "not_validated", result.cause, result.remedy)
    raise _not_validated()


def _not_validated() -> ProofError:
    return ProofError(
        "not_validated",
        "What is in this draft is not proven: it was changed after the validation, or none has run.",
        "Check again, then finish.",
    )
