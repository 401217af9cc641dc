"""From a proven draft to an account, in steps that can each be repeated after a kill.

Drafts and accounts are in two databases, so no transaction spans them. A finish therefore begins by marking the draft
(`finishing_at`), then writes the account under the draft's own id, and empties the draft last. A kill after any of
these leaves the mark, by which the reconciler finds it; repeating the rest changes nothing that is done already.
"""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.errors import DuplicateAccountError
from cloudaccounts.lifecycle.adding import add_cloud_account
from cloudaccounts.models import CloudAccount
from cloudaccounts.organizations.grouping import add_to_group
from teams.scope import Scope
from wizard.drafts.editing import find_draft, read_content
from wizard.drafts.errors import DraftFinishedError, DraftNotFoundError, ProofError
from wizard.drafts.queries import account_exists, was_deleted
from wizard.drafts.removal import delete_draft_of_account
from wizard.models import Step, ValidationState, WizardSession, new_expiry


def finish_draft(draft_id: UUID, *, scope: Scope, actor: Actor) -> UUID:
    """Turns a proven draft into an account and answers with its id; a second call answers with the same id.

    Raises `ProofError`, `DuplicateAccountError`, `CredentialsUnreadableError` and other `ProviderError`s; the draft is
    then as it was. Raises `DraftNotFoundError` and `DraftExpiredError` as well.
    """
    try:
        draft = find_draft(draft_id, scope)
    except DraftFinishedError as finished:
        return finished.account
    if not draft.is_finishing:
        _require_proof(draft)
        # Only the revision that was proven: what a person changes in another tab at this moment must not be connected.
        # Whether this call or a second click wins does not matter, because both then complete the same draft.
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
            draft = find_draft(draft_id, scope)
        except DraftFinishedError as finished:
            return finished.account
        if not draft.is_finishing:
            _require_proof(draft)
            raise _not_validated()
    return complete_draft(draft)


def complete_draft(draft: WizardSession) -> UUID:
    """Writes credential and account and empties the draft: the rest of a finish that began.

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
        # The duplicate may be this draft's own account, which a parallel finish wrote a moment ago: that is success.
        if not account_exists(draft.owner, draft.pk):
            reopen_draft(draft)
            raise
    except ProviderError:
        reopen_draft(draft)
        raise
    if group := content.text(Step.ENVIRONMENT, "group"):
        _put_into(draft, group)
    # Last: until the account is written, what was entered is what a repeated finish makes it of.
    empty_draft(draft)
    return draft.pk


def _put_into(draft: WizardSession, group: str) -> None:
    """Repeatable. A group that was deleted meanwhile takes nothing in: the account is connected all the same."""
    account = CloudAccount.objects.of(draft.owner).filter(pk=draft.pk).first()
    if account is not None:
        add_to_group(account, group, actor=Actor.from_dict(draft.finishing_actor))


def empty_draft(draft: WizardSession) -> None:
    """Deletes everything that was entered. The row stays, so that links to the draft lead to its account."""
    WizardSession.objects.filter(pk=draft.pk).update(
        account=draft.pk,
        data=None,
        report={},
        others=[],
        claim=None,
        updated_at=timezone.now(),
        expires_at=new_expiry(),
    )


def reopen_draft(draft: WizardSession, **changes: object) -> bool:
    """Makes the draft one that can be changed again. False where somebody else finished it meanwhile."""
    # A finish that ran at the same moment may have emptied the draft: that one is an account, and stays one.
    unfinished = WizardSession.objects.filter(pk=draft.pk, account__isnull=True)
    return unfinished.update(finishing_at=None, finishing_attempts=0, **changes) == 1


def _refuse_deleted(draft: WizardSession) -> None:
    """A finish that was killed after it wrote the account is completed later; meanwhile its owner may have deleted it.

    Deleting the account deletes the draft as well, but ``draft`` may have been read before, or come back with a backup
    of the drafts' database. The audit events are kept with the accounts, and know in each case.
    """
    if was_deleted(draft.pk):
        delete_draft_of_account(draft.pk)
    if not WizardSession.objects.filter(pk=draft.pk).exists():
        raise DraftNotFoundError(draft.pk)


def _require_proof(draft: WizardSession) -> None:
    """Raises `ProofError` with what is missing for a proof."""
    if draft.proof is not None:
        return
    result = draft.result
    finished = draft.validation == ValidationState.FINISHED and result is not None
    if finished and result is not None and result.ok and not draft.proof_is_fresh:
        raise ProofError(
            "proof_too_old",
            "The validation is older than 15 minutes, so it is too old to show that access works now.",
            "Check again, then finish.",
        )
    if finished and result is not None and not result.ok:
        raise ProofError(result.code or "not_validated", result.cause, result.remedy)
    raise _not_validated()


def _not_validated() -> ProofError:
    return ProofError(
        "not_validated",
        "What is in this draft is not validated: it was changed after the validation, or none has run.",
        "Check again, then finish.",
    )
