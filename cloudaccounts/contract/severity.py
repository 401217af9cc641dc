"""How bad a finding is. Apart from the rules, because models need it and every command loads those."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """How bad it is when a check fails; the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
