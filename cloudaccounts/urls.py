from django.urls import path

from cloudaccounts import views

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("accounts/", views.account_list, name="accounts"),
    path("accounts/<uuid:account_id>/", views.account, name="account"),
    path("accounts/<uuid:account_id>/panels/<slug:name>/", views.account_panel, name="account-panel"),
    path("accounts/<uuid:account_id>/history/", views.account_history, name="account-history"),
    path("accounts/<uuid:account_id>/edit/", views.account_edit, name="account-edit"),
    path("accounts/<uuid:account_id>/revalidate/", views.account_revalidate, name="account-revalidate"),
    path("accounts/<uuid:account_id>/suspend/", views.account_suspend, name="account-suspend"),
    path("accounts/<uuid:account_id>/resume/", views.account_resume, name="account-resume"),
    path("accounts/<uuid:account_id>/delete/", views.account_delete, name="account-delete"),
    path("jobs/<uuid:job_id>/", views.job, name="job"),
    path("jobs/<uuid:job_id>/panel/", views.job_panel, name="job-panel"),
    path("jobs/<uuid:job_id>/cancel/", views.job_cancel, name="job-cancel"),
    path("jobs/<uuid:job_id>/retry/", views.job_retry, name="job-retry"),
    path("organizations/", views.organization_list, name="organizations"),
    path("organizations/connect/", views.organization_connect, name="organization-connect"),
    path("organizations/<uuid:organization_id>/", views.organization, name="organization"),
    path("organizations/<uuid:organization_id>/children/", views.organization_children, name="organization-children"),
    path("organizations/<uuid:organization_id>/panel/", views.organization_panel, name="organization-panel"),
    path("organizations/<uuid:organization_id>/sync/", views.organization_sync, name="organization-sync"),
    path("organizations/<uuid:organization_id>/members/", views.organization_members, name="organization-members"),
    path("organizations/<uuid:organization_id>/remove/", views.organization_remove, name="organization-remove"),
    path(
        "organizations/<uuid:organization_id>/setup/<slug:guide>/<int:number>/",
        views.organization_setup,
        name="organization-setup",
    ),
]
