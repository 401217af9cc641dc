"""Permissions that were granted and are denied now: found by comparing reports, told with what they blind."""

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
class Losses:
    """``proven`` and ``lost`` are what the account keeps; ``new`` is what was lost since the report before."""

    proven: list[str]
    lost: list[dict[str, str]]
    new: list[PermissionResult]


def compare(
    proven: Iterable[str], lost: Sequence[dict[str, str]], report: CloudValidationResult, *, now: datetime
) -> Losses:
    """What could not be verified is neither lost nor found: it keeps what was known of it."""
    denied = {p.permission: p for p in report.permissions if p.status == PermissionStatus.DENIED}
    granted = {p.permission for p in report.permissions if p.status == PermissionStatus.GRANTED}
    known = set(proven)
    told = {item["permission"] for item in lost}
    new = [p for name, p in denied.items() if name in known and name not in told]
    kept = [item for item in lost if item["permission"] not in granted]
    kept += [{"service": p.service, "permission": p.permission, "since": now.isoformat()} for p in new]
    return Losses(sorted((known | granted) - denied.keys()), kept, new)


def notify_permission_losses(account: CloudAccount, lost: Sequence[PermissionResult], *, now: datetime) -> None:
    services = ", ".join(sorted({p.service for p in lost}))
    named = ", ".join(p.permission for p in lost[:NAMED])
    more = f" and {len(lost) - NAMED} more" if len(lost) > NAMED else ""
    notify(
        NoticeKind.PERMISSION_LOST,
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
