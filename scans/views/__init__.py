"""The pages and panels about scans and what they find."""

from scans.views.assets import asset, asset_list
from scans.views.panels import account_assets_panel, account_scan_panel, dashboard_scans_panel, scan_panel
from scans.views.scans import account_scan, scan, scan_cancel, scan_list

__all__ = [
    "account_assets_panel",
    "account_scan",
    "account_scan_panel",
    "asset",
    "asset_list",
    "dashboard_scans_panel",
    "scan",
    "scan_cancel",
    "scan_list",
    "scan_panel",
]
