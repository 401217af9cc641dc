from .following import follow_account, forget_account
from .purging import purge_found, purge_scans
from .reconcile import requeue_scans
from .requests import cancel_active, cancel_scan, request_first_scan, request_scan
from .running import run_scan
from .scheduling import ensure_schedule, set_schedule, start_due_scans
from .suppressing import end_suppressions, suppress_findings, unsuppress_findings

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
