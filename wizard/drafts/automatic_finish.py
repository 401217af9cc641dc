"""What a worker does with a draft: validates it, then finishes it where no person is going to.

Drafts of related accounts (see `related_accounts`) are finished like that once they are proven.
"""

from __future__ import annotations

import logging
from uuid import UUID

from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.jobs.turns import WorkKind
from teams.scope import Scope
from wizard.drafts.completion import finish_draft
from wizard.drafts.errors import DraftNotFoundError
from wizard.drafts.validation import TASK, run_validation
from wizard.models import ValidationState, WizardSession

logger = logging.getLogger(__name__)


def validate_draft(draft_id: UUID) -> None:
    if run_validation(draft_id) is not None:
        finish_automatically(draft_id)


def finish_automatically(draft_id: UUID) -> bool:
    """Connects a proven draft that asks for it; whether it did. One that is not proven stays, with its report."""
    draft = WizardSession.objects.filter(pk=draft_id, account__isnull=True).first()
    # All from the row as it is now: a person may have changed the draft since, and then decides about finishing too.
    if draft is None or not draft.finishes_itself or draft.proof is None:
        return False
    try:
        finish_draft(draft_id, scope=Scope(draft.owner), actor=Actor.from_dict(draft.finishing_actor))
    except ProviderError as error:
        logger.warning("wizard.companion_not_finished", extra={"draft": str(draft_id), "code": error.code})
        return False
    except DraftNotFoundError:
        return False  # discarded meanwhile, or its account was deleted
    except Exception:
        # Not raised: the reconciler calls this for one draft after another. It repeats a finish that began, and gives
        # up after some tries.
        logger.exception("wizard.companion_failed", extra={"draft": str(draft_id)})
        return False
    return True


# A person waits in the wizard: one owner has a quarter of the queue's threads at most, and readiness reports a row that
# nobody serves after a minute (docs/decisions/0015).
VALIDATIONS = WorkKind(
    name="validations",
    queue="checks",
    task=TASK,
    waiting=lambda: WizardSession.objects.filter(validation=ValidationState.QUEUED),
    running=lambda: WizardSession.objects.filter(validation=ValidationState.RUNNING),
    run=validate_draft,
    part=1 / 4,
    late=60,
)
