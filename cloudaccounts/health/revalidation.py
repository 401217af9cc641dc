"""A connection check that the caller waits for: jobs check one account after the other with it."""

from __future__ import annotations

import time

from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import AccountSuspendedError
from cloudaccounts.health.connection_checks import request_check, run_check
from cloudaccounts.health.state_machine import Observation
from cloudaccounts.models import CloudAccount, ConnectionCheck
from cloudaccounts.models.check import CheckState, CheckTrigger
from cloudaccounts.work.threads import release_connections

MAX_WAIT = 150.0  # seconds for a check that another worker has: a validation's 120, and a lease of 30
POLL_EVERY = 0.5  # seconds


def revalidate_now(account: CloudAccount, *, actor: Actor) -> Observation:
    """Checks one account in this thread, or waits for the check that is under way. Asks the network.

    Raises `ProviderError` where it cannot be checked: suspended, or given up.
    """
    # Without a message, since this thread does it itself. Should it die, the reconciler sends one.
    check = request_check(account, actor=actor, trigger=CheckTrigger.JOB, notify_worker=False)
    report = run_check(check.pk)
    return Observation.of_report(report) if report is not None else _outcome_of(check)


def _outcome_of(check: ConnectionCheck) -> Observation:
    """Waits for a check that another worker has."""
    ends = time.monotonic() + MAX_WAIT
    while time.monotonic() < ends:
        row = ConnectionCheck.objects.filter(pk=check.pk).first()
        if row is None:
            raise CloudAccount.DoesNotExist
        if row.state == CheckState.FINISHED:
            return Observation() if row.ok else Observation(row.code, row.cause, str(row.report.get("remedy", "")))
        if row.state == CheckState.ABANDONED:
            raise _suspended_or(row)
        # Polled: the three databases share no way of being notified.
        release_connections()
        time.sleep(POLL_EVERY)
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
