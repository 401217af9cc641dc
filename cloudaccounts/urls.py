from django.urls import path

from cloudaccounts.web.lazy_views import Views

# Names of modules and not the modules: every command loads this list, and few show a page (docs/decisions/0012).
account_list = Views("cloudaccounts.views.account_list")
account = Views("cloudaccounts.views.account")
account_act = Views("cloudaccounts.views.account_act")
account_policy = Views("cloudaccounts.views.account_policy")
actions = Views("cloudaccounts.views.actions")
audit = Views("cloudaccounts.views.audit")
automatic_rotation = Views("cloudaccounts.views.automatic_rotation")
channels = Views("cloudaccounts.views.channels")
groups = Views("cloudaccounts.views.groups")
imports = Views("cloudaccounts.views.imports")
jobs = Views("cloudaccounts.views.jobs")
notices = Views("cloudaccounts.views.notices")
organization_rules = Views("cloudaccounts.views.organization_rules")
organizations = Views("cloudaccounts.views.organizations")
revalidation = Views("cloudaccounts.views.revalidation")
rotate = Views("cloudaccounts.views.rotate")
rotation = Views("cloudaccounts.views.rotation")
team = Views("cloudaccounts.views.team")
team_tokens = Views("cloudaccounts.views.team_tokens")
external_id = Views("cloudaccounts.views.external_id")
transfers = Views("cloudaccounts.views.transfers")
tokens = Views("cloudaccounts.views.tokens")

