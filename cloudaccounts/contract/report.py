"""The validation report: what was proven, check by check and permission by permission.

One shape from the SDK to the page, the API, the commands and the database (JSON): see `CloudValidationResult.to_dict`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from cloudaccounts.storable import clean_record


class CheckStatus(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    WARNING = "warning"
    SKIPPED = "skipped"


# Three: what could not be verified is neither granted nor denied (`health.permission_loss`).
class PermissionStatus(StrEnum):
    GRANTED = "granted"
    DENIED = "denied"
    UNVERIFIABLE = "unverifiable"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check. ``name`` is stable; ``title`` and ``detail`` are for people."""

    name: str
    title: str
    status: CheckStatus
    detail: str = ""
    code: str = ""
    cause: str = ""
    remedy: str = ""
    sdk_error: str = ""
    retry_helps: bool = False

    def __post_init__(self) -> None:
        clean_record(self)


@dataclass(frozen=True, slots=True)
class PermissionResult:
    service: str
    permission: str
    status: PermissionStatus
    reason: str = ""

    def __post_init__(self) -> None:
        clean_record(self)


class AccessKind(StrEnum):
    WRITE = "write"
    DATA = "data"  # reads what customers keep in the cloud, not how the cloud is set up


@dataclass(frozen=True, slots=True)
class BeyondNeed:
    """Something that is granted although no scan needs it. ``granted_by`` names policies or roles, where known."""

    permission: str  # or a pattern, as the role has it
    access: AccessKind
    granted_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        clean_record(self)


@dataclass(frozen=True, slots=True)
class RegionResult:
    """A region, and whether the account has enabled it. Reports hold all that the cloud names, chosen or not."""

    name: str
    enabled: bool
    reason: str = ""

    def __post_init__(self) -> None:
        clean_record(self)


@dataclass(frozen=True, slots=True)
class PlannedCheck:
    name: str
    title: str


Plan = tuple[PlannedCheck, ...]


@dataclass(frozen=True, slots=True)
class CloudValidationResult:
    """The whole report.

    ``ok`` is True where the identity is proven and at least one of the needed permissions is granted; gaps are in
    ``permissions``. ``code``, ``cause`` and ``remedy`` are those of the check that decided. ``mending`` is the
    remediation that a person can paste at the provider: a policy statement or a command. It is called so because the
    HTTP API promises the key.
    """

    ok: bool = False
    code: str = ""
    cause: str = ""
    remedy: str = ""
    identity: str = ""
    checks: tuple[CheckResult, ...] = ()
    # Empty where the validation ended before it came to them: that says nothing about any (`accounts.coverage`).
    permissions: tuple[PermissionResult, ...] = ()
    # Of a short list of what writes or reads data, the worst first; None where it was not asked or not answered.
    beyond: tuple[BeyondNeed, ...] | None = None
    # Empty where the cloud does not say, which is not the same as none enabled.
    regions: tuple[RegionResult, ...] = ()
    mending: str = ""
    mending_title: str = ""
    permanent: bool = True  # of a failure: False where trying again later can succeed without a change
    duration_ms: int = 0
    running: str = ""  # name of the check that runs now; empty in a finished report
    finished: bool = False
    # Texts, since the report is stored and sent as JSON: `dates.parse_aware` reads them.
    credential_created_at: str = ""  # ISO 8601, the cloud's own date where it is known
    credential_expires_at: str = ""

    def __post_init__(self) -> None:
        clean_record(self, 50_000)  # a policy to paste names each permission

    def count(self, status: PermissionStatus | str) -> int:
        return sum(1 for permission in self.permissions if permission.status == status)

    def to_dict(self) -> dict[str, Any]:
        """JSON types only. Optional texts that are empty are left out, as the HTTP API promises."""
        return {
            "ok": self.ok,
            **_present(self, "code", "cause", "remedy", "mending", "mending_title", "running"),
            **_present(self, "credential_created_at", "credential_expires_at"),
            # Always there, although usually true: programs decide by it whether they try again.
            "permanent": self.permanent,
            "identity": self.identity,
            "checks": [
                {
                    "name": check.name,
                    "title": check.title,
                    "status": check.status.value,
                    **_present(check, "detail", "code", "cause", "remedy", "sdk_error", "retry_helps"),
                }
                for check in self.checks
            ],
            "permissions": [
                {"service": p.service, "permission": p.permission, "status": p.status.value, **_present(p, "reason")}
                for p in self.permissions
            ],
            **({} if self.beyond is None else {"beyond": [_beyond_dict(item) for item in self.beyond]}),
            "regions": [{"name": r.name, "enabled": r.enabled, **_present(r, "reason")} for r in self.regions],
            "duration_ms": self.duration_ms,
            "finished": self.finished,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CloudValidationResult:
        """The inverse of `to_dict`.

        Reports are stored, so they may have been written by another version: missing keys take their defaults, unknown
        ones are ignored.
        """
        texts = ("code", "cause", "remedy", "identity", "mending", "mending_title", "running")
        dates = ("credential_created_at", "credential_expires_at")
        return cls(
            ok=bool(data.get("ok")),
            permanent=bool(data.get("permanent", True)),
            duration_ms=int(data.get("duration_ms", 0)),
            finished=bool(data.get("finished")),
            checks=tuple(_check(item) for item in data.get("checks", ())),
            permissions=tuple(
                PermissionResult(p["service"], p["permission"], PermissionStatus(p["status"]), p.get("reason", ""))
                for p in data.get("permissions", ())
            ),
            beyond=tuple(_beyond(item) for item in data["beyond"]) if data.get("beyond") is not None else None,
            regions=tuple(
                RegionResult(r["name"], bool(r["enabled"]), r.get("reason", "")) for r in data.get("regions", ())
            ),
            **{key: str(data.get(key, "")) for key in (*texts, *dates)},
        )


def _present(item: object, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(item, name))}


