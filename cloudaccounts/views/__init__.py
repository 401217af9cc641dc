"""The pages about accounts. Each asks selectors, or makes one call to a service."""

from cloudaccounts.views.account import account, account_history, account_panel
from cloudaccounts.views.account_list import account_list
from cloudaccounts.views.actions import (
    account_delete,
    account_edit,
    account_resume,
    account_revalidate,
    account_suspend,
)
from cloudaccounts.views.audit import audit_list
from cloudaccounts.views.dashboard import dashboard
from cloudaccounts.views.groups import (
    group,
    group_act,
    group_add,
    group_delete,
    group_edit,
    group_list,
    group_new,
    group_remove,
)
from cloudaccounts.views.jobs import job, job_cancel, job_panel, job_retry
from cloudaccounts.views.notices import notice_list
from cloudaccounts.views.organizations import (
    organization,
    organization_children,
    organization_connect,
    organization_list,
    organization_members,
    organization_panel,
    organization_remove,
    organization_setup,
    organization_sync,
)
from cloudaccounts.views.reauthenticate import confirm_password
from cloudaccounts.views.revalidation import accounts_revalidate
from cloudaccounts.views.rotate import (
    account_rotate,
    rotate_discard,
    rotate_file,
    rotate_method,
    rotate_panel,
    rotate_rollback,
    rotate_test,
)
from cloudaccounts.views.rotation import rotation
from cloudaccounts.views.tokens import token_create, token_revoke

__all__ = [
    "account",
    "account_delete",
    "account_edit",
    "account_history",
    "account_list",
    "account_panel",
    "account_resume",
    "account_revalidate",
    "account_rotate",
    "account_suspend",
    "accounts_revalidate",
    "audit_list",
    "confirm_password",
    "dashboard",
    "group",
    "group_act",
    "group_add",
    "group_delete",
    "group_edit",
    "group_list",
    "group_new",
    "group_remove",
    "job",
    "job_cancel",
    "job_panel",
    "job_retry",
    "notice_list",
    "organization",
    "organization_children",
    "organization_connect",
    "organization_list",
    "organization_members",
    "organization_panel",
    "organization_remove",
    "organization_setup",
    "organization_sync",
    "rotate_discard",
    "rotate_file",
    "rotate_method",
    "rotate_panel",
    "rotate_rollback",
    "rotate_test",
    "rotation",
    "token_create",
    "token_revoke",
]
