"""Mends what a kill, a lost message or a broker that was away left behind."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from cloudaccounts.accounts.rate_limits import TooManyAttemptsError
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from wizard.drafts.automatic_finish import finish_by_itself
from wizard.drafts.completion import complete, release
from wizard.drafts.editing import read_content
from wizard.drafts.errors import DraftNotFoundError, DraftUnreadableError
from wizard.drafts.validation import ATTEMPTS, NUDGE_AGAIN, give_up, nudge, request_validation
from wizard.models import PROOF_LIFETIME, ValidationState, WizardSession

FINISH_AGAIN = timedelta(seconds=30)
BATCH = 500

logger = logging.getLogger(__name__)


def reconcile() -> int:
    """Requeues validations of dead workers, nudges queued ones again, completes interrupted finishes. Counts all."""
    return (
        _lost_validations()
        + _unasked_companions()
        + _unheard_requests()
        + _interrupted_finishes()
        + _proven_companions()
    )


def _lost_validations() -> int:
    now, mended = timezone.now(), 0
    for draft in WizardSession.objects.filter(validation=ValidationState.RUNNING, lease_until__lt=now)[:BATCH]:
        if draft.attempts >= ATTEMPTS:
            mended += give_up(draft)
            continue
        # A growing report of the dead worker is not shown on: the next one starts from the first check.
        mended += WizardSession.objects.filter(
            pk=draft.pk, claim=draft.claim, validation=ValidationState.RUNNING, lease_until__lt=now
        ).update(validation=ValidationState.QUEUED, claim=None, lease_until=None, report={}, nudged_at=None)
    return mended


def _unasked_companions() -> int:
    """Those whose maker was killed before asking for their validation."""
    idle = WizardSession.objects.open().filter(validation=ValidationState.IDLE, finishing_at__isnull=True)
    asked = 0
    for draft in idle.filter(finishes_itself=True)[:BATCH]:
        try:
            request_validation(draft, read_content(draft), actor=Actor.from_dict(draft.finishing_actor))
            asked += 1
        except DraftUnreadableError as error:
            # The key may come back: then this goes on by itself.
            logger.warning("wizard.companion_unreadable", extra={"draft": str(draft.pk), "code": error.code})
        except TooManyAttemptsError:
            continue  # asked again until its turn comes
        except ProviderError as error:
            # Asking again would be refused again: it waits for a person among the drafts.
            logger.warning("wizard.companion_refused", extra={"draft": str(draft.pk), "code": error.code})
            WizardSession.objects.filter(pk=draft.pk).update(finishes_itself=False)
        except Exception:  # as in _interrupted_finishes
            logger.exception("wizard.companion_failed", extra={"draft": str(draft.pk)})
    return asked


def _unheard_requests() -> int:
    waiting = WizardSession.objects.filter(validation=ValidationState.QUEUED)
    unheard = waiting.exclude(nudged_at__gt=timezone.now() - NUDGE_AGAIN)
    return sum(nudge(key) for key in list(unheard.values_list("pk", flat=True)[:BATCH]))


def _interrupted_finishes() -> int:
    mended = 0
    began = timezone.now() - FINISH_AGAIN
    for draft in WizardSession.objects.filter(account__isnull=True, finishing_at__lt=began)[:BATCH]:
        if draft.finishing_attempts >= ATTEMPTS:
            # A defect of ours, or a kill each time. Held on to, the draft could neither be mended nor discarded.
            logger.error("wizard.finish_given_up", extra={"draft": str(draft.pk)})
            mended += release(draft, finishes_itself=False)
            continue
        # Counted before the try: one that kills its worker counts as well.
        WizardSession.objects.filter(pk=draft.pk).update(finishing_attempts=F("finishing_attempts") + 1)
        try:
            complete(draft)
            mended += 1
        except DraftNotFoundError:
            logger.info("wizard.finish_of_deleted_dropped", extra={"draft": str(draft.pk)})
        except ProviderError as error:
            # Released: the person finds the draft as it was and hears the reason when finishing again.
            logger.warning("wizard.finish_refused", extra={"draft": str(draft.pk), "code": error.code})
        except Exception:  # one draft's trouble must not keep the others waiting
            logger.exception("wizard.finish_failed", extra={"draft": str(draft.pk)})
    return mended


def _proven_companions() -> int:
    """Those whose worker was killed between the proof and the finish."""
    since = timezone.now() - PROOF_LIFETIME
    proven = WizardSession.objects.filter(validation=ValidationState.FINISHED, validated_at__gt=since)
    waiting = proven.filter(finishes_itself=True, account__isnull=True, finishing_at__isnull=True)
    return sum(finish_by_itself(key) for key in list(waiting.values_list("pk", flat=True)[:BATCH]))
