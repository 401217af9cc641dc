"""Django's list of the models of this app. Each is defined beside the code that writes it."""

from scans.assets.models import Asset
from scans.compliance.models import AccountTotals, AnswerState, CheckTotal, ComplianceDay, ControlAnswer
from scans.compliance.own.models import FrameworkRevision, OwnFramework
from scans.engines.models import EngineChoice, EngineFinding, EngineRelation, EngineRun, EngineRunStatus
from scans.findings.models import (
    RANKS,
    SHOWN,
    SHOWN_OR_NOT,
    AccountFindingDay,
    Finding,
    FindingChange,
    FindingComment,
    FindingDay,
    FindingStatus,
    TagSet,
)
from scans.muting.models import MuteRule, SeverityOverride, ThresholdSetting
from scans.runs.models import ACTIVE, ScanEvery, ScanRun, ScanSchedule, ScanStatus, ScanType, ScanUnitRecord
from scans.saved_views.models import SavedView

__all__ = [
    "ACTIVE",
    "RANKS",
    "SHOWN",
    "SHOWN_OR_NOT",
    "AccountFindingDay",
    "AccountTotals",
    "AnswerState",
    "Asset",
    "CheckTotal",
    "ComplianceDay",
    "ControlAnswer",
    "EngineChoice",
    "EngineFinding",
    "EngineRelation",
    "EngineRun",
    "EngineRunStatus",
    "Finding",
    "FindingChange",
    "FindingComment",
    "FindingDay",
    "FindingStatus",
    "FrameworkRevision",
    "MuteRule",
    "OwnFramework",
    "SavedView",
    "ScanEvery",
    "ScanRun",
    "ScanSchedule",
    "ScanStatus",
    "ScanType",
    "ScanUnitRecord",
    "SeverityOverride",
    "TagSet",
    "ThresholdSetting",
]
