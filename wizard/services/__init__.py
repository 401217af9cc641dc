"""What can be done with drafts. Pages, tasks, admin and commands call these."""

from wizard.services.companions import connect_others
from wizard.services.contents import DraftContent, Value, Values
from wizard.services.drafts import (
    OpenDraft,
    create_wizard_session,
    discard_draft,
    find_draft,
    forget_account,
    forget_owner,
    keep_typed,
    open_draft,
    purge_expired,
    remember_step,
    save_step,
)
from wizard.services.errors import (
    DraftChangedError,
    DraftExpiredError,
    DraftFinishedError,
    DraftFinishingError,
    DraftNotFoundError,
    DraftUnreadableError,
    ProofError,
)
from wizard.services.finishing import finish_draft
from wizard.services.proving import prove_draft
from wizard.services.reconciling import reconcile
from wizard.services.setup import setup_guides
from wizard.services.validation import OFFERED, request_validation, run_validation

__all__ = [
    "OFFERED",
    "DraftChangedError",
    "DraftContent",
    "DraftExpiredError",
    "DraftFinishedError",
    "DraftFinishingError",
    "DraftNotFoundError",
    "DraftUnreadableError",
    "OpenDraft",
    "ProofError",
    "Value",
    "Values",
    "connect_others",
    "create_wizard_session",
    "discard_draft",
    "find_draft",
    "finish_draft",
    "forget_account",
    "forget_owner",
    "keep_typed",
    "open_draft",
    "prove_draft",
    "purge_expired",
    "reconcile",
    "remember_step",
    "request_validation",
    "run_validation",
    "save_step",
    "setup_guides",
]
