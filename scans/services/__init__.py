"""What can be done with scans and findings. Pages, API, admin, commands and tasks call these."""

from scans.services import fleet  # noqa: F401 # workers know its action by this
from scans.services.following import follow_account, forget_account
from scans.services.purging import purge_found, purge_scans
from scans.services.reconcile import requeue_scans
from scans.services.requests import cancel_active, cancel_scan, request_first_scan, request_scan
from scans.services.running import run_scan
from scans.services.scheduling import ensure_schedule, set_schedule, start_due_scans
from scans.services.suppressing import end_suppressions, suppress_findings, unsuppress_findings

__all__ = [
    "cancel_active",
    "cancel_scan",
    "end_suppressions",
    "ensure_schedule",
    "follow_account",
    "forget_account",
    "purge_found",
    "purge_scans",
    "request_first_scan",
    "request_scan",
    "requeue_scans",
    "run_scan",
    "set_schedule",
    "start_due_scans",
    "suppress_findings",
    "unsuppress_findings",
]
