"""Checks access to many accounts at a person's word: the same check and the same report as for one."""

from __future__ import annotations

import time
from collections.abc import Iterable
from uuid import UUID

from cloudaccounts.actors import Actor
from cloudaccounts.contract import ProviderError
from cloudaccounts.errors import AccountSuspendedError
from cloudaccounts.models import CloudAccount, ConnectionCheck, Job, JobItem
from cloudaccounts.models.check import CheckState
from cloudaccounts.services.checks import request_check, run_check
from cloudaccounts.services.jobs import Outcome, handles, start_job
from cloudaccounts.states import Seen

KIND = "revalidate"
PATIENCE = 150.0  # seconds for a check that somebody else has under way
LOOK_EVERY = 0.5


def revalidate_many(*, owner: str, actor: Actor, accounts: Iterable[CloudAccount], title: str = "") -> Job:
    """A job that checks these accounts of the owner. Somebody else's, given by mistake, come out as skipped."""
    items = [(str(account.pk), f"{account.name} ({account.account_id})") for account in accounts]
    named = title or f"Check access of {len(items):,} account{'' if len(items) == 1 else 's'}"
    return start_job(owner=owner, actor=actor, kind=KIND, title=named, items=items, options={})


def revalidate_now(account: CloudAccount, *, actor: Actor) -> Seen:
    """Checks one account in this thread, or waits for the check that is under way. Asks the network.

    Raises `ProviderError` where it cannot be checked: suspended, or given up.
    """
    check = request_check(account, actor=actor, nudge=False)
    report = run_check(check.pk)
    return Seen.of_report(report) if report is not None else _outcome_of(check)


@handles(KIND)
def _revalidate(job: Job, item: JobItem) -> Outcome:
    account = CloudAccount.objects.of(job.owner).filter(pk=UUID(item.subject)).first()
    if account is None:
        return Outcome.skipped("This account is not there any more.")
    try:
        seen = revalidate_now(account, actor=Actor.from_dict(job.actor))
    except AccountSuspendedError as error:
        return Outcome.skipped(error.cause)
    except CloudAccount.DoesNotExist:
        return Outcome.skipped("This account is not there any more.")
    return Outcome() if seen.ok else Outcome.failed(ProviderError(seen.code, seen.cause, seen.remedy))


def _outcome_of(check: ConnectionCheck) -> Seen:
    """Of a check that another worker has."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        row = ConnectionCheck.objects.filter(pk=check.pk).first()
        if row is None:
            raise CloudAccount.DoesNotExist
        if row.state == CheckState.FINISHED:
            return Seen() if row.ok else Seen(row.code, row.cause, str(row.report.get("remedy", "")))
        if row.state == CheckState.ABANDONED:
            raise _suspended_or(row)
        time.sleep(LOOK_EVERY)
    raise ProviderError(
        "check_under_way",
        "Another worker has this account's check under way and did not end it.",
        "Look at the account's page.",
        permanent=False,
    )


def _suspended_or(row: ConnectionCheck) -> ProviderError:
    if not row.code:
        return AccountSuspendedError()
    return ProviderError(row.code, row.cause, "Check access again.", permanent=False)
