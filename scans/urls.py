from django.urls import path

from cloudaccounts.web.lazy_views import Views

views = Views("scans.views")

urlpatterns = [
    path("scans/", views.scan_list, name="scans"),
    path("scans/now/", views.dashboard_scans_panel, name="dashboard-scans-panel"),
    path("scans/<uuid:run_id>/", views.scan, name="scan"),
    path("scans/<uuid:run_id>/panel/", views.scan_panel, name="scan-panel"),
    path("scans/<uuid:run_id>/cancel/", views.scan_cancel, name="scan-cancel"),
    path("accounts/<uuid:account_id>/scan/", views.account_scan, name="account-scan"),
    path("accounts/<uuid:account_id>/scan/schedule/", views.account_schedule, name="account-schedule"),
    path("accounts/<uuid:account_id>/panels/scans/latest/", views.account_scan_panel, name="account-scan-panel"),
    path("accounts/<uuid:account_id>/panels/scans/assets/", views.account_assets_panel, name="account-assets-panel"),
    path(
        "accounts/<uuid:account_id>/panels/scans/findings/", views.account_findings_panel, name="account-findings-panel"
    ),
    path("findings/", views.finding_list, name="findings"),
    path("findings/suppress/", views.findings_suppress, name="findings-suppress"),
    path("findings/panels/severity/", views.severity_panel, name="findings-severity-panel"),
    path("findings/panels/spread/", views.spread_panel, name="findings-spread-panel"),
    path("findings/panels/trend/", views.trend_panel, name="findings-trend-panel"),
    path("findings/panels/first/", views.first_panel, name="findings-first-panel"),
    path("findings/panels/changes/", views.changes_panel, name="findings-changes-panel"),
    path("findings/<uuid:finding_id>/", views.finding, name="finding"),
    path("findings/<uuid:finding_id>/suppress/", views.finding_suppress, name="finding-suppress"),
    path("findings/<uuid:finding_id>/unsuppress/", views.finding_unsuppress, name="finding-unsuppress"),
    path("assets/", views.asset_list, name="assets"),
    path("assets/<uuid:asset_id>/", views.asset, name="asset"),
]
