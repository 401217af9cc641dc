"""Coverage: how much of an account the last readings could see, and what hides the rest. Pure functions.

``percent`` is the product of three shares, rounded down: the enabled regions that are read, the readings that are
current, and the permissions that are granted among those that were decided (docs/coverage.md). It is None while one of
them is not known: before the first scan, and where the cloud does not say which regions are enabled.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any

from cloudaccounts import registry
from cloudaccounts.contract.report import CloudValidationResult, PermissionResult, PermissionStatus
from cloudaccounts.models import CloudAccount
from cloudaccounts.provider_kit.check_results import join_names

SERVICES_NAMED = 4  # in what a gap hides


class GapKind(StrEnum):
    REGION = "region"
    PERMISSION = "permission"
    UNIT = "unit"  # a reading: one service in one region


@dataclass(frozen=True, slots=True)
class Gap:
    """What is not seen: a region, what needs a permission, or a reading. ``since`` is ISO 8601."""

    kind: str
    what: str
    why: str
    blinds: str
    since: str

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.what


@dataclass(frozen=True, slots=True)
class Readings:
    """What scans know of an account's readings.

    ``read`` are those whose last try succeeded, ``stale`` those of them that are too old. ``regions`` are the regions
    with at least one that is read, ``services`` the services that are read region by region.
    """

    total: int = 0
    read: int = 0
    stale: int = 0
    regions: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    due_at: datetime | None = None  # when the next of them becomes stale

    @classmethod
    def stored(cls, account: CloudAccount) -> Readings:
        """As they were written with the account's coverage last."""
        # The key is a promise of the HTTP API, whatever a reading is called elsewhere.
        units = account.coverage.get("units", {})
        return cls(
            **{name: int(units.get(name, 0)) for name in ("total", "read", "stale")},
            regions=tuple(account.coverage.get("read_regions", ())),
            services=tuple(account.coverage.get("services", ())),
            gaps=tuple(gap for gap in stored_gaps(account) if gap.kind == GapKind.UNIT),
            due_at=account.coverage_due_at,
        )


@dataclass(frozen=True, slots=True)
class Coverage:
    """``enabled`` is None while it is not known which regions are."""

    enabled: int | None
    read_regions: int
    readings: Readings
    permissions: Mapping[str, int]
    gaps: tuple[Gap, ...] = field(default=())

    @property
    def percent(self) -> int | None:
        units = self.readings
        # Not known is not zero: an account that was never read has no percentage, good or bad.
        if not self.enabled or not units.total:
            return None
        decided = self.permissions["granted"] + self.permissions["denied"]
        # Fractions and rounding down: 99.6 % must not show as complete, nor must the error of floats decide that.
        share = Fraction(self.read_regions, self.enabled) * Fraction(units.read - units.stale, units.total)
        # Undecided permissions are left out of both sides: unknown is neither the best nor the worst case.
        share *= Fraction(self.permissions["granted"], decided) if decided else 1
        return int(100 * share)

    def columns(self) -> dict[str, Any]:
        """The account's columns."""
        units = self.readings
        return {
            "coverage": {
                "regions": {"enabled": self.enabled, "read": self.read_regions},
                "units": {"total": units.total, "read": units.read, "stale": units.stale},
                "permissions": dict(self.permissions),
                "read_regions": list(units.regions),
                "services": list(units.services),
            },
            "coverage_percent": self.percent,
            "coverage_gaps": [asdict(gap) for gap in self.gaps],
            "coverage_due_at": units.due_at,
        }


def assess(
    account: CloudAccount, readings: Readings, *, now: datetime, unneeded: Collection[str] = frozenset()
) -> Coverage:
    """From the account's row as it is, its last report, and its readings. What was a gap before keeps its ``since``.

    ``unneeded`` are permissions of switched-off checks alone: whether they are granted says nothing of the coverage.
    """
    since = {gap.key: gap.since for gap in stored_gaps(account)}
    read = set(readings.regions)
    enabled = account.enabled_regions
    report = account.report
    # A validation that ended before it came to the permissions says nothing about them: those of the one before stay.
    if report is not None and report.permissions:
        needed = [permission for permission in report.permissions if permission.permission not in unneeded]
        permissions, denied = _numbers(needed), list(_permission_gaps(account, needed, now))
    else:
        permissions = stored_permissions(account)
        denied = [gap for gap in stored_gaps(account) if gap.kind == GapKind.PERMISSION]
    gaps = [*_region_gaps(account, readings, now), *denied]
    return Coverage(
        enabled=None if enabled is None else len(enabled),
        read_regions=len(read if enabled is None else read & set(enabled)),
        readings=readings,
        permissions=permissions,
        gaps=(*(_since(gap, since) for gap in gaps), *readings.gaps),
    )


