from scans.models.asset import Asset
from scans.models.coverage import ScanEvery, ScanSchedule, ScanUnitRecord
from scans.models.finding import RANKS, Finding, FindingChange, FindingDay, FindingStatus
from scans.models.run import ACTIVE, ScanRun, ScanStatus, ScanType

__all__ = [
    "ACTIVE",
    "RANKS",
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
