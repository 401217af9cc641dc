"""The job that mutes many findings: account by account."""

from __future__ import annotations

from uuid import UUID

from cloudaccounts.jobs.handlers import Outcome, handles
from cloudaccounts.models import Job, JobItem
from scans.muting.application import renew, settle_account
from scans.muting.rules import JOB
from teams.roles import Right


@handles(JOB, takes=Right.OPERATE, threads=2)
def _mute(job: Job, item: JobItem) -> Outcome:
    account = UUID(item.subject)
    # By all rules in force and not by the one of the job, which may have ended meanwhile: whatever holds now is right.
    changed = settle_account(job.owner, account)
    renew([account])
    return Outcome() if changed else Outcome.skipped("Nothing to mute there.")
