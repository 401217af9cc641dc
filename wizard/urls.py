from django.urls import path

from cloudaccounts.web.lazy_views import Views

views = Views("wizard.views")

urlpatterns = [
    path("", views.drafts, name="wizard"),
    path("drafts-panel/", views.drafts_panel, name="wizard-drafts-panel"),
    path("<uuid:draft_id>/", views.account_wizard, name="wizard-draft"),
    path("<uuid:draft_id>/regions/", views.region_fields, name="wizard-regions"),
    path("<uuid:draft_id>/method/", views.method_fields, name="wizard-method"),
    path("<uuid:draft_id>/validation/", views.validation_progress, name="wizard-validation"),
    path("<uuid:draft_id>/validate/", views.validate, name="wizard-validate"),
    path("<uuid:draft_id>/discard/", views.discard, name="wizard-discard"),
    path("<uuid:draft_id>/setup/<slug:method>/<slug:guide>/<int:number>/", views.setup_file, name="wizard-setup-file"),
]
