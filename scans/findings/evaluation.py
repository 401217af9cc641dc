"""Evaluates an asset by its provider's checks. Pure: no database, no network."""

from __future__ import annotations

import hashlib
import inspect
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cloudaccounts import provider_kit
from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.provider import Provider
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity, Verdict
from cloudaccounts.provider_kit.evidence import as_json, bounded
from cloudaccounts.storable import clean_text

DEFECT = "This check failed by a defect of ours."

# What a result counts for in an account's score.
WEIGHTS = {Severity.CRITICAL: 10, Severity.HIGH: 5, Severity.MEDIUM: 2, Severity.LOW: 1}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """``evidence`` is ready to be stored: ``[{path, value, expected}]``, bounded and without secrets."""

    check: PostureCheck
    reason: str
    evidence: list[dict[str, Any]]


@dataclass(slots=True)
class Evaluations:
    """The results of all checks on one asset."""

    passed: int = 0
    passed_weight: int = 0  # by severity, see `WEIGHTS`
    failures: dict[str, Failure] = field(default_factory=dict)  # by check id
    unknowns: dict[str, str] = field(default_factory=dict)  # by check id: the reason
    inapplicable: list[str] = field(default_factory=list)  # ids of checks that are not about this asset

    @property
    def failed_weight(self) -> int:
        return sum(WEIGHTS[failure.check.severity] for failure in self.failures.values())


class Evaluator:
    """The checks of one run.

    ``version`` changes with the checks, and with the collectors that read what checks look at. ``aging`` holds the
    asset types of checks whose result changes with time alone, ``every_region`` the titles of those that say something
    of all regions.
    """

    def __init__(self, provider: Provider) -> None:
        checks = provider.posture_checks()
        self._by_type: dict[str, list[PostureCheck]] = {}
        for check in checks:
            self._by_type.setdefault(check.asset_type, []).append(check)
        self.aging = frozenset(check.asset_type for check in checks if check.time_dependent)
        self.every_region: Mapping[str, str] = {check.id: check.title for check in checks if check.every_region}
        self.titles: Mapping[str, str] = {check.id: check.title for check in checks}
        self.version = _version(provider, checks)
        self._broken: set[str] = set()

    def evaluate(self, asset: Asset) -> Evaluations:
        results = Evaluations()
        for check in self._by_type.get(asset.type, ()):
            evaluation = self._run_check(check, asset)
            if evaluation.verdict == Verdict.FAIL:
                # Copied and bounded only here: until then the facts are the asset's own values (docs/decisions/0019).
                evidence = as_json(bounded(evaluation.evidence))
                # Reasons quote what a cloud says, and one NUL in them would end the scan on PostgreSQL: it stores it in
                # no text.
                results.failures[check.id] = Failure(check, clean_text(evaluation.reason), evidence)
            elif evaluation.verdict == Verdict.UNKNOWN:
                results.unknowns[check.id] = clean_text(evaluation.reason)
            elif evaluation.verdict == Verdict.PASS:
                results.passed += 1
                results.passed_weight += WEIGHTS[check.severity]
            else:
                results.inapplicable.append(check.id)
        return results

    def _run_check(self, check: PostureCheck, asset: Asset) -> Evaluation:
        try:
            return check.evaluate(asset)
        except Exception:
            # A check's defect costs that check; the scan and the other checks go on. Logged once, not per asset.
            if check.id not in self._broken:
                self._broken.add(check.id)
                logger.exception("scan.check_defect", extra={"check": check.id, "asset_type": asset.type})
            return Evaluation(Verdict.UNKNOWN, DEFECT)


def _version(provider: Provider, checks: tuple[PostureCheck, ...]) -> str:
    """A hash of all sources of the provider and of the provider kit, and of the checks (docs/decisions/0007).

    The sources, because a collector that reads more of a resource changes results as much as a new check does. The
    checks besides, so that another set of them counts even where no source changed.
    """
    digest = hashlib.sha256()
    for file in (inspect.getfile(type(provider)), provider_kit.__file__):
        digest.update(_sources(file).encode())
    for check in checks:
        digest.update(f"{check.id}\x1f{check.severity}\x1f{check.asset_type}\x1f{check.title}\x1e".encode())
    return digest.hexdigest()[:32]


@cache  # a process runs one version of the sources, and every run asks
def _sources(module_file: str) -> str:
    """Digest of all sources in the folder of a module."""
    digest = hashlib.sha256()
    folder = Path(module_file).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
