"""Imports the accounts of a file: each row is cleaned, compared, validated live and stored, or not at all."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from cloudaccounts.accounts.details import ALL_REGIONS
from cloudaccounts.accounts.parsing import AccountInput, read_credentials, read_details
from cloudaccounts.accounts.rate_limits import NOT_A_GUESS, begin_attempt
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import DuplicateAccountError, InputError, ValidationRefusedError
from cloudaccounts.groups.services import groups_to_join
from cloudaccounts.health.validation import prove_access
from cloudaccounts.imports.parser import BadRow, Row
from cloudaccounts.lifecycle.adding import connect_account
from cloudaccounts.organizations import grouping
from cloudaccounts.outages import unexpected
from cloudaccounts.work.threads import DatabaseThreads
from teams.scope import Scope

THREADS = 8  # a validation waits for its cloud nearly all the time
MAX_PENDING = 4 * THREADS  # rows that are read ahead of the first result: memory stays flat

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of a line. ``state`` is added, valid (a dry run's), exists or refused; texts hold no secret.

    ``account_id`` and ``name`` are empty until they were found fit to be shown.
    """

    line: int
    state: str
    provider: str = ""
    account_id: str = ""
    name: str = ""
    reason: str = ""
    remedy: str = ""


def import_rows(rows: Iterable[Row | BadRow], *, scope: Scope, actor: Actor, dry_run: bool) -> Iterator[RowResult]:
    """Results in the order of the lines, several rows at a time.

    Raises what reading raises, after the results of the rows before: nothing that was imported goes unreported.
    """
    failure: ProviderError | None = None
    under_way: deque[Future[RowResult]] = deque()
    with DatabaseThreads(THREADS, "import") as pool:
        source = iter(rows)
        while True:
            try:
                row = next(source)
            except StopIteration:
                break
            except ProviderError as error:
                # Kept until the rows before it have reported: they are connected, and their lines must say so.
                failure = error
                break
            under_way.append(pool.submit(partial(_in_thread, row, scope, actor, dry_run=dry_run)))
            # The oldest is waited for, however many later ones are done: results come in the order of the lines.
            if len(under_way) >= MAX_PENDING:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    if failure is not None:
        raise failure


def _in_thread(row: Row | BadRow, scope: Scope, actor: Actor, *, dry_run: bool) -> RowResult:
    try:
        if isinstance(row, BadRow):
            return RowResult(row.line, "refused", reason=row.reason)
        return import_row(row, scope, actor, dry_run=dry_run)
    except Exception as error:
        # A defect of ours in one row is its result; the others go on.
        logger.exception("import.defect", extra={"line": row.line})
        return RowResult(row.line, "refused", reason=unexpected(error, "row").cause)


def import_row(row: Row, scope: Scope, actor: Actor, *, dry_run: bool, counted: bool = False) -> RowResult:
    """``counted``: refused credentials count for the limits of tries, as on every page."""
    try:
        account_input = _account_input(row)
        account = read_details(account_input, owner=scope.owner)
    except InputError as error:
        return _refuse_input(row, error)
    result = partial(
        RowResult, row.line, provider=account.provider.key, account_id=account.account_id, name=account.details.name
    )
    # Before its credential is read: a file may be run again after its secrets were taken out of it.
    if account.is_connected:
        return result("exists")
    try:
        name = row.values.get("group", "").strip()
        groups = groups_to_join(scope, [name] if name else [], field="group")
        credentials = read_credentials(account, account_input.credentials)
        # The operator runs the command, with files of their own: rate limits would stop an import of thousands.
        attempt = begin_attempt(account, address=actor.address) if counted else NOT_A_GUESS
        report = prove_access(account, credentials, attempt=attempt)
        if not report.ok:
            raise ValidationRefusedError(report)
        if dry_run:
            # Before anything is stored, and after the cloud was asked: a dry run says what an import would.
            return result("valid")
        connected = connect_account(account, actor=actor, credentials=credentials, report=report)
        for group in groups:
            grouping.add_to_group(connected, str(group), actor=actor)
    except DuplicateAccountError:
        return result("exists")  # twice in the file, and the other row's thread was first
    except InputError as error:
        return _refuse_input(row, error, result)
    except ProviderError as error:
        return result("refused", reason=error.cause, remedy=error.remedy)
    return result("added")


def _refuse_input(row: Row, error: InputError, result: Callable[..., RowResult] | None = None) -> RowResult:
    """By field. The messages are those of forms, and hold nothing of what stands in the file."""
    reason = " ".join(f"{name}: {message}" for name, message in error.fields.items())
    return (result or partial(RowResult, row.line))("refused", reason=reason)


def _account_input(row: Row) -> AccountInput:
    """As a caller of the HTTP API would give it."""
    values = row.values
    partition, cloud = values.get("partition", ""), values.get("cloud", "")
    if partition and cloud and partition != cloud:
        raise InputError({"cloud": "“cloud” and “partition” are two words for one thing: give one."})
    return AccountInput(
        provider=values["provider"].lower(),
        account_id=values["account_id"],
        partition=partition or cloud,
        name=values["name"],
        environment=values["environment"],
        regions=row.regions or ALL_REGIONS,
        auth_method=values["auth_method"],
        credentials=row.credentials,
    )
