from django.urls import path

from cloudaccounts.web.lazy_views import Views

# Imported when one is first asked for: commands load all URLs and need no page (docs/decisions/0012).
fragments = Views("wizard.views.fragments")
pages = Views("wizard.views.pages")
wizard = Views("wizard.views.wizard")

urlpatterns = [
    path("", pages.drafts, name="wizard"),
    path("drafts-panel/", pages.drafts_panel, name="wizard-drafts-panel"),
    path("<uuid:draft_id>/", wizard.account_wizard, name="wizard-draft"),
    path("<uuid:draft_id>/regions/", fragments.region_fields, name="wizard-regions"),
    path("<uuid:draft_id>/method/", fragments.method_fields, name="wizard-method"),
    path("<uuid:draft_id>/validation/", fragments.validation_progress, name="wizard-validation"),
    path("<uuid:draft_id>/validate/", pages.validate, name="wizard-validate"),
    path("<uuid:draft_id>/discard/", pages.discard, name="wizard-discard"),
    path("<uuid:draft_id>/setup/<slug:method>/<slug:guide>/<int:number>/", pages.setup_file, name="wizard-setup-file"),
]
