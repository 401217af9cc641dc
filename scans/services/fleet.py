"""Scans of many accounts at once, as one more action on a group or on what an operator selects."""

from __future__ import annotations

from uuid import UUID

from cloudaccounts.actors import Actor
from cloudaccounts.models import CloudAccount, CloudAccountStatus, Job
from cloudaccounts.services import FleetAction, offers
from cloudaccounts.services.jobs import Outcome
from scans.models import Asset, ScanRun
from scans.services.requests import cancel_active, request_scan


@offers(
    FleetAction(
        "scan", "Scan", "A full scan of each account is asked for; they run one after another, as workers allow."
    )
)
def scan(account: CloudAccount, actor: Actor, job: Job) -> Outcome:
    if account.status == CloudAccountStatus.SUSPENDED:
        return Outcome.skipped("Suspended.")
    if ScanRun.objects.filter(active_account=account.pk).exists():
        return Outcome.skipped("A scan is under way already.")
    request_scan(account, actor=actor)
    return Outcome()


def follow_owner(account: CloudAccount, *, actor: Actor) -> None:
    """After a transfer: a scan that runs would go on writing in the old owner's name, so it ends."""
    cancel_active(account.pk, actor=actor)
    ScanRun.objects.filter(account=account.pk).update(owner=account.owner)
    Asset.objects.filter(account=account.pk).update(owner=account.owner)


def hand_over_late(account: UUID) -> None:
    """A worker's last batch may land just after its scan was ended by a transfer."""
    owner = CloudAccount.objects.filter(pk=account).values_list("owner", flat=True).first()
    if owner is not None:
        Asset.objects.filter(account=account).exclude(owner=owner).update(owner=owner)
