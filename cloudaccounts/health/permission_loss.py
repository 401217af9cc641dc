"""Permissions that were granted and are denied now: found by comparing reports, notified with what scans miss."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.report import CloudValidationResult, PermissionResult, PermissionStatus
from cloudaccounts.health.blinds import what_needs
from cloudaccounts.models import CloudAccount
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify

NAMED = 4  # permissions in a notice; the page has them all


@dataclass(frozen=True, slots=True)
class PermissionChanges:
    """``proven`` and ``lost`` are what the account's row keeps; the others what changed since the last report."""

    proven: list[str]
    lost: list[dict[str, str]]
    newly_lost: list[PermissionResult]
    returned: list[PermissionResult]


def compare(
    proven: Iterable[str],
    lost: Sequence[dict[str, str]],
    report: CloudValidationResult,
    *,
    now: datetime,
    unneeded: Collection[str] = frozenset(),
) -> PermissionChanges:
    """Compares a report with what is known from those before.

    A permission that could not be verified keeps what was known of it: it is neither lost nor granted. One that only
    switched-off checks need (``unneeded``) may go without a word: taking it away is what switching off is for.
    """
    # Unverifiable ones are in neither set: unknown is not lost, and not granted.
    needed = [p for p in report.permissions if p.permission not in unneeded]
    denied = {p.permission: p for p in needed if p.status == PermissionStatus.DENIED}
    granted = {p.permission: p for p in report.permissions if p.status == PermissionStatus.GRANTED}
    known = set(proven)
    lost_before = {item["permission"] for item in lost}
    # Only what was granted once can be lost: one that was never there is a gap, which the report itself shows.
    newly_lost = [p for name, p in denied.items() if name in known and name not in lost_before]
    # `since` of what was lost before stays: people ask how long scans have been without it.
    kept = [item for item in lost if item["permission"] not in granted and item["permission"] not in unneeded]
    kept += [{"service": p.service, "permission": p.permission, "since": now.isoformat()} for p in newly_lost]
    returned = [p for name, p in granted.items() if name in lost_before]
    return PermissionChanges(sorted((known | granted.keys()) - denied.keys()), kept, newly_lost, returned)


def notify_permission_changes(account: CloudAccount, changes: PermissionChanges, *, now: datetime) -> None:
    """A notice and an audit event for what was lost, and for what returned; none for neither."""
    if lost := changes.newly_lost:
        text = f"lost {_named(lost)}: scans no longer see all of {_services(lost)}."
        remedy = "Grant it again, or live with the gap; the account's page has what to paste."
        _tell(account, NoticeKind.PERMISSION_LOST, text, "Granted before, denied now", lost, now, remedy=remedy)
    if returned := changes.returned:
        text = f"has {_named(returned)} again: scans see {_services(returned)} with it."
        _tell(account, NoticeKind.PERMISSION_BACK, text, "Denied before, granted now", returned, now)


def _tell(
    account: CloudAccount,
    kind: NoticeKind,
    text: str,
    short: str,
    permissions: Sequence[PermissionResult],
    now: datetime,
    *,
    remedy: str = "",
) -> None:
    names = [p.permission for p in permissions]
    blinded = what_needs(account, names)
    verb = "It blinds" if kind == NoticeKind.PERMISSION_LOST else "It was needed by"
    notify(
        kind,
        # By the moment: the same permission may be lost, granted and lost again, and each loss is a fact of its own.
        key=f"{account.pk}:{now:%Y%m%d%H%M%S}",
        account=account,
        text=f"{account.name} ({account.account_id}) {text}{blinded.sentence(verb)}",
        remedy=remedy,
    )
    record_event(
        actor=SYSTEM,
        owner=account.owner,
        action=kind.value,
        text=f"{short}: {_named(permissions)} ({_services(permissions)}).{blinded.sentence(verb)}",
        account=account.pk,
        label=account.name,
        permissions=names,
        services=sorted({p.service for p in permissions}),
        checks=list(blinded.checks),
        controls=list(blinded.controls),
    )


def _named(permissions: Sequence[PermissionResult]) -> str:
    more = f" and {len(permissions) - NAMED} more" if len(permissions) > NAMED else ""
    return ", ".join(p.permission for p in permissions[:NAMED]) + more


def _services(permissions: Sequence[PermissionResult]) -> str:
    return ", ".join(sorted({p.service for p in permissions}))
