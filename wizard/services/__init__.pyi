from .companions import connect_others
from .contents import DraftContent, Value, Values
from .drafts import (
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
from .errors import (
    DraftChangedError,
    DraftExpiredError,
    DraftFinishedError,
    DraftFinishingError,
    DraftNotFoundError,
    DraftUnreadableError,
    ProofError,
)
from .finishing import finish_draft
from .proving import prove_draft
from .reconciling import reconcile
from .setup import setup_guides
from .validation import OFFERED, request_validation, run_validation

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
