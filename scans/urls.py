from django.urls import path

from cloudaccounts.web.lazy_views import Views

# Modules of views, each imported when one of its views is first asked for: commands load all URLs and need no page
# (docs/decisions/0012).
assets = Views("scans.assets.views")
compliance = Views("scans.compliance.views")
own_frameworks = Views("scans.compliance.own.views")
assets_panels = Views("scans.assets.panels")
engines = Views("scans.engines.views")
findings = Views("scans.findings.views")
findings_bulk = Views("scans.findings.bulk_views")
findings_panels = Views("scans.findings.panels")
overview = Views("scans.overview.views")
finding = Views("scans.findings.finding_views")
muting = Views("scans.muting.views")
switches = Views("scans.muting.switch_views")
saved_views = Views("scans.saved_views.views")
runs = Views("scans.runs.views")
runs_panels = Views("scans.runs.panels")
site_search = Views("scans.site_search.views")

urlpatterns = [
    path("", overview.dashboard, name="dashboard"),
    path("overview/since/", overview.since_panel, name="overview-since"),
    path("overview/fixes/", overview.fixes_panel, name="overview-fixes"),
    path("overview/rules/", overview.rules_panel, name="overview-rules"),
    path("overview/trend/", overview.trend_panel, name="overview-trend"),
    path("scans/", runs.scan_list, name="scans"),
    path("scans/now/", runs_panels.dashboard_scans_panel, name="dashboard-scans-panel"),
    path("scans/<uuid:run_id>/", runs.scan_page, name="scan"),
    path("scans/<uuid:run_id>/panel/", runs_panels.scan_panel, name="scan-panel"),
    path("scans/<uuid:run_id>/cancel/", runs.scan_cancel, name="scan-cancel"),
    path("accounts/<uuid:account_id>/scan/", runs.account_scan, name="account-scan"),
    path("accounts/<uuid:account_id>/scan/schedule/", runs.account_schedule, name="account-schedule"),
    path("accounts/<uuid:account_id>/scan/second-engine/", engines.account_engine, name="account-engine"),
    path("accounts/<uuid:account_id>/panels/scans/latest/", runs_panels.account_scan_panel, name="account-scan-panel"),
    path("accounts/<uuid:account_id>/panels/scans/runs/", runs_panels.account_runs_panel, name="account-runs-panel"),
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
    path("findings/panels/severity/", findings_panels.severity_panel, name="findings-severity-panel"),
    path("findings/panels/spread/", findings_panels.spread_panel, name="findings-spread-panel"),
    path("findings/panels/trend/", findings_panels.trend_panel, name="findings-trend-panel"),
    path("findings/panels/first/", findings_panels.first_panel, name="findings-first-panel"),
    path("findings/panels/changes/", findings_panels.changes_panel, name="findings-changes-panel"),
    path("findings/second-engine/", engines.engine_finding_list, name="engine-findings"),
    path("findings/second-engine/team/", engines.engine_team, name="engine-team"),
    path("findings/rows/", findings.finding_rows, name="findings-rows"),
    path("findings/tabs/", findings.finding_tabs, name="findings-tabs"),
    path("findings/facets/<str:name>/", findings.facet_values, name="findings-facet"),
    path("findings/bulk/", findings_bulk.findings_bulk, name="findings-bulk"),
    path("findings/export/", findings_bulk.findings_export, name="findings-export"),
    path("findings/<uuid:finding_id>/", finding.finding_page, name="finding"),
    path("findings/<uuid:finding_id>/panel/", finding.finding_panel, name="finding-panel"),
    path("findings/<uuid:finding_id>/suppress/", finding.finding_suppress, name="finding-suppress"),
    path("findings/<uuid:finding_id>/unsuppress/", finding.finding_unsuppress, name="finding-unsuppress"),
    path("findings/<uuid:finding_id>/assign/", finding.finding_assign, name="finding-assign"),
    path("findings/<uuid:finding_id>/comment/", finding.finding_comment, name="finding-comment"),
    path("findings/<uuid:finding_id>/recheck/", finding.finding_recheck, name="finding-recheck"),
    path("checks/", switches.check_list, name="checks"),
    path("checks/switch/", switches.checks_switch, name="checks-switch"),
    path("mute-rules/", muting.mute_rule_list, name="mute-rules"),
    path("mute-rules/new/", muting.mute_rule_new, name="mute-rule-new"),
    path("mute-rules/<uuid:rule_id>/end/", muting.mute_rule_end, name="mute-rule-end"),
    path("mute-rules/severity/", muting.severity_set, name="severity-set"),
    path("mute-rules/thresholds/", muting.thresholds_set, name="thresholds-set"),
    path("views/", saved_views.view_list, name="views"),
    path("views/<uuid:view_id>/delete/", saved_views.view_delete, name="view-delete"),
    path("compliance/", compliance.framework_list, name="compliance"),
    # Before those of all frameworks: no slug is "own".
    path("compliance/own/new/", own_frameworks.framework_new, name="framework-new"),
    path("compliance/own/<str:slug>/edit/", own_frameworks.framework_edit, name="framework-edit"),
    path("compliance/own/<str:slug>/delete/", own_frameworks.framework_delete, name="framework-delete"),
    path(
        "compliance/own/<str:slug>/revisions/<int:revision>/",
        own_frameworks.framework_revision,
        name="framework-revision",
    ),
    path("compliance/<str:slug>/", compliance.framework_page, name="compliance-framework"),
    path("compliance/<str:slug>/<str:control_id>/", compliance.control_page, name="compliance-control"),
    path(
        "compliance/<str:slug>/<str:control_id>/withdraw/",
        compliance.answer_withdraw,
        name="compliance-answer-withdraw",
    ),
    path("search/", site_search.search_page, name="search"),
    path("assets/", assets.asset_list, name="assets"),
    path("assets/<uuid:asset_id>/", assets.asset_page, name="asset"),
]
