"""Permissions that were granted and are denied now: found by comparing reports, notified with what scans miss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.report import CloudValidationResult, PermissionResult, PermissionStatus
from cloudaccounts.models import CloudAccount
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify

NAMED = 4  # permissions in a notice; the page has them all


@dataclass(frozen=True, slots=True)
class PermissionChanges:
    """``proven`` and ``lost`` are what the account's row keeps; ``newly_lost`` what was lost since the last report."""

    proven: list[str]
    lost: list[dict[str, str]]
    newly_lost: list[PermissionResult]


def compare(
    proven: Iterable[str], lost: Sequence[dict[str, str]], report: CloudValidationResult, *, now: datetime
) -> PermissionChanges:
    """Compares a report with what is known from those before.

    A permission that could not be verified keeps what was known of it: it is neither lost nor granted.
    """
    # Unverifiable ones are in neither set: unknown is not lost, and not granted.
    denied = {p.permission: p for p in report.permissions if p.status == PermissionStatus.DENIED}
    granted = {p.permission for p in report.permissions if p.status == PermissionStatus.GRANTED}
    known = set(proven)
    lost_before = {item["permission"] for item in lost}
    # Only what was granted once can be lost: one that was never there is a gap, which the report itself shows.
    newly_lost = [p for name, p in denied.items() if name in known and name not in lost_before]
    # `since` of what was lost before stays: people ask how long scans have been without it.
    kept = [item for item in lost if item["permission"] not in granted]
    kept += [{"service": p.service, "permission": p.permission, "since": now.isoformat()} for p in newly_lost]
    return PermissionChanges(sorted((known | granted) - denied.keys()), kept, newly_lost)


def notify_permission_losses(account: CloudAccount, lost: Sequence[PermissionResult], *, now: datetime) -> None:
    services = ", ".join(sorted({p.service for p in lost}))
    named = ", ".join(p.permission for p in lost[:NAMED])
    more = f" and {len(lost) - NAMED} more" if len(lost) > NAMED else ""
    notify(
        NoticeKind.PERMISSION_LOST,
        # By the moment: the same permission may be lost, granted and lost again, and each loss is a fact of its own.
        key=f"{account.pk}:{now:%Y%m%d%H%M%S}",
        account=account,
        text=f"{account.name} ({account.account_id}) lost {named}{more}: scans no longer see all of {services}.",
        remedy="Grant it again, or live with the gap; the account's page has what to paste.",
    )
    record_event(
        actor=SYSTEM,
        owner=account.owner,
        action="permission.lost",
        text=f"Granted before, denied now: {named}{more}; scans no longer see all of {services}",
        account=account.pk,
        label=account.name,
        permissions=[p.permission for p in lost],
        services=sorted({p.service for p in lost}),
    )
