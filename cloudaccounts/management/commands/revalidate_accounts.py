from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from itertools import islice
from typing import IO, Any, cast
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cloudaccounts import registry
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import AccountSuspendedError
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.health.revalidation import revalidate_now
from cloudaccounts.models import CloudAccount, CloudAccountStatus
from cloudaccounts.work.threads import DatabaseThreads

ACTOR = Actor("system", "revalidate_accounts", "command")
CHUNK = 200  # accounts read at a time
PASSED, SKIPPED, FAILED = "passed", "skipped", "failed"


class Command(BaseCommand):
    help = (
        "Checks the connection of many accounts, in parallel. Suspended ones are left out. "
        "Exit code 1 where one did not pass."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--provider", help="only accounts of this provider: aws, azure, gcp")
        parser.add_argument("--group", help="only accounts of this group, by name or id")
        parser.add_argument("--failed-only", action="store_true", help="only accounts that have failed")
        parser.add_argument("--threads", type=int, default=16, help="checks at the same time (16)")

    def handle(self, *args: Any, **options: Any) -> None:
        # The keys of all, 16 bytes each: the set of accounts is fixed at the start, however long the run takes.
        keys = list(self._accounts(options).values_list("pk", flat=True))
        threads = max(1, options["threads"])
        console = Console(file=cast("IO[str]", self.stdout._out))
        outcomes: Counter[str] = Counter()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with (
            Progress(*columns, console=console, transient=True) as progress,
            DatabaseThreads(threads, "revalidate") as pool,
        ):
            bar = progress.add_task("Checking", total=len(keys))
            for account, (outcome, text) in _checked(pool, _read(keys), ahead=2 * threads):
                outcomes[outcome] += 1
                if outcome != PASSED:
                    # `markup=False`: names come from people, and rich would take [brackets] in them for styles.
                    console.print(f"{account.provider} {account.account_id} {account.name}: {text}", markup=False)
                progress.advance(bar)
        summary = f"{outcomes.total():,} checked: {outcomes[PASSED]:,} passed, {outcomes[FAILED]:,} failed"
        console.print(summary + (f", {outcomes[SKIPPED]:,} left out" if outcomes[SKIPPED] else "") + ".")
        # Skipped ones do not count: suspended accounts are not expected to pass.
        if outcomes[FAILED]:
            raise SystemExit(1)

    def _accounts(self, options: dict[str, Any]) -> QuerySet[CloudAccount]:
        accounts = CloudAccount.objects.exclude(status=CloudAccountStatus.SUSPENDED)
        if provider := options["provider"]:
            if provider not in dict(registry.choices()):
                raise CommandError(f"No provider is called {provider}: {', '.join(dict(registry.choices()))}.")
            accounts = accounts.filter(provider=provider)
        if options["failed_only"]:
            accounts = accounts.filter(status=CloudAccountStatus.FAILED)
        if options["group"]:
            try:
                accounts = accounts.filter(group_queries.within(options["group"]))
            except ProviderError as error:
                raise CommandError(f"{error.cause} {error.remedy}") from None
        return accounts.order_by("owner", "name_key", "name", "id")


def _read(keys: list[UUID]) -> Iterator[CloudAccount]:
    """The accounts in the order of their keys, in chunks: no cursor stays open for the hours that a run may take."""
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        # Reports are large, and a check writes a new one anyway.
        accounts = CloudAccount.objects.defer("last_check", "proven_permissions", "lost_permissions").in_bulk(chunk)
        yield from (accounts[key] for key in chunk if key in accounts)


def _checked(
    pool: Executor, accounts: Iterator[CloudAccount], *, ahead: int
) -> Iterator[tuple[CloudAccount, tuple[str, str]]]:
    """Results as they come. At most ``ahead`` accounts are submitted at a time, so that memory does not grow."""
    under_way: dict[Future[tuple[str, str]], CloudAccount] = {}
    while True:
        for account in islice(accounts, ahead - len(under_way)):
            under_way[pool.submit(_check, account)] = account
        if not under_way:
            return
        done, _ = wait(under_way, return_when=FIRST_COMPLETED)
        for future in done:
            yield under_way.pop(future), future.result()


def _check(account: CloudAccount) -> tuple[str, str]:
    try:
        outcome = revalidate_now(account, actor=ACTOR)
    except AccountSuspendedError as error:
        return SKIPPED, error.cause
    except CloudAccount.DoesNotExist:
        return SKIPPED, "It was deleted meanwhile."
    except ProviderError as error:
        return FAILED, f"{error.cause} {error.remedy}"
    return (PASSED, "") if outcome.ok else (FAILED, f"{outcome.cause} {outcome.remedy}")
