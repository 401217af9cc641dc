from django.urls import path

from cloudaccounts import views

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("accounts/", views.account_list, name="accounts"),
    path("accounts/revalidate/", views.accounts_revalidate, name="accounts-revalidate"),
    path("accounts/<uuid:account_id>/", views.account, name="account"),
    path("accounts/<uuid:account_id>/panels/<slug:name>/", views.account_panel, name="account-panel"),
    path("accounts/<uuid:account_id>/history/", views.account_history, name="account-history"),
    path("accounts/<uuid:account_id>/edit/", views.account_edit, name="account-edit"),
    path("accounts/<uuid:account_id>/revalidate/", views.account_revalidate, name="account-revalidate"),
    path("accounts/<uuid:account_id>/suspend/", views.account_suspend, name="account-suspend"),
    path("accounts/<uuid:account_id>/resume/", views.account_resume, name="account-resume"),
    path("accounts/<uuid:account_id>/delete/", views.account_delete, name="account-delete"),
    path("accounts/<uuid:account_id>/rotate/", views.account_rotate, name="account-rotate"),
    path("accounts/<uuid:account_id>/rotate/method/", views.rotate_method, name="rotate-method"),
    path("accounts/<uuid:account_id>/rotate/panel/", views.rotate_panel, name="rotate-panel"),
    path("accounts/<uuid:account_id>/rotate/test/", views.rotate_test, name="rotate-test"),
    path("accounts/<uuid:account_id>/rotate/discard/", views.rotate_discard, name="rotate-discard"),
    path("accounts/<uuid:account_id>/rotate/rollback/", views.rotate_rollback, name="rotate-rollback"),
    path(
        "accounts/<uuid:account_id>/rotate/setup/<slug:method>/<slug:guide>/<int:number>/",
        views.rotate_file,
        name="rotate-setup-file",
    ),
    path("rotation/", views.rotation, name="rotation"),
    path("confirm/", views.confirm_password, name="confirm-password"),
    path("jobs/<uuid:job_id>/", views.job, name="job"),
    path("jobs/<uuid:job_id>/panel/", views.job_panel, name="job-panel"),
    path("jobs/<uuid:job_id>/cancel/", views.job_cancel, name="job-cancel"),
    path("jobs/<uuid:job_id>/retry/", views.job_retry, name="job-retry"),
    path("profile/tokens/", views.token_create, name="token-create"),
    path("profile/tokens/<uuid:token_id>/revoke/", views.token_revoke, name="token-revoke"),
]
