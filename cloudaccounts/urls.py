from django.urls import path

from cloudaccounts.web.lazy_views import Views

# Names of modules and not the modules: every command loads this list, and few show a page (docs/decisions/0012).
account_list = Views("cloudaccounts.views.account_list")
account = Views("cloudaccounts.views.account")
actions = Views("cloudaccounts.views.actions")
audit = Views("cloudaccounts.views.audit")
dashboard = Views("cloudaccounts.views.dashboard")
groups = Views("cloudaccounts.views.groups")
jobs = Views("cloudaccounts.views.jobs")
notices = Views("cloudaccounts.views.notices")
organizations = Views("cloudaccounts.views.organizations")
reauthenticate = Views("cloudaccounts.views.reauthenticate")
revalidation = Views("cloudaccounts.views.revalidation")
rotate = Views("cloudaccounts.views.rotate")
rotation = Views("cloudaccounts.views.rotation")
tokens = Views("cloudaccounts.views.tokens")

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("accounts/", account_list.account_list, name="accounts"),
    path("accounts/revalidate/", revalidation.accounts_revalidate, name="accounts-revalidate"),
    path("accounts/<uuid:account_id>/", account.account, name="account"),
    path("accounts/<uuid:account_id>/panels/<slug:name>/", account.account_panel, name="account-panel"),
    path("accounts/<uuid:account_id>/history/", account.account_history, name="account-history"),
    path("accounts/<uuid:account_id>/edit/", actions.account_edit, name="account-edit"),
    path("accounts/<uuid:account_id>/revalidate/", actions.account_revalidate, name="account-revalidate"),
    path("accounts/<uuid:account_id>/suspend/", actions.account_suspend, name="account-suspend"),
    path("accounts/<uuid:account_id>/resume/", actions.account_resume, name="account-resume"),
    path("accounts/<uuid:account_id>/delete/", actions.account_delete, name="account-delete"),
    path("accounts/<uuid:account_id>/rotate/", rotate.account_rotate, name="account-rotate"),
    path("accounts/<uuid:account_id>/rotate/method/", rotate.rotate_method, name="rotate-method"),
    path("accounts/<uuid:account_id>/rotate/panel/", rotate.rotate_panel, name="rotate-panel"),
    path("accounts/<uuid:account_id>/rotate/test/", rotate.rotate_test, name="rotate-test"),
    path("accounts/<uuid:account_id>/rotate/discard/", rotate.rotate_discard, name="rotate-discard"),
    path("accounts/<uuid:account_id>/rotate/rollback/", rotate.rotate_rollback, name="rotate-rollback"),
    path(
        "accounts/<uuid:account_id>/rotate/setup/<slug:method>/<slug:guide>/<int:number>/",
        rotate.rotate_file,
        name="rotate-setup-file",
    ),
    path("rotation/", rotation.rotation, name="rotation"),
    path("confirm/", reauthenticate.confirm_password, name="confirm-password"),
    path("groups/", groups.group_list, name="groups"),
    path("groups/new/", groups.group_new, name="group-new"),
    path("groups/<uuid:group_id>/", groups.group, name="group"),
    path("groups/<uuid:group_id>/edit/", groups.group_edit, name="group-edit"),
    path("groups/<uuid:group_id>/delete/", groups.group_delete, name="group-delete"),
    path("groups/<uuid:group_id>/add/", groups.group_add, name="group-add"),
    path("groups/<uuid:group_id>/remove/", groups.group_remove, name="group-remove"),
    path("groups/<uuid:group_id>/act/<slug:action>/", groups.group_act, name="group-act"),
    path("audit/", audit.audit_list, name="audit"),
    path("notices/", notices.notice_list, name="notices"),
    path("jobs/<uuid:job_id>/", jobs.job, name="job"),
    path("jobs/<uuid:job_id>/panel/", jobs.job_panel, name="job-panel"),
    path("jobs/<uuid:job_id>/cancel/", jobs.job_cancel, name="job-cancel"),
    path("jobs/<uuid:job_id>/retry/", jobs.job_retry, name="job-retry"),
    path("organizations/", organizations.organization_list, name="organizations"),
    path("organizations/connect/", organizations.organization_connect, name="organization-connect"),
    path("organizations/<uuid:organization_id>/", organizations.organization, name="organization"),
    path(
        "organizations/<uuid:organization_id>/children/",
        organizations.organization_children,
        name="organization-children",
    ),
    path("organizations/<uuid:organization_id>/panel/", organizations.organization_panel, name="organization-panel"),
    path("organizations/<uuid:organization_id>/sync/", organizations.organization_sync, name="organization-sync"),
    path(
        "organizations/<uuid:organization_id>/members/", organizations.organization_members, name="organization-members"
    ),
    path("organizations/<uuid:organization_id>/remove/", organizations.organization_remove, name="organization-remove"),
    path(
        "organizations/<uuid:organization_id>/setup/<slug:guide>/<int:number>/",
        organizations.organization_setup,
        name="organization-setup",
    ),
    path("profile/tokens/", tokens.token_create, name="token-create"),
    path("profile/tokens/<uuid:token_id>/revoke/", tokens.token_revoke, name="token-revoke"),
]
