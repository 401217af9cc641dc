"""The bulk action that scans many accounts."""

from __future__ import annotations

from cloudaccounts.audit.actor import Actor
from cloudaccounts.bulk.actions import BulkAction, register_bulk_action
from cloudaccounts.jobs.handlers import Outcome
from cloudaccounts.models import CloudAccount, CloudAccountStatus, Job
from scans.models import ScanType
from scans.runs.requests import request_scan
from teams.roles import Right


@register_bulk_action(
    BulkAction(
        "scan",
        "Scan",
        "A scan of what changed is asked for; they run one after another, as workers allow.",
        takes=Right.OPERATE,
    ),
    threads=4,
)
def scan(account: CloudAccount, actor: Actor, job: Job) -> Outcome:
    if account.status == CloudAccountStatus.SUSPENDED:
        return Outcome.skipped("The account is suspended.")
    run = request_scan(account, actor=actor, scan_type=ScanType.INCREMENTAL)
    # A run that is younger than the job is the job's own, also where a killed try of the job requested it.
    if run.requested_at < job.requested_at:
        return Outcome.skipped("A scan of this account was under way already.")
    return Outcome()
