"""Posture checks: rules about assets, and their results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cloudaccounts.contract.inventory import Asset


class Severity(StrEnum):
    """How bad it is when a check fails; the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105 # a verdict
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of a check on one asset. ``reason`` is a sentence: what was found, or why there is no result."""

    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A page of the vendor that a check rests on; ``section`` is its number there (``RDS.11`` of Security Hub)."""

    source: str
    section: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class PostureCheck:
    """A rule about one type of asset.

    ``id`` is stable and unique over all providers (``aws_s3_bucket_public_access``). ``evaluate`` is a pure function:
    no network, and no clock but the asset's (`Asset.as_of`), so that a result can be repeated from what is stored. What
    could not be read is UNKNOWN with the reason, never PASS. ``console`` and ``command`` are the two ways to remediate;
    ``command`` may hold placeholders in angle brackets.
    """

    id: str
    title: str
    severity: Severity
    service: str
    asset_type: str
    why: str
    console: str
    command: str
    references: tuple[Reference, ...]
    evaluate: Callable[[Asset], Evaluation]
    # Time alone can change the verdict. So unchanged assets are evaluated again at each scan, and not skipped.
    time_dependent: bool = False
