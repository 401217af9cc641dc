"""What can be done with scans. Pages, API, admin, commands and tasks call these."""

from scans.services.fleet import follow_owner
from scans.services.reconcile import requeue_scans
from scans.services.requests import (
    cancel_active,
    cancel_scan,
    forget_account,
    rename_account,
    request_first_scan,
    request_scan,
)
from scans.services.running import run_scan

__all__ = [
    "cancel_active",
    "cancel_scan",
    "follow_owner",
    "forget_account",
    "rename_account",
    "request_first_scan",
    "request_scan",
    "requeue_scans",
    "run_scan",
]
