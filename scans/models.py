"""Django's list of the models of this app. Each is defined beside the code that writes it: runs, assets, findings."""

from scans.assets.models import Asset
from scans.findings.models import RANKS, SHOWN, Finding, FindingChange, FindingDay, FindingStatus
from scans.runs.models import ACTIVE, ScanEvery, ScanRun, ScanSchedule, ScanStatus, ScanType, ScanUnitRecord

__all__ = [
    "ACTIVE",
    "RANKS",
    "SHOWN",
    "Asset",
    "Finding",
    "FindingChange",
    "FindingDay",
    "FindingStatus",
    "ScanEvery",
    "ScanRun",
    "ScanSchedule",
    "ScanStatus",
    "ScanType",
    "ScanUnitRecord",
]
