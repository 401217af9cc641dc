"""The live validation of a draft: requested on its row, done by a worker, repeated when the worker dies."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction
from django.utils import timezone

from cloudaccounts import metrics
from cloudaccounts.accounts.rate_limits import begin_attempt
from cloudaccounts.accounts.resolution import ResolvedAccount, resolve_account
from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.report import CheckResult, CheckStatus, CloudValidationResult, ValidationProgress
from cloudaccounts.health.validation import validate_resolved, visible_accounts
from cloudaccounts.outages import unexpected
from cloudaccounts.work import messages
from cloudaccounts.work.databases import DISCOVERY, is_outage
from cloudaccounts.work.leases import Claim, LeaseKeeper
from wizard.drafts.audit import audit_draft
from wizard.drafts.draft_data import DraftContent
from wizard.drafts.editing import UNPROVEN, read_content
from wizard.drafts.queries import connected_among
from wizard.models import ValidationState, WizardSession, new_expiry

TASK = "wizard.validate"
ATTEMPTS = 3
NOTIFY_AGAIN = timedelta(seconds=20)
MAX_RELATED = 200  # accounts that are offered; people with more connect an organization
WRITE_EVERY = 0.2  # seconds between writes of a growing report

logger = logging.getLogger(__name__)


def request_validation(draft: WizardSession, content: DraftContent, *, actor: Actor = SYSTEM) -> None:
    """Queues a validation of the draft as it is now, unless one of the same data is under way.

    Audit events name ``actor`` as the one for whom the credentials are decrypted.
    Raises `TooManyAttemptsError` before anything is changed, so that a proof that still counts stays; other
    `ProviderError`s where the draft is not complete or its parts do not fit each other.
    """
    # All that can be refused without asking a cloud is refused here, while the person is on the page.
    account = resolve_account(draft.owner, content.details())
    content.credentials()  # raises where they do not fit
    begin_attempt(account, address=actor.address)  # a worker would refuse as well, but later and in its report
    now = timezone.now()
    queued = UNPROVEN | {
        "validation": ValidationState.QUEUED,
        "validation_revision": draft.revision,
        "requested_at": now,
        "asked_by": actor.to_dict(),
        "expires_at": new_expiry(),
    }
    # The message leaves after the commit: a worker that got it earlier would find the row not queued.
    with transaction.atomic(using=DISCOVERY):
        same_data = WizardSession.objects.filter(pk=draft.pk, revision=draft.revision, finishing_at__isnull=True)
        under_way = [ValidationState.QUEUED, ValidationState.RUNNING]
        if same_data.exclude(validation__in=under_way).update(**queued):
            # Not `messages.send_on_commit`: the page says it where the broker did not take the message.
            transaction.on_commit(partial(notify_worker, draft.pk), using=DISCOVERY)


def notify_worker(draft_id: UUID) -> bool:
    """Sends the message of a queued validation, and writes to the row whether the broker took it."""
    sent = messages.send(TASK, str(draft_id))
    WizardSession.objects.filter(pk=draft_id).update(nudged_at=timezone.now(), broker_refused=not sent)
    return sent


def run_validation(draft_id: UUID) -> CloudValidationResult | None:
    """Does a queued validation. None where it is not queued any more, or the draft changed while it ran."""
    rows = WizardSession.objects.filter(pk=draft_id)
    claim = Claim.take(
        rows.filter(validation=ValidationState.QUEUED), rows.filter(validation=ValidationState.RUNNING),
        validation=ValidationState.RUNNING, broker_refused=False,
    )  # fmt: skip
    draft = claim.rows.first() if claim is not None else None
    if claim is None or draft is None:
        return None
    try:
        with LeaseKeeper(claim.renew):
            report, others = _validate(draft, claim)
        metrics.observe_check(
            provider=draft.provider, kind="wizard", seconds=report.duration_ms / 1000, code=report.code
        )
        # Only with the claim: the result is dropped where the draft changed meanwhile, or another worker took over.
        stored = claim.write(
            validation=ValidationState.FINISHED, report=report.to_dict(), others=others, validated_at=timezone.now(),
            claim=None, lease_until=None,
        )  # fmt: skip
    except Exception as error:
        # What `_validate` leaves to another try, and what the outcome met while it was written.
        if not claim.outlives(error, tries=ATTEMPTS - draft.attempts, validation=ValidationState.QUEUED, report={}):
            raise
        return None
    return report if stored else None


def find_related_accounts(
    draft: WizardSession, account: ResolvedAccount, credentials: Credentials
) -> list[dict[str, Any]]:
    """The other accounts that the proven credential can see, without those that are connected already.

    Asks the network. Empty where the provider cannot list them.
    """
    try:
        visible = visible_accounts(account, credentials, limit=MAX_RELATED)
    except ProviderError as error:
        # The account itself is proven; that others cannot be listed takes nothing from it.
        logger.info("wizard.others_not_told", extra={"code": error.code})
        return []
    except Exception:  # a defect of ours takes nothing from it either
        logger.exception("wizard.others_failed", extra={"draft": str(draft.pk)})
        return []
    connected = connected_among(draft.owner, draft.provider, [account.account_id for account in visible])
    return [
        {"account_id": account.account_id, "name": account.name, "enabled": account.enabled}
        for account in visible
        if account.account_id not in {draft.account_id, *connected}
    ]


def fail_validation(draft: WizardSession) -> bool:
    """Ends a validation whose workers died, with a report that says so. False where one of them lives after all."""
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
    # By the claim as it was read: a worker that was only slow may have ended it, or the draft may have been changed.
    running = WizardSession.objects.filter(pk=draft.pk, claim=draft.claim, validation=ValidationState.RUNNING)
    return Claim(running).write(
        validation=ValidationState.FINISHED,
        report=progress.finish().to_dict(),
        validated_at=timezone.now(),
        claim=None,
        lease_until=None,
    )


def _validate(draft: WizardSession, claim: Claim) -> tuple[CloudValidationResult, list[dict[str, Any]]]:
    """The report, and the other accounts to offer where it is good: both by one decryption of the draft."""
    last_written = float("-inf")

    def write_progress(report: CloudValidationResult) -> None:
        nonlocal last_written
        if time.monotonic() - last_written < WRITE_EVERY:
            return
        last_written = time.monotonic()
        try:
            claim.write(report=report.to_dict())
        except DatabaseError:
            # The page misses one step. What counts is the report at the end, which is written by the caller.
            logger.warning("wizard.progress_not_written", exc_info=True)

    try:
        content = read_content(draft)
        # Recorded before the credentials are decrypted: the events are in another database, and where they cannot be
        # written the credentials must stay unused.
        asked_by = Actor.from_dict(draft.asked_by) if draft.asked_by else SYSTEM
        audit_draft(draft, asked_by, "draft.opened", "Credentials of a draft opened for validation")
        account, credentials = resolve_account(draft.owner, content.details()), content.credentials()
        report = validate_resolved(account, credentials, listen=write_progress, address=asked_by.address)
    except ProviderError as error:
        return _report_of(error), []
    except Exception as error:
        # Not raised: the row would wait for its lease to end, and after three tries the page would blame a dead worker.
        logger.exception("wizard.validation_failed", extra={"draft": str(draft.pk)})
        if is_outage(error) and draft.attempts < ATTEMPTS:
            raise
        ended = unexpected(error, "validation")
        remedy = f"Check again. If it ends like this once more, give the operator the id of this draft: {draft.pk}."
        return _report_of(ProviderError(ended.code, ended.cause, remedy, permanent=ended.permanent)), []
    # Inside the lease, because it asks the cloud too. A related account's draft offers no further ones.
    offered = report.ok and not draft.finishes_itself
    return report, find_related_accounts(draft, account, credentials) if offered else []


def _report_of(error: ProviderError) -> CloudValidationResult:
    """The report of a validation that could not start."""
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
