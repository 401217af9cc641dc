"""Scans of many accounts at once: a job, whose items are accounts; one more action on a group as well."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from cloudaccounts.actors import Actor
from cloudaccounts.errors import InputError
from cloudaccounts.models import CloudAccount, CloudAccountStatus, Job, JobItem
from cloudaccounts.services import FleetAction, offers, start_job
from cloudaccounts.services.jobs import Outcome, handles
from scans.models import ScanType
from scans.services.requests import request_scan

KIND = "scan"


def request_scans(
    *,
    owner: str,
    actor: Actor,
    accounts: Iterable[CloudAccount],
    scan_type: str = ScanType.INCREMENTAL,
    title: str = "",
) -> Job:
    """Queues a scan of each; the job's page tells which could not be. Raises `InputError`."""
    if scan_type not in ScanType.values:
        raise InputError({"scan_type": "Choose full or incremental."})
    items = [(str(account.pk), account.name) for account in accounts if account.owner == owner]
    return start_job(
        owner=owner, actor=actor, kind=KIND, items=items, options={"scan_type": str(scan_type)},
        title=title or f"Scan {len(items)} account{'' if len(items) == 1 else 's'}",
    )  # fmt: skip


@handles(KIND, threads=4)
def _request(job: Job, item: JobItem) -> Outcome:
    account = CloudAccount.objects.filter(pk=UUID(item.subject), owner=job.owner).first()
    if account is None:
        return Outcome.skipped("The account was deleted.")
    return _ask(account, Actor.from_dict(job.actor), job, str(job.options["scan_type"]))


@offers(
    FleetAction("scan", "Scan", "A scan of what changed is asked for; they run one after another, as workers allow."),
    threads=4,
)
def scan(account: CloudAccount, actor: Actor, job: Job) -> Outcome:
    return _ask(account, actor, job, ScanType.INCREMENTAL)


def _ask(account: CloudAccount, actor: Actor, job: Job, scan_type: str) -> Outcome:
    if account.status == CloudAccountStatus.SUSPENDED:
        return Outcome.skipped("The account is suspended.")
    run = request_scan(account, actor=actor, scan_type=scan_type)
    if run.requested_at < job.requested_at:
        return Outcome.skipped("A scan of this account was under way already.")
    return Outcome()
