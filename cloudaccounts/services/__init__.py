"""What can be done with accounts. Pages, API, admin, commands and tasks call these and nothing below."""

from cloudaccounts.services.accounts import (
    AccountDetails,
    add_cloud_account,
    check_account_exists,
    clean_details,
    update_account,
)
from cloudaccounts.services.checks import request_check, requeue_checks, run_check
from cloudaccounts.services.forgetting import purge_api_records
from cloudaccounts.services.health import purge_health_history
from cloudaccounts.services.heartbeats import run_heartbeats
from cloudaccounts.services.idempotency import begin_call
from cloudaccounts.services.intake import GivenAccount, read_credentials
from cloudaccounts.services.jobs import cancel_job, requeue_jobs, retry_failed, run_job, start_job
from cloudaccounts.services.lifecycle import delete_account, resume_account, suspend_account
from cloudaccounts.services.notices import tell
from cloudaccounts.services.onboarding import (
    change_account,
    check_now,
    onboard_account,
    prove_account,
    replace_given_credentials,
)
from cloudaccounts.services.opening import account_session
from cloudaccounts.services.owners import external_id_for
from cloudaccounts.services.reencryption import Reencryption, rotate_encryption_keys
from cloudaccounts.services.retiring import retire_credentials, tell_ages
from cloudaccounts.services.revalidation import revalidate_many, revalidate_now
from cloudaccounts.services.rotation import (
    discard_staged,
    replace_credentials,
    requeue_rotations,
    rollback_credential,
    run_rotation,
    stage_credential,
    start_rotation,
)
from cloudaccounts.services.server import (
    WorkerState,
    confirm_key,
    record_worker_heartbeat,
    refresh_server_identities,
    server_identity,
    worker_state,
)
from cloudaccounts.services.setup import retiring_guides, rotation_guides, setup_context
from cloudaccounts.services.tokens import create_token, find_token, revoke_token, token_of, tokens_of, use_token
from cloudaccounts.services.validation import validate_cloud_account, visible_accounts

__all__ = [
    "AccountDetails",
    "GivenAccount",
    "Reencryption",
    "WorkerState",
    "account_session",
    "add_cloud_account",
    "begin_call",
    "cancel_job",
    "change_account",
    "check_account_exists",
    "check_now",
    "clean_details",
    "confirm_key",
    "create_token",
    "delete_account",
    "discard_staged",
    "external_id_for",
    "find_token",
    "onboard_account",
    "prove_account",
    "purge_api_records",
    "purge_health_history",
    "read_credentials",
    "record_worker_heartbeat",
    "refresh_server_identities",
    "replace_credentials",
    "replace_given_credentials",
    "request_check",
    "requeue_checks",
    "requeue_jobs",
    "requeue_rotations",
    "resume_account",
    "retire_credentials",
    "retiring_guides",
    "retry_failed",
    "revalidate_many",
    "revalidate_now",
    "revoke_token",
    "rollback_credential",
    "rotate_encryption_keys",
    "rotation_guides",
    "run_check",
    "run_heartbeats",
    "run_job",
    "run_rotation",
    "server_identity",
    "setup_context",
    "stage_credential",
    "start_job",
    "start_rotation",
    "suspend_account",
    "tell",
    "tell_ages",
    "token_of",
    "tokens_of",
    "update_account",
    "use_token",
    "validate_cloud_account",
    "visible_accounts",
    "worker_state",
]