def _beyond_dict(item: BeyondNeed) -> dict[str, Any]:
    return {"permission": item.permission, "access": item.access.value, "granted_by": list(item.granted_by)}


def _beyond(item: Mapping[str, Any]) -> BeyondNeed:
    return BeyondNeed(item["permission"], AccessKind(item["access"]), tuple(item.get("granted_by", ())))


def _check(item: Mapping[str, Any]) -> CheckResult:
    return CheckResult(
        name=item["name"],
        title=item.get("title", item["name"]),
        status=CheckStatus(item["status"]),
        retry_helps=bool(item.get("retry_helps")),
        **{key: str(item.get(key, "")) for key in ("detail", "code", "cause", "remedy", "sdk_error")},
    )


@dataclass(slots=True)
class ValidationProgress:
    """Builds the report while a provider's checks run, and passes each step to a listener.

    Providers call `start` before a check and `done` after it, then `finish` once. ``listen`` gets a snapshot each time.
    It may write to a database, so it is called only from the thread that validates.
    """

    listen: Callable[[CloudValidationResult], None] | None = None
    report: CloudValidationResult = field(default_factory=CloudValidationResult)
    # By the monotonic clock: a clock that is set back meanwhile must not make a negative duration.
    _began: float = field(default_factory=time.monotonic)

    def start(self, name: str) -> None:
        # Shown before the check begins: where one hangs, a person sees which.
        self._show(running=name)

    def done(self, *checks: CheckResult) -> None:
        self._show(checks=(*self.report.checks, *checks), running="")

    def update(
        self,
        *,
        identity: str | None = None,
        permissions: Iterable[PermissionResult] | None = None,
        beyond: Iterable[BeyondNeed] | None = None,
        regions: Iterable[RegionResult] | None = None,
        mending: str | None = None,
        mending_title: str | None = None,
        credential_created_at: str | None = None,
        credential_expires_at: str | None = None,
    ) -> None:
        """Adds facts to the report without calling the listener: the next `start` or `done` does."""
        facts = {
            "identity": identity,
            "permissions": None if permissions is None else tuple(permissions),
            "beyond": None if beyond is None else tuple(beyond),
            "regions": None if regions is None else tuple(regions),
            "mending": mending,
            "mending_title": mending_title,
            "credential_created_at": credential_created_at,
            "credential_expires_at": credential_expires_at,
        }
        # None means "not said here": what an earlier check has reported stays.
        changes: dict[str, Any] = {name: value for name, value in facts.items() if value is not None}
        self.report = replace(self.report, **changes)

    def finish(self) -> CloudValidationResult:
        """Decides. The first failed check refuses; without one the report is good, warnings included."""
        failed = next((check for check in self.report.checks if check.status == CheckStatus.FAILED), None)
        decision: dict[str, Any] = {"ok": failed is None}
        if failed is not None:
            decision |= {
                "code": failed.code,
                "cause": failed.cause,
                "remedy": failed.remedy,
                "permanent": not failed.retry_helps,
            }
        self._show(running="", finished=True, **decision)
        return self.report

    def _show(self, **changes: Any) -> None:
        elapsed = round((time.monotonic() - self._began) * 1000)
        self.report = replace(self.report, duration_ms=elapsed, **changes)
        if self.listen is not None:
            self.listen(self.report)
