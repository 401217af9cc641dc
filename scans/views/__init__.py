"""The pages and panels about scans and what they find."""

from scans.views.assets import asset, asset_list
from scans.views.findings import finding, finding_list, finding_suppress, finding_unsuppress, findings_suppress
from scans.views.panels import account_assets_panel, account_scan_panel, dashboard_scans_panel, scan_panel
from scans.views.posture import (
    account_findings_panel,
    changes_panel,
    first_panel,
    severity_panel,
    spread_panel,
    trend_panel,
)
from scans.views.scans import account_scan, account_schedule, scan, scan_cancel, scan_list

__all__ = [
    "account_assets_panel",
    "account_findings_panel",
    "account_scan",
    "account_scan_panel",
    "account_schedule",
    "asset",
    "asset_list",
    "changes_panel",
    "dashboard_scans_panel",
    "finding",
    "finding_list",
    "finding_suppress",
    "finding_unsuppress",
    "findings_suppress",
    "first_panel",
    "scan",
    "scan_cancel",
    "scan_list",
    "scan_panel",
    "severity_panel",
    "spread_panel",
    "trend_panel",
]
