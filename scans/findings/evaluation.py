"""Evaluates an asset by its provider's checks. Pure: no database, no network."""

from __future__ import annotations

import hashlib
import inspect
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from cloudaccounts import provider_kit
from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.provider import Provider
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity, Verdict
from cloudaccounts.provider_kit.evidence import as_json, bounded
from cloudaccounts.provider_kit.secret_looks import without_secrets
from cloudaccounts.provider_kit.thresholds import in_force
from cloudaccounts.storable import clean_text

DEFECT = "This check failed by a defect of ours."

# What a result counts for in an account's score.
SCORE_WEIGHTS = {Severity.CRITICAL: 10, Severity.HIGH: 5, Severity.MEDIUM: 2, Severity.LOW: 1}

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
    passed_weight: int = 0  # by severity, see `SCORE_WEIGHTS`
    failures: dict[str, Failure] = field(default_factory=dict)  # by check id
    unknowns: dict[str, str] = field(default_factory=dict)  # by check id: the reason
    inapplicable: list[str] = field(default_factory=list)  # ids of checks that are not about this asset

    @property
    def failed_weight(self) -> int:
        return sum(SCORE_WEIGHTS[failure.check.severity] for failure in self.failures.values())


@dataclass(frozen=True, slots=True)
class TeamSettings:
    """What a team decided about checks: severities by check id, and numbers by the key of their threshold."""

    severities: Mapping[str, str] = field(default_factory=dict)
    thresholds: Mapping[str, int] = field(default_factory=dict)
    switched_off: frozenset[str] = frozenset()  # ids of checks that it does not want

    def applied_to(self, check: PostureCheck) -> PostureCheck:
        """The check with the team's severity, and with its numbers in the title."""
        severity = self.severities.get(check.id)
        if severity is not None:
            check = replace(check, severity=Severity(severity))
        return replace(check, title=self.retold(check.title, check)) if self.changes(check) else check

    def changes(self, check: PostureCheck) -> bool:
        return any(limit.key in self.thresholds for limit in check.thresholds)

    def retold(self, text: str, check: PostureCheck) -> str:
        """A text of the check in which its usual number stands, with the team's number."""
        for threshold in check.thresholds:
            number = self.thresholds.get(threshold.key, threshold.default)
            text = re.sub(rf"\b{threshold.default}\b", str(number), text)
        return text


class Evaluator:
    """The checks of one run, as a team has set them.

    ``version`` changes with the checks, with the collectors that read what checks look at, and with the team's
    settings. ``aging`` holds the asset types of checks whose result changes with time alone, ``every_region`` the
    titles of those that say something of all regions.
    """

    def __init__(self, provider: Provider, settings: TeamSettings | None = None) -> None:
        self._settings = settings or TeamSettings()
        self.switched_off = self._settings.switched_off
        enabled = (check for check in provider.posture_checks() if check.id not in self.switched_off)
        checks = self.checks = tuple(map(self._settings.applied_to, enabled))
        self._by_type: dict[str, list[PostureCheck]] = {}
        for check in checks:
            self._by_type.setdefault(check.asset_type, []).append(check)
        self.aging = frozenset(check.asset_type for check in checks if check.time_dependent)
        self.every_region: Mapping[str, str] = {check.id: check.title for check in checks if check.every_region}
        self.titles: Mapping[str, str] = {check.id: check.title for check in checks}
        self.version = _version(provider, checks, self._settings)
        self._broken: set[str] = set()

    def evaluate(self, asset: Asset) -> Evaluations:
        results = Evaluations()
        for check in self._by_type.get(asset.type, ()):
            evaluation = self._run_check(check, asset)
            if evaluation.verdict == Verdict.FAIL:
                # Copied and bounded only here: until then the facts are the asset's own values (docs/decisions/0019).
                evidence = self._retold(as_json(bounded(evaluation.evidence)), check)
                results.failures[check.id] = Failure(check, _told(evaluation.reason), evidence)
            elif evaluation.verdict == Verdict.UNKNOWN:
                results.unknowns[check.id] = _told(evaluation.reason)
            elif evaluation.verdict == Verdict.PASS:
                results.passed += 1
                results.passed_weight += SCORE_WEIGHTS[check.severity]
            else:
                results.inapplicable.append(check.id)
        return results

    def _retold(self, evidence: list[dict[str, Any]], check: PostureCheck) -> list[dict[str, Any]]:
        if not self._settings.changes(check):
            return evidence
        return [
            {**fact, "expected": self._settings.retold(fact["expected"], check)}
            if isinstance(fact.get("expected"), str)
            else fact
            for fact in evidence
        ]

    def _run_check(self, check: PostureCheck, asset: Asset) -> Evaluation:
        try:
            if not check.thresholds:
                return check.evaluate(asset)
            with in_force(self._settings.thresholds):
                return check.evaluate(asset)
        except Exception:
            # A check's defect costs that check; the scan and the other checks go on. Logged once, not per asset.
            if check.id not in self._broken:
                self._broken.add(check.id)
                logger.exception("scan.check_defect", extra={"check": check.id, "asset_type": asset.type})
            return Evaluation(Verdict.UNKNOWN, DEFECT)


def _told(reason: str) -> str:
    """Reasons quote what a cloud says: one NUL would end the scan on PostgreSQL, and a secret would be read by many."""
    return without_secrets(clean_text(reason))


def _version(provider: Provider, checks: tuple[PostureCheck, ...], settings: TeamSettings) -> str:
    """A hash of all sources of the provider and of the provider kit, and of the checks (docs/decisions/0007).

    The sources, because a collector that reads more of a resource changes results as much as a new check does. The
    checks besides, so that another set of them counts even where no source changed.
    """
    digest = hashlib.sha256()
    for file in (inspect.getfile(type(provider)), provider_kit.__file__):
        digest.update(_sources(file).encode())
    for check in checks:
        digest.update(f"{check.id}\x1f{check.severity}\x1f{check.asset_type}\x1f{check.title}\x1e".encode())
        # Those of other providers' checks are left out: they change no result of this one.
        for threshold in check.thresholds:
            if threshold.key in settings.thresholds:
                digest.update(f"{threshold.key}={settings.thresholds[threshold.key]}".encode())
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
