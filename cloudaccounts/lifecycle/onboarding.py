"""Connecting, validating and checking in one call, while the caller waits: for the HTTP API."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import chain, repeat
from typing import Any
from uuid import UUID

from cloudaccounts.accounts.changes import update_account
from cloudaccounts.accounts.details import chosen_regions, split_regions
from cloudaccounts.accounts.parsing import AccountInput, read_account, read_new_credentials
from cloudaccounts.accounts.rate_limits import begin_attempt, counting_refused_input
from cloudaccounts.accounts.resolution import ResolvedAccount
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.report import CloudValidationResult
from cloudaccounts.errors import AccountSuspendedError, DuplicateAccountError
from cloudaccounts.groups.services import find_groups, groups_to_join, set_groups
from cloudaccounts.health.connection_checks import CHECKS, request_check, run_check
from cloudaccounts.health.validation import prove_access
from cloudaccounts.lifecycle.adding import connect_account
from cloudaccounts.models import CloudAccount, ConnectionCheck
from cloudaccounts.models.check import CheckState
from cloudaccounts.operations.workers import worker_state
from cloudaccounts.rotation.verify import replace_credentials
from cloudaccounts.work.threads import release_connections
from teams.scope import Scope

DEADLINE = 25.0  # seconds: what the caller waits; gunicorn ends a process that takes 60
POLL_EVERY = 0.3  # seconds
# The first times, since most checks end within a second: a fixed pause was a third of what a quick one took.
FIRST_POLLS = (0.05, 0.05, 0.1, 0.1, 0.1, 0.1, 0.15, 0.15, 0.2, 0.2)


def pause(seconds: float) -> None:
    """Without a connection to a database meanwhile: who waits must not hold what others need."""
    release_connections()
    time.sleep(seconds)


class CheckUnderWayError(ProviderError):
    def __init__(self) -> None:
        super().__init__(
            "check_under_way",
            "A check of this account is under way and has not ended yet.",
            "Ask again in some seconds.",
            permanent=False,
        )


def validate_new_account(
    *, owner: str, actor: Actor, account_input: AccountInput, deadline: float = DEADLINE
) -> CloudValidationResult:
    """The report alone; nothing is stored. Raises `InputError`, `ProviderError`, `TooManyAttemptsError`."""
    # Reading may cost a second of the processor where a key is encrypted, so even unreadable credentials use up the
    # limit.
    with counting_refused_input(owner):
        account, credentials = read_account(account_input, owner=owner)
    attempt = begin_attempt(account, address=actor.address)
    return prove_access(account, credentials, attempt=attempt, deadline=deadline)


def onboard_account(
    *,
    scope: Scope,
    actor: Actor,
    account_input: AccountInput,
    groups: Sequence[str] = (),
    account_uuid: UUID | None = None,
    deadline: float = DEADLINE,
) -> CloudAccount:
    """Validates and connects an account, and puts it into the scope's groups of these names or ids.

    A limited scope has to name one (`groups_to_join`). Nothing is stored where the validation fails.

    Repeating it with the same ``account_uuid`` returns the account that is there already. Raises `InputError`,
    `DuplicateAccountError`, `ValidationRefusedError`, `TooManyAttemptsError` and other `ProviderError`s.
    """
    owner = scope.owner
    with counting_refused_input(owner):
        resolved, credentials = read_account(account_input, owner=owner)
    # Before the cloud is asked: a misspelt group costs nothing.
    group_ids = groups_to_join(scope, groups, field="group")
    # Before the question whether it is connected: a repeated call's own account is no duplicate of itself.
    if account_uuid and (existing := CloudAccount.objects.of(owner).filter(pk=account_uuid).first()):
        if group_ids:  # a call that was killed may have come no further than the account
            set_groups(existing, scope=scope, actor=actor, group_ids=group_ids)
        return existing
    if resolved.is_connected:
        raise DuplicateAccountError(resolved.provider.key, resolved.account_id)
    attempt = begin_attempt(resolved, address=actor.address)
    report = prove_access(resolved, credentials, attempt=attempt, deadline=deadline)
    account = connect_account(resolved, actor=actor, credentials=credentials, report=report, account_uuid=account_uuid)
    if group_ids:
        set_groups(account, scope=scope, actor=actor, group_ids=group_ids)
    return account


def change_account(account: CloudAccount, *, scope: Scope, actor: Actor, changes: Mapping[str, Any]) -> None:
    """Changes those of name, environment, regions and groups that are given. Raises `InputError`, `DoesNotExist`."""
    # Before anything is written: a group that does not exist must not leave half of the change behind.
    group_ids = find_groups(scope, changes.get("groups", ()), field="groups")
    present = {"name": account.name, "environment": account.environment, "regions": chosen_regions(account)}
    # What this function does not know would be dropped, and the caller told that it was done.
    if unknown := changes.keys() - {*present, "groups"}:
        raise TypeError(f"Not changed here: {', '.join(sorted(unknown))}")
    # Only what the caller named: another call may change the rest at this moment.
    named = {field: changes[field] for field, value in present.items() if changes.get(field, value) != value}
    if "regions" in named:
        all_regions, regions = split_regions(named.pop("regions"))
        update_account(account, actor=actor, **named, regions=regions, all_regions=all_regions)
    elif named:
        update_account(account, actor=actor, **named)
    if "groups" in changes:
        set_groups(account, scope=scope, actor=actor, group_ids=group_ids)


def replace_given_credentials(
    account: CloudAccount,
    *,
    actor: Actor,
    method: str,
    raw_values: Mapping[str, Any],
    accept_loss: bool = False,
    deadline: float = DEADLINE,
) -> CloudValidationResult:
    """Reads new credentials, validates and swaps them; without ``method`` they are of the present one.

    Raises `InputError`, and what `replace_credentials` raises.
    """
    resolved = ResolvedAccount.of(account)
    with counting_refused_input(account.owner):
        credentials = read_new_credentials(resolved, raw_values, method=method or account.auth_method)
    return replace_credentials(
        account, actor=actor, credentials=credentials, accept_loss=accept_loss, deadline=deadline
    )


def check_now(account: CloudAccount, *, actor: Actor, deadline: float = DEADLINE) -> ConnectionCheck:
    """Has a worker check a connected account while the caller waits, for the check that is under way where one is.

    The row is the request and the answer: this process asks a cloud only where no worker runs that could. Raises
    `AccountSuspendedError`, `CheckUnderWayError`, and ``DoesNotExist`` where it was deleted meanwhile.
    """
    began = time.monotonic()
    check = request_check(account, actor=actor)
    # One that is late may come too late for who waits here; it finds the row taken then.
    if not worker_state(CHECKS.queue).heard:
        run_check(check.pk, deadline=deadline)
    for wait in chain(FIRST_POLLS, repeat(POLL_EVERY)):
        check = ConnectionCheck.objects.get(pk=check.pk)
        if check.state == CheckState.FINISHED:
            return check
        if check.state == CheckState.ABANDONED:
            # Without a code it was given up because the account was suspended (see `run_check`).
            raise ProviderError(check.code, check.cause, permanent=False) if check.code else AccountSuspendedError()
        # The check goes on: the caller learns its outcome from the account, or asks again and finds this one under
        # way.
        if time.monotonic() - began > deadline:
            raise CheckUnderWayError
        pause(wait)
    raise AssertionError  # the pauses have no end
