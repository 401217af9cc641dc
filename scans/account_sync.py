"""Keeps the rows of scans in step with their account: its name, its owner, its environment, its deletion.

Rows copy the account's name and owner, and findings its environment, because lists need no join for them then, and
because no foreign key spans databases (docs/decisions/0003). An account has 100,000 of them and more, and SQLite has
one writer: in one statement they kept everybody else from writing for six to nine seconds. So they are written in
batches, each in a transaction of its own. Whoever calls this must not be in a transaction already.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connections, router, transaction
from django.db.models import Model, QuerySet

from cloudaccounts.models import CloudAccount
from scans.batching import batched, key_batches
from scans.compliance.own.catalogue import PREFIX
from scans.findings.tag_sets import copy_tag_sets
from scans.models import (
    AccountFindingDay,
    AccountTotals,
    Asset,
    CheckTotal,
    ComplianceDay,
    EngineChoice,
    EngineFinding,
    EngineRun,
    Finding,
    FindingComment,
    ScanRun,
    ScanSchedule,
    ScanUnitRecord,
)
from teams.names import name_key

READ = 20_000  # keys read at a time: each reading sorts the account's rows
WRITTEN = 250  # rows in one transaction: a fraction of a second also on a busy machine
LONGEST_PAUSE = 0.05  # seconds


def sync_account(account: CloudAccount) -> None:
    """Copies the account's name, owner and environment to its rows. Repeatable; gives up where they change once more,
    since whoever changed them does the same.
    """
    # Read anew: of two changes at the same moment, each caller's object lacks the other's.
    current = CloudAccount.objects.filter(pk=account.pk).only("name", "owner", "environment").first()
    if current is None:
        return
    account = current

    def is_current() -> bool:
        same = {"name": current.name, "owner": current.owner, "environment": current.environment}
        return CloudAccount.objects.filter(pk=current.pk, **same).exists()

    # Each column by itself, and only where it differs: a column that is set is written into all of its indexes.
    named = (Asset, EngineFinding, EngineRun, ScanRun)
    owned = (
        Asset, EngineFinding, EngineRun, Finding, FindingComment, ScanRun, ScanSchedule, CheckTotal, ComplianceDay,
        AccountTotals, AccountFindingDay,
    )  # fmt: skip
    copies: list[tuple[type[Model], dict[str, str]]] = [(model, {"account_name": account.name}) for model in named]
    copies.append((Finding, {"account_name": account.name, "account_key": name_key(account.name)}))
    copies += [(model, {"owner": account.owner}) for model in owned]
    copies.append((Finding, {"environment": account.environment}))
    # What the former team's own frameworks came to: the new team may have others of the same slugs.
    foreign = ComplianceDay.objects.filter(account=account.pk, framework__startswith=PREFIX)
    _in_batches(ComplianceDay, foreign.exclude(owner=account.owner), lambda part: part.delete(), is_current)
    copy_tag_sets(account.pk, account.owner)
    for model, values in copies:
        rows = model._default_manager.filter(account=account.pk).exclude(**values)
        _in_batches(model, rows, lambda part, values=values: part.update(**values), is_current)  # type: ignore[misc]


def delete_account_records(account_id: UUID) -> None:
    """Deletes everything that scans stored of a deleted account, and its runs."""
    # The runs first: a worker in the middle of one finds its claim gone at its next write, and stops.
    counted = (CheckTotal, AccountTotals, ComplianceDay, AccountFindingDay)
    engines = (EngineRun, EngineFinding, EngineChoice)
    for model in (ScanRun, *engines, Finding, FindingComment, Asset, ScanUnitRecord, ScanSchedule, *counted):
        rows = model._default_manager.filter(account=account_id)
        _in_batches(model, rows, lambda part: part.delete())


def _in_batches(
    model: type[Model],
    rows: QuerySet[Any],
    write: Callable[[QuerySet[Any]], Any],
    is_current: Callable[[], bool] = lambda: True,
) -> None:
    alias = router.db_for_write(model)
    for keys in key_batches(rows, model._meta.pk.name, READ):
        for part in batched(keys, WRITTEN):
            began = time.monotonic()
            with transaction.atomic(using=alias):
                if not is_current():
                    return
                write(model._default_manager.filter(pk__in=part))
            if len(part) == WRITTEN and connections[alias].vendor == "sqlite":
                # Who waits for SQLite's lock asks again now and then, and nobody queues: leave time to be met.
                time.sleep(min((time.monotonic() - began) / 2, LONGEST_PAUSE))