urlpatterns = [
    path("accounts/", account_list.account_list, name="accounts"),
    path("accounts/act/", account_act.accounts_act, name="accounts-act"),
    path("accounts/revalidate/", revalidation.accounts_revalidate, name="accounts-revalidate"),
    path("accounts/<uuid:account_id>/", account.account, name="account"),
    path("accounts/<uuid:account_id>/findings/", account.account, {"tab": "findings"}, name="account-findings"),
    path("accounts/<uuid:account_id>/assets/", account.account, {"tab": "assets"}, name="account-assets"),
    path("accounts/<uuid:account_id>/access/", account.account, {"tab": "access"}, name="account-access"),
    path("accounts/<uuid:account_id>/policy/", account_policy.account_policy, name="account-policy"),
    path("accounts/<uuid:account_id>/scans/", account.account, {"tab": "scans"}, name="account-scans"),
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
    path("accounts/<uuid:account_id>/rotation/", automatic_rotation.account_rotation, name="account-rotation"),
    path("accounts/<uuid:account_id>/rotation/begin/", automatic_rotation.rotation_begin, name="rotation-begin"),
    path("accounts/<uuid:account_id>/rotation/end/", automatic_rotation.rotation_end, name="rotation-end"),
    path(
        "accounts/<uuid:account_id>/rotation/<uuid:run_id>/settle/",
        automatic_rotation.rotation_settle,
        name="rotation-settle",
    ),
    path("rotation/", rotation.rotation, name="rotation"),
    path("rotation/standing-secrets/", rotation.standing_secrets, name="standing-secrets"),
    path("rotation/policy/", automatic_rotation.rotation_policy, name="rotation-policy"),
    path("groups/", groups.group_list, name="groups"),
    path("groups/new/", groups.group_new, name="group-new"),
    path("groups/<uuid:group_id>/", groups.group, name="group"),
    path("groups/<uuid:group_id>/edit/", groups.group_edit, name="group-edit"),
    path("groups/<uuid:group_id>/delete/", groups.group_delete, name="group-delete"),
    path("groups/<uuid:group_id>/add/", groups.group_add, name="group-add"),
    path("groups/<uuid:group_id>/remove/", groups.group_remove, name="group-remove"),
    path("groups/<uuid:group_id>/act/<slug:action>/", groups.group_act, name="group-act"),
    path("audit/", audit.audit_list, name="audit"),
    path("channels/", channels.channel_list, name="channels"),
    path("channels/new/<slug:kind>/", channels.channel_new, name="channel-new"),
    path("channels/<uuid:channel_id>/", channels.channel, name="channel"),
    path("channels/<uuid:channel_id>/test/", channels.channel_test, name="channel-test"),
    path("channels/<uuid:channel_id>/secret/", channels.channel_secret, name="channel-secret"),
    path("channels/<uuid:channel_id>/switch/", channels.channel_switch, name="channel-switch"),
    path("channels/<uuid:channel_id>/delete/", channels.channel_delete, name="channel-delete"),
    path("notices/", notices.notice_list, name="notices"),
    path("jobs/", jobs.job_list, name="jobs"),
    path("jobs/<uuid:job_id>/", jobs.job, name="job"),
    path("jobs/<uuid:job_id>/panel/", jobs.job_panel, name="job-panel"),
    path("jobs/<uuid:job_id>/cancel/", jobs.job_cancel, name="job-cancel"),
    path("jobs/<uuid:job_id>/retry/", jobs.job_retry, name="job-retry"),
    path("import/", imports.import_accounts, name="import"),
    path("import/template.<slug:kind>", imports.import_template, name="import-template"),
    path("import/<uuid:job_id>/", imports.import_job, name="import-job"),
    path("import/<uuid:job_id>/panel/", imports.import_panel, name="import-panel"),
    path("import/<uuid:job_id>/start/", imports.import_start, name="import-start"),
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
        "organizations/<uuid:organization_id>/rules/",
        organization_rules.organization_rules,
        name="organization-rules",
    ),
    path(
        "organizations/<uuid:organization_id>/members/", organizations.organization_members, name="organization-members"
    ),
    path(
        "organizations/<uuid:organization_id>/onboard/", organizations.organization_onboard, name="organization-onboard"
    ),
    path("organizations/<uuid:organization_id>/remove/", organizations.organization_remove, name="organization-remove"),
    path(
        "organizations/<uuid:organization_id>/setup/<slug:guide>/<int:number>/",
        organizations.organization_setup,
        name="organization-setup",
    ),
    path("profile/tokens/", tokens.token_create, name="token-create"),
    path("profile/tokens/<uuid:token_id>/revoke/", tokens.token_revoke, name="token-revoke"),
    path("team/", team.team, name="team"),
    path("team/switch/", team.team_switch, name="team-switch"),
    path("team/new/", team.team_new, name="team-new"),
    path("team/leave/", team.team_leave, name="team-leave"),
    path("team/external-id/", external_id.external_id, name="team-external-id"),
    path("team/rename/", team.team_rename, name="team-rename"),
    path("team/transfers/", transfers.transfers, name="team-transfers"),
    path("team/transfers/<uuid:offer_id>/accept/", transfers.accept, name="team-transfer-accept"),
    path("team/transfers/<uuid:offer_id>/decline/", transfers.decline, name="team-transfer-decline"),
    path("team/transfers/<uuid:offer_id>/cancel/", transfers.cancel, name="team-transfer-cancel"),
    path("team/invitations/", team.team_invite, name="team-invite"),
    path(
        "team/invitations/<uuid:invitation_id>/withdraw/",
        team.team_invitation_withdraw,
        name="team-invitation-withdraw",
    ),
    path(
        "team/invitations/<uuid:invitation_id>/send/",
        team.team_invitation_send,
        name="team-invitation-send",
    ),
    path("team/members/<slug:user>/", team.team_member, name="team-member"),
    path("team/members/<slug:user>/remove/", team.team_member_remove, name="team-member-remove"),
    path("team/tokens/", team_tokens.tokens, name="team-tokens"),
    path("team/tokens/new/", team_tokens.token_new, name="team-token-new"),
    path("team/tokens/<uuid:token_id>/revoke/", team_tokens.token_revoke, name="team-token-revoke"),
    path("invitations/<str:token>/", team.invitation, name="invitation"),
]
