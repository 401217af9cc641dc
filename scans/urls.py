from django.urls import path

from scans import views

urlpatterns = [
    path("scans/", views.scan_list, name="scans"),
    path("scans/now/", views.dashboard_scans_panel, name="dashboard-scans-panel"),
    path("scans/<uuid:run_id>/", views.scan, name="scan"),
    path("scans/<uuid:run_id>/panel/", views.scan_panel, name="scan-panel"),
    path("scans/<uuid:run_id>/cancel/", views.scan_cancel, name="scan-cancel"),
    path("accounts/<uuid:account_id>/scan/", views.account_scan, name="account-scan"),
    path("accounts/<uuid:account_id>/panels/scans/latest/", views.account_scan_panel, name="account-scan-panel"),
    path("accounts/<uuid:account_id>/panels/scans/assets/", views.account_assets_panel, name="account-assets-panel"),
    path("assets/", views.asset_list, name="assets"),
    path("assets/<uuid:asset_id>/", views.asset, name="asset"),
]
