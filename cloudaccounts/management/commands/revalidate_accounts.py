from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cloudaccounts import registry, services
from cloudaccounts.actors import Actor
from cloudaccounts.contract import ProviderError
from cloudaccounts.errors import AccountSuspendedError
from cloudaccounts.models import CloudAccount, CloudAccountStatus

ACTOR = Actor("system", "revalidate_accounts", "command")
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
        accounts = list(self._accounts(options))
        console = Console(file=cast("IO[str]", self.stdout._out))
        outcomes: Counter[str] = Counter()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with (
            Progress(*columns, console=console, transient=True) as progress,
            ThreadPoolExecutor(max(1, options["threads"])) as pool,
        ):
            bar = progress.add_task("Checking", total=len(accounts))
            futures = {pool.submit(_check, account): account for account in accounts}
            for future in as_completed(futures):
                outcome, text = future.result()
                outcomes[outcome] += 1
                if outcome != PASSED:
                    account = futures[future]
                    console.print(f"{account.provider} {account.account_id} {account.name}: {text}", markup=False)
                progress.advance(bar)
        summary = f"{len(accounts):,} checked: {outcomes[PASSED]:,} passed, {outcomes[FAILED]:,} failed"
        console.print(summary + (f", {outcomes[SKIPPED]:,} left out" if outcomes[SKIPPED] else "") + ".")
        if outcomes[FAILED]:
            raise SystemExit(1)

    def _accounts(self, options: dict[str, Any]) -> Iterable[CloudAccount]:
        found = CloudAccount.objects.exclude(status=CloudAccountStatus.SUSPENDED)
        if provider := options["provider"]:
            if provider not in dict(registry.choices()):
                raise CommandError(f"No provider is called {provider}: {', '.join(dict(registry.choices()))}.")
            found = found.filter(provider=provider)
        if options["failed_only"]:
            found = found.filter(status=CloudAccountStatus.FAILED)
        if options["group"]:
            found = found.filter(pk__in=_members(options["group"]))
        return found.defer("last_check", "proven_permissions", "lost_permissions").order_by("owner", "name", "id")


def _members(group: str) -> list[Any]:
    """Ids of a group's accounts, those of its inner groups included. Raises `CommandError` where there is no such."""
    try:
        from cloudaccounts import selectors_groups  # type: ignore[attr-defined,unused-ignore]
    except ImportError:
        raise CommandError("This version has no account groups yet: leave --group out.") from None
    return list(selectors_groups.account_ids(None, group))


def _check(account: CloudAccount) -> tuple[str, str]:
    try:
        seen = services.revalidate_now(account, actor=ACTOR)
    except AccountSuspendedError as error:
        return SKIPPED, error.cause
    except CloudAccount.DoesNotExist:
        return SKIPPED, "It was deleted meanwhile."
    except ProviderError as error:
        return FAILED, f"{error.cause} {error.remedy}"
    finally:
        connections.close_all()  # this thread's own
    return (PASSED, "") if seen.ok else (FAILED, f"{seen.cause} {seen.remedy}")
