"""Mends what a kill, a lost message or a broker that was away left behind."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone

from cloudaccounts.contract import ProviderError
from wizard.models import PROOF_LIFETIME, ValidationState, WizardSession
from wizard.services.finishing import complete
from wizard.services.proving import finish_by_itself
from wizard.services.validation import ATTEMPTS, NUDGE_AGAIN, give_up, nudge

FINISH_AGAIN = timedelta(seconds=30)
BATCH = 500

logger = logging.getLogger(__name__)


def reconcile() -> int:
    """Requeues validations of dead workers, nudges queued ones again, completes interrupted finishes. Counts all."""
    return _lost_validations() + _unheard_requests() + _interrupted_finishes() + _proven_companions()


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


def _unheard_requests() -> int:
    waiting = WizardSession.objects.filter(validation=ValidationState.QUEUED)
    unheard = waiting.exclude(nudged_at__gt=timezone.now() - NUDGE_AGAIN)
    return sum(nudge(key) for key in list(unheard.values_list("pk", flat=True)[:BATCH]))


def _interrupted_finishes() -> int:
    mended = 0
    began = timezone.now() - FINISH_AGAIN
    for draft in WizardSession.objects.filter(account__isnull=True, finishing_at__lt=began)[:BATCH]:
        try:
            complete(draft)
            mended += 1
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
