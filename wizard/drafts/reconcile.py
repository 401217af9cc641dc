"""Repairs drafts after a kill, a lost message or a broker that was down. The scheduler runs it every 15 seconds.

Each function finds one kind of interruption by what stands on the row, and repeats the step that was interrupted.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from cloudaccounts.accounts.rate_limits import TooManyAttemptsError
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.jobs.turns import to_announce
from cloudaccounts.work.leases import give_back
from wizard.drafts.automatic_finish import finish_automatically
from wizard.drafts.completion import complete_draft, reopen_draft
from wizard.drafts.editing import read_content
from wizard.drafts.errors import DraftNotFoundError, DraftUnreadableError
from wizard.drafts.validation import ATTEMPTS, NOTIFY_AGAIN, fail_validation, notify_worker, request_validation
from wizard.models import PROOF_LIFETIME, ValidationState, WizardSession

FINISH_AGAIN = timedelta(seconds=30)  # longer than a finish takes, so that one under way is not repeated
RESEND = 50  # messages at a time: each only says that there is work
BATCH = 500  # drafts of each kind in one round; the others have their turn 15 seconds later

logger = logging.getLogger(__name__)


def reconcile() -> int:
    """Answers with the number of drafts that it did something with."""
    return (
        # Lost validations before the messages: those that are queued again here get theirs in the same round.
        _requeue_lost_validations()
        + _request_missing_validations()
        + _notify_workers()
        + _complete_interrupted_finishes()
        + _finish_proven_drafts()
    )


def _requeue_lost_validations() -> int:
    """Validations whose worker let its lease end: queued again, and failed after three tries."""
    now, handled = timezone.now(), 0
    for draft in WizardSession.objects.filter(validation=ValidationState.RUNNING, lease_until__lt=now)[:BATCH]:
        if draft.attempts >= ATTEMPTS:
            handled += fail_validation(draft)
            continue
        # By claim and lease as they were read: a worker that was only slow, and renewed meanwhile, keeps its draft.
        # The dead worker's report is emptied, because the next one starts from the first check.
        lost = WizardSession.objects.filter(
            pk=draft.pk, claim=draft.claim, validation=ValidationState.RUNNING, lease_until__lt=now
        )
        handled += give_back(lost, validation=ValidationState.QUEUED, report={})
    return handled


def _request_missing_validations() -> int:
    """Drafts of related accounts that were started, but whose validation was not requested any more."""
    idle = WizardSession.objects.open().filter(validation=ValidationState.IDLE, finishing_at__isnull=True)
    requested = 0
    for draft in idle.filter(finishes_itself=True)[:BATCH]:
        try:
            request_validation(draft, read_content(draft), actor=Actor.from_dict(draft.finishing_actor))
            requested += 1
        except DraftUnreadableError as error:
            # The encryption key may come back: the draft is asked for again in each round.
            logger.warning("wizard.companion_unreadable", extra={"draft": str(draft.pk), "code": error.code})
        except TooManyAttemptsError:
            continue  # until the rate limit lets it through
        except ProviderError as error:
            # It would be refused again: from now on it waits for a person, among the drafts.
            logger.warning("wizard.companion_refused", extra={"draft": str(draft.pk), "code": error.code})
            WizardSession.objects.filter(pk=draft.pk).update(finishes_itself=False)
        except Exception:  # one draft's defect must not keep the others waiting
            logger.exception("wizard.companion_failed", extra={"draft": str(draft.pk)})
    return requested


def _notify_workers() -> int:
    """Sends the message of each queued validation again that had none for a while. One too many does no harm."""
    queued = WizardSession.objects.filter(validation=ValidationState.QUEUED)
    waiting = queued.exclude(nudged_at__gt=timezone.now() - NOTIFY_AGAIN)
    return sum(notify_worker(key) for key in to_announce(waiting, most=RESEND))


def _complete_interrupted_finishes() -> int:
    handled = 0
    began_before = timezone.now() - FINISH_AGAIN
    for draft in WizardSession.objects.filter(account__isnull=True, finishing_at__lt=began_before)[:BATCH]:
        if draft.finishing_attempts >= ATTEMPTS:
            # A defect of ours, or a kill each time. A draft that is being finished can neither be changed nor
            # discarded, so it is given back to its owner.
            logger.error("wizard.finish_given_up", extra={"draft": str(draft.pk)})
            handled += reopen_draft(draft, finishes_itself=False)
            continue
        # Counted before the try, so that one that kills this worker is counted too.
        WizardSession.objects.filter(pk=draft.pk).update(finishing_attempts=F("finishing_attempts") + 1)
        try:
            complete_draft(draft)
            handled += 1
        except DraftNotFoundError:
            logger.info("wizard.finish_of_deleted_dropped", extra={"draft": str(draft.pk)})
        except ProviderError as error:
            # `complete_draft` reopened it: its owner finds it as it was, and reads the reason when finishing again.
            logger.warning("wizard.finish_refused", extra={"draft": str(draft.pk), "code": error.code})
        except Exception:  # one draft's defect must not keep the others waiting
            logger.exception("wizard.finish_failed", extra={"draft": str(draft.pk)})
    return handled


def _finish_proven_drafts() -> int:
    """Drafts of related accounts whose worker was killed between the proof and the finish."""
    # Younger than a proof may be: an older one would only be refused, in each round again.
    since = timezone.now() - PROOF_LIFETIME
    proven = WizardSession.objects.filter(validation=ValidationState.FINISHED, validated_at__gt=since)
    waiting = proven.filter(finishes_itself=True, account__isnull=True, finishing_at__isnull=True)
    return sum(finish_automatically(key) for key in list(waiting.values_list("pk", flat=True)[:BATCH]))
