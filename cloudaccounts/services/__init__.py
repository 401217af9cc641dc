"""What can be done with accounts. Pages, API, admin, commands and tasks call these and nothing below."""

from cloudaccounts.services import organizations
from cloudaccounts.services.accounts import (
    AccountDetails,
    add_cloud_account,
    check_account_exists,
    clean_details,
    update_account,
)
from cloudaccounts.services.checks import request_check, requeue_checks, run_check
from cloudaccounts.services.jobs import cancel_job, requeue_jobs, retry_failed, run_job, start_job
from cloudaccounts.services.lifecycle import delete_account, resume_account, suspend_account
from cloudaccounts.services.notices import tell
from cloudaccounts.services.opening import account_session
from cloudaccounts.services.owners import external_id_for
from cloudaccounts.services.server import (
    WorkerState,
    confirm_key,
    record_worker_heartbeat,
    refresh_server_identities,
    server_identity,
    worker_state,
)
from cloudaccounts.services.validation import validate_cloud_account, visible_accounts

__all__ = [
    "AccountDetails",
    "WorkerState",
    "account_session",
    "add_cloud_account",
    "cancel_job",
    "check_account_exists",
    "clean_details",
    "confirm_key",
    "delete_account",
    "external_id_for",
    "organizations",
    "record_worker_heartbeat",
    "refresh_server_identities",
    "request_check",
    "requeue_checks",
    "requeue_jobs",
    "resume_account",
    "retry_failed",
    "run_check",
    "run_job",
    "server_identity",
    "start_job",
    "suspend_account",
    "tell",
    "update_account",
    "validate_cloud_account",
    "visible_accounts",
    "worker_state",
]
