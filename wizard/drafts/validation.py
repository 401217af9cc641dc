"""The live validation of a draft: asked for on its row, done by a worker, noticed when the worker dies."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.db import DatabaseError, transaction
from django.utils import timezone

from cloudaccounts import metrics
from cloudaccounts.accounts.details import clean_details
from cloudaccounts.accounts.rate_limits import refuse_too_many_attempts
from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.report import CheckResult, CheckStatus, CloudValidationResult, ValidationProgress
from cloudaccounts.errors import defect
from cloudaccounts.health.validation import validate_cloud_account, visible_accounts
from cloudaccounts.work import leases, messages
from cloudaccounts.work.databases import DISCOVERY
from wizard.drafts.draft_data import DraftContent
from wizard.drafts.editing import UNPROVEN, audit_draft, read_content
from wizard.drafts.queries import connected_among
from wizard.models import ValidationState, WizardSession, new_expiry

TASK = "wizard.validate"
ATTEMPTS = 3
NUDGE_AGAIN = timedelta(seconds=20)
OFFERED = 200  # accounts; who has more connects an organization
SHOW_EVERY = 0.2  # seconds between writes of a growing report

logger = logging.getLogger(__name__)


def request_validation(draft: WizardSession, content: DraftContent, *, actor: Actor = SYSTEM) -> None:
    """Asks a worker to prove the draft as it is now. While a validation of the same data is under way, it is that one.

    The audit names ``actor`` as the one for whom the credentials are opened.
    Raises `TooManyAttemptsError` before anything is touched, a proof that still counts included; other `ProviderError`s
    where the draft is not complete or its parts do not fit each other.
    """
    details = clean_details(content.details())
    content.credentials()
    refuse_too_many_attempts(owner=draft.owner, provider=details.provider, account_id=details.account_id)
    now = timezone.now()
    asked = UNPROVEN | {
        "validation": ValidationState.QUEUED,
        "validation_revision": draft.revision,
        "requested_at": now,
        "asked_by": actor.to_dict(),
        "expires_at": new_expiry(),
    }
    with transaction.atomic(using=DISCOVERY):
        mine = WizardSession.objects.filter(pk=draft.pk, revision=draft.revision, finishing_at__isnull=True)
        under_way = [ValidationState.QUEUED, ValidationState.RUNNING]
        if mine.exclude(validation__in=under_way).update(**asked):
            # Not dispatch.send_on_commit: its answer is needed, to tell on the page that the broker is down.
            transaction.on_commit(partial(nudge, draft.pk), using=DISCOVERY)


def nudge(draft_id: UUID) -> bool:
    """Tells the workers of a queued validation; whether the broker took the message stands on the row."""
    sent = messages.send(TASK, str(draft_id))
    WizardSession.objects.filter(pk=draft_id).update(nudged_at=timezone.now(), broker_refused=not sent)
    return sent


def run_validation(draft_id: UUID) -> CloudValidationResult | None:
    """Does a queued validation. None where it is not queued any more, or the draft changed while it ran."""
    claim = uuid4()
    claimed = WizardSession.objects.filter(pk=draft_id, validation=ValidationState.QUEUED).update(
        validation=ValidationState.RUNNING, claim=claim, lease_until=leases.fresh(), broker_refused=False
    )
    draft = WizardSession.objects.filter(pk=draft_id, claim=claim).first() if claimed else None
    if draft is None:
        return None
    _update(draft_id, claim, attempts=draft.attempts + 1)
    with leases.LeaseKeeper(lambda: _update(draft_id, claim, lease_until=leases.fresh())):
        report = _prove(draft, claim)
        others = find_others(draft) if report.ok and not draft.finishes_itself else []
    metrics.observe_check(provider=draft.provider, kind="wizard", seconds=report.duration_ms / 1000, code=report.code)
    # Held to the claim: dropped where the person changed the draft meanwhile, or another worker took over.
    stored = _update(
        draft_id,
        claim,
        validation=ValidationState.FINISHED,
        report=report.to_dict(),
        others=others,
        validated_at=timezone.now(),
        claim=None,
        lease_until=None,
    )
    return report if stored else None


def find_others(draft: WizardSession) -> list[dict[str, Any]]:
    """The other accounts that the proven credential sees, to be offered; without what is connected already.

    Asks the network; empty where the provider does not tell.
    """
    try:
        content = read_content(draft)
        seen = visible_accounts(
            owner=draft.owner,
            details=clean_details(content.details()),
            credentials=content.credentials(),
            limit=OFFERED,
        )
    except ProviderError as error:
        # The account itself is proven; that its neighbours cannot be listed takes nothing from it.
        logger.info("wizard.others_not_told", extra={"code": error.code})
        return []
    except Exception:  # a defect of ours takes nothing from it either
        logger.exception("wizard.others_failed", extra={"draft": str(draft.pk)})
        return []
    connected = connected_among(draft.owner, draft.provider, [other.account_id for other in seen])
    return [
        {"account_id": other.account_id, "name": other.name, "enabled": other.enabled}
        for other in seen
        if other.account_id not in {draft.account_id, *connected}
    ]


def give_up(draft: WizardSession) -> bool:
    """Ends a validation whose workers died, with a report that says so."""
    progress = ValidationProgress()
    progress.done(
        CheckResult(
            name="worker",
            title="Validation",
            status=CheckStatus.FAILED,
            code="worker_died",
            cause=f"Our own worker stopped {ATTEMPTS} times during this validation. It is not your credentials' fault.",
            remedy="Check again. If it happens again, the operator finds the reason in the worker's log.",
            retry_helps=True,
        )
    )
    ended = WizardSession.objects.filter(pk=draft.pk, claim=draft.claim, validation=ValidationState.RUNNING).update(
        validation=ValidationState.FINISHED,
        report=progress.finish().to_dict(),
        validated_at=timezone.now(),
        claim=None,
        lease_until=None,
    )
    return ended == 1


def _prove(draft: WizardSession, claim: UUID) -> CloudValidationResult:
    last_shown = float("-inf")

    def show(report: CloudValidationResult) -> None:
        nonlocal last_shown
        if time.monotonic() - last_shown < SHOW_EVERY:
            return
        last_shown = time.monotonic()
        try:
            _update(draft.pk, claim, report=report.to_dict())
        except DatabaseError:
            # Only the display misses a step: what counts is the report at the end.
            logger.warning("wizard.progress_not_written", exc_info=True)

    try:
        content = read_content(draft)
        # Told before it is done: in another database, so that a failure here must leave the credentials unused.
        asked_by = Actor.from_dict(draft.asked_by) if draft.asked_by else SYSTEM
        audit_draft(draft, asked_by, "draft.opened", "Credentials of a draft opened for validation")
        return validate_cloud_account(
            owner=draft.owner,
            details=clean_details(content.details()),
            credentials=content.credentials(),
            listen=show,
        )
    except ProviderError as error:
        return _refused(error)
    except Exception:
        # Raised on, it would leave the row to its lease: three tries later the page would speak of a dead worker.
        logger.exception("wizard.validation_failed", extra={"draft": str(draft.pk)})
        ours = defect("validation")
        remedy = f"Check again. If it ends like this once more, give the operator the id of this draft: {draft.pk}."
        return _refused(ProviderError(ours.code, ours.cause, remedy, permanent=ours.permanent))


def _refused(error: ProviderError) -> CloudValidationResult:
    """The report of a validation that could not begin."""
    progress = ValidationProgress()
    progress.done(
        CheckResult(
            name="start",
            title="Start",
            status=CheckStatus.FAILED,
            code=error.code,
            cause=error.cause,
            remedy=error.remedy,
            sdk_error=error.sdk_error,
            retry_helps=not error.permanent,
        )
    )
    return progress.finish()


def _update(draft_id: UUID, held: UUID, /, **changes: object) -> bool:
    """Writes only while this try holds the draft."""
    mine = WizardSession.objects.filter(pk=draft_id, claim=held, validation=ValidationState.RUNNING)
    return mine.update(**changes) == 1
