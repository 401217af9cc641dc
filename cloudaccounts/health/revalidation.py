"""A check of access that is waited for: what a person asks for, of one account or of many, in turn."""

from __future__ import annotations

import time

from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import AccountSuspendedError
from cloudaccounts.health.connection_checks import request_check, run_check
from cloudaccounts.health.state_machine import Seen
from cloudaccounts.models import CloudAccount, ConnectionCheck
from cloudaccounts.models.check import CheckState

PATIENCE = 150.0  # seconds for a check that somebody else has under way
LOOK_EVERY = 0.5


def revalidate_now(account: CloudAccount, *, actor: Actor) -> Seen:
    """Checks one account in this thread, or waits for the check that is under way. Asks the network.

    Raises `ProviderError` where it cannot be checked: suspended, or given up.
    """
    check = request_check(account, actor=actor, nudge=False)
    report = run_check(check.pk)
    return Seen.of_report(report) if report is not None else _outcome_of(check)


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
