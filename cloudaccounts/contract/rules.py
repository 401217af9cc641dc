"""What is judged: rules about assets, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cloudaccounts.contract.inventory import Asset


class Severity(StrEnum):
    """How bad it is where a check fails; in falling order."""

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
    """What a check says of one asset. ``reason`` is a sentence about what was seen, or why it could not be judged."""

    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a check's rule comes from: ``CIS AWS 3.0.0`` and ``1.14``; ``url`` where the provider explains it."""

    source: str
    section: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class PostureCheck:
    """A rule about one type of asset. ``judge`` is a pure function of the asset: no network, no clock but the asset's.

    ``id`` is stable and unique over all providers (``aws_s3_bucket_public_access``). What could not be read is UNKNOWN
    with the reason, never PASS. ``console`` and ``command`` are the two ways to mend it; ``command`` may hold
    placeholders in angle brackets.
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
    judge: Callable[[Asset], Evaluation]
    ages: bool = False  # time alone can change the verdict: judged at each scan, also what is unchanged (`Asset.as_of`)
