"""Django's list of the models of this app. Each is defined beside the code that writes it."""

from scans.assets.models import Asset
from scans.compliance.models import AnswerState, CheckTotal, ComplianceDay, ControlAnswer
from scans.findings.models import RANKS, SHOWN, Finding, FindingChange, FindingDay, FindingStatus
from scans.runs.models import ACTIVE, ScanEvery, ScanRun, ScanSchedule, ScanStatus, ScanType, ScanUnitRecord

__all__ = [
    "ACTIVE",
    "RANKS",
    "SHOWN",
    "AnswerState",
    "Asset",
    "CheckTotal",
    "ComplianceDay",
    "ControlAnswer",
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
