from . import organizations
from .accounts import (
    AccountDetails,
    add_cloud_account,
    check_account_exists,
    clean_details,
    update_account,
)
from .checks import request_check, requeue_checks, run_check
from .delivery import deliver_notices, waiting_digests
from .exporting import record_export
from .fleet import (
    OF_ALL,
    FleetAction,
    fleet_actions,
    is_permitted,
    needs_password,
    offers,
    revalidate_many,
    start_fleet_action,
)
from .forgetting import purge_api_records
from .groups import (
    CIRCLE,
    GROUP_LIMIT,
    add_members,
    create_group,
    delete_group,
    find_groups,
    in_group,
    remove_members,
    set_groups,
    update_group,
)
from .health import purge_health_history
from .heartbeats import run_heartbeats
from .idempotency import begin_call
from .intake import GivenAccount, read_credentials
from .jobs import cancel_job, requeue_jobs, retry_failed, run_job, start_job
from .leaving import forget_owner
from .lifecycle import delete_account, resume_account, suspend_account
from .notices import mark_read, tell
from .onboarding import (
    change_account,
    check_now,
    onboard_account,
    prove_account,
    replace_given_credentials,
)
from .opening import account_session
from .owners import external_id_for
from .passwords import after_user_is_saved, before_user_is_saved, password_changed_by
from .purging import Purged, old_history, purge_history
from .recipients import muted_kinds, set_wanted_kinds
from .reencryption import Reencryption, rotate_encryption_keys
from .retiring import retire_credentials, tell_ages
from .revalidation import revalidate_now
from .rotation import (
    discard_staged,
    replace_credentials,
    requeue_rotations,
    rollback_credential,
    run_rotation,
    stage_credential,
    start_rotation,
)
from .server import (
    WorkerState,
    confirm_key,
    record_worker_heartbeat,
    refresh_server_identities,
    server_identity,
    worker_state,
)
from .setup import retiring_guides, rotation_guides, setup_context
from .signing_in import (
    record_failed_login,
    record_login,
    record_logout,
    record_password_change,
)
from .sweeping import sweep_credentials
from .tokens import create_token, find_token, revoke_token, token_of, tokens_of, use_token
from .transfer import TransferReport, check_new_owner, transfer_account, transfer_accounts
from .validation import validate_cloud_account, visible_accounts

__all__ = [
    "CIRCLE",
    "GROUP_LIMIT",
    "OF_ALL",
    "AccountDetails",
    "FleetAction",
    "GivenAccount",
    "Purged",
    "Reencryption",
    "TransferReport",
    "WorkerState",
    "account_session",
    "add_cloud_account",
    "add_members",
    "after_user_is_saved",
    "before_user_is_saved",
    "begin_call",
    "cancel_job",
    "change_account",
    "check_account_exists",
    "check_new_owner",
    "check_now",
    "clean_details",
    "confirm_key",
    "create_group",
    "create_token",
    "delete_account",
    "delete_group",
    "deliver_notices",
    "discard_staged",
    "external_id_for",
    "find_groups",
    "find_token",
    "fleet_actions",
    "forget_owner",
    "in_group",
    "is_permitted",
    "mark_read",
    "muted_kinds",
    "needs_password",
    "offers",
    "old_history",
    "onboard_account",
    "organizations",
    "password_changed_by",
    "prove_account",
    "purge_api_records",
    "purge_health_history",
    "purge_history",
    "read_credentials",
    "record_export",
    "record_failed_login",
    "record_login",
    "record_logout",
    "record_password_change",
    "record_worker_heartbeat",
    "refresh_server_identities",
    "remove_members",
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
    "set_groups",
    "set_wanted_kinds",
    "setup_context",
    "stage_credential",
    "start_fleet_action",
    "start_job",
    "start_rotation",
    "suspend_account",
    "sweep_credentials",
    "tell",
    "tell_ages",
    "token_of",
    "tokens_of",
    "transfer_account",
    "transfer_accounts",
    "update_account",
    "update_group",
    "use_token",
    "validate_cloud_account",
    "visible_accounts",
    "waiting_digests",
    "worker_state",
]
