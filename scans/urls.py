from django.urls import path

from cloudaccounts.web.lazy_views import Views

# Modules of views, each imported when one of its views is first asked for: commands load all URLs and need no page
# (docs/decisions/0012).
assets = Views("scans.assets.views")
compliance = Views("scans.compliance.views")
assets_panels = Views("scans.assets.panels")
findings = Views("scans.findings.views")
findings_panels = Views("scans.findings.panels")
runs = Views("scans.runs.views")
runs_panels = Views("scans.runs.panels")

urlpatterns = [
    path("scans/", runs.scan_list, name="scans"),
    path("scans/now/", runs_panels.dashboard_scans_panel, name="dashboard-scans-panel"),
    path("scans/<uuid:run_id>/", runs.scan_page, name="scan"),
    path("scans/<uuid:run_id>/panel/", runs_panels.scan_panel, name="scan-panel"),
    path("scans/<uuid:run_id>/cancel/", runs.scan_cancel, name="scan-cancel"),
    path("accounts/<uuid:account_id>/scan/", runs.account_scan, name="account-scan"),
    path("accounts/<uuid:account_id>/scan/schedule/", runs.account_schedule, name="account-schedule"),
    path("accounts/<uuid:account_id>/panels/scans/latest/", runs_panels.account_scan_panel, name="account-scan-panel"),
    path(
        "accounts/<uuid:account_id>/panels/scans/assets/",
        assets_panels.account_assets_panel,
        name="account-assets-panel",
    ),
    path(
        "accounts/<uuid:account_id>/panels/scans/findings/",
        findings_panels.account_findings_panel,
        name="account-findings-panel",
    ),
    path("findings/", findings.finding_list, name="findings"),
    path("findings/suppress/", findings.findings_suppress, name="findings-suppress"),
    path("findings/panels/severity/", findings_panels.severity_panel, name="findings-severity-panel"),
    path("findings/panels/spread/", findings_panels.spread_panel, name="findings-spread-panel"),
    path("findings/panels/trend/", findings_panels.trend_panel, name="findings-trend-panel"),
    path("findings/panels/first/", findings_panels.first_panel, name="findings-first-panel"),
    path("findings/panels/changes/", findings_panels.changes_panel, name="findings-changes-panel"),
    path("findings/<uuid:finding_id>/", findings.finding_page, name="finding"),
    path("findings/<uuid:finding_id>/suppress/", findings.finding_suppress, name="finding-suppress"),
    path("findings/<uuid:finding_id>/unsuppress/", findings.finding_unsuppress, name="finding-unsuppress"),
    path("compliance/", compliance.framework_list, name="compliance"),
    path("compliance/<str:slug>/", compliance.framework_page, name="compliance-framework"),
    path("compliance/<str:slug>/<str:control_id>/", compliance.control_page, name="compliance-control"),
    path(
        "compliance/<str:slug>/<str:control_id>/withdraw/",
        compliance.answer_withdraw,
        name="compliance-answer-withdraw",
    ),
    path("assets/", assets.asset_list, name="assets"),
    path("assets/<uuid:asset_id>/", assets.asset_page, name="asset"),
]