def coverage_numbers(account: CloudAccount) -> dict[str, Any]:
    """As the API shows them in lists; zeros for an account that nothing is known of yet."""
    stored = account.coverage
    return {
        "percent": account.coverage_percent,
        "regions": stored.get("regions", {"enabled": None, "read": 0}),
        "units": stored.get("units", {"total": 0, "read": 0, "stale": 0}),
        "permissions": stored_permissions(account),
    }


def stored_gaps(account: CloudAccount) -> list[Gap]:
    return [Gap(**gap) for gap in account.coverage_gaps]


def stored_permissions(account: CloudAccount) -> dict[str, int]:
    # Zeros below what is stored: rows of before coverage was kept have no such key.
    return {**_numbers(()), **account.coverage.get("permissions", {})}


def permission_numbers(report: CloudValidationResult) -> dict[str, int]:
    return _numbers(report.permissions)


def enabled_names(report: CloudValidationResult) -> list[str] | None:
    """The regions that a report calls enabled; None where it does not know of any."""
    return [region.name for region in report.regions if region.enabled] if report.regions else None


def unread_regions(account: CloudAccount) -> tuple[str, ...] | None:
    """The enabled regions in which nothing is read; None while the cloud has not said which are enabled.

    What says "in all regions" is not known unless this is empty.
    """
    if account.enabled_regions is None:
        return None
    read = set(account.coverage.get("read_regions", ()))
    return tuple(name for name in account.enabled_regions if name not in read)


def permission_gap(provider: str, permission: PermissionResult, *, since: str) -> Gap:
    """What scans cannot see while this permission is denied."""
    try:
        about = registry.get(provider).permission_topic(permission.permission)
    except registry.UnknownProviderError:
        about = ""
    why = permission.reason or "Denied at the last validation."
    return Gap(GapKind.PERMISSION, permission.permission, why, about or permission.service, since)


def _numbers(permissions: Iterable[PermissionResult]) -> dict[str, int]:
    states = [permission.status for permission in permissions]
    return {"needed": len(states), **{status.value: states.count(status) for status in PermissionStatus}}


def _permission_gaps(account: CloudAccount, needed: Iterable[PermissionResult], now: datetime) -> Iterable[Gap]:
    lost_since = {item["permission"]: item["since"] for item in account.lost_permissions}
    for permission in needed:
        if permission.status == PermissionStatus.DENIED:
            since = lost_since.get(permission.permission, now.isoformat())
            yield permission_gap(account.provider, permission, since=since)


def _region_gaps(account: CloudAccount, readings: Readings, now: datetime) -> Iterable[Gap]:
    if not readings.total:
        return  # nothing was read yet, wherever: that is no gap, it is not known
    if account.enabled_regions is None:
        # A gap of its own and no percentage: how much is missing cannot be said, that something may be missing has to
        # be.
        why = "The cloud did not say which regions the account has enabled."
        yield Gap(GapKind.REGION, "Enabled regions", why, "Whether more regions hold anything.", now.isoformat())
        return
    named = join_names(readings.services[:SERVICES_NAMED])
    more = len(readings.services) - SERVICES_NAMED
    services = f": {named} and {more} more services" if more > 0 else f": {named}" if named else ""
    for name in account.enabled_regions:
        if name not in readings.regions:
            yield Gap(GapKind.REGION, name, _why(account, name), f"Everything in {name}{services}.", now.isoformat())


def _why(account: CloudAccount, region: str) -> str:
    if region not in account.regions:
        if account.all_regions:
            return "The region is new here: the next scan reads it, or this version does not know it yet."
        return "Enabled, but not among the account's regions."
    return "None of its readings has succeeded yet."


def _since(gap: Gap, since: Mapping[tuple[str, str], str]) -> Gap:
    return Gap(gap.kind, gap.what, gap.why, gap.blinds, since.get(gap.key, gap.since))
