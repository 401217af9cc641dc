"""One row of totals for each account: written from its `CheckTotal`s, and read by reports."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Concat, Substr
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.accounts.visibility import within
from cloudaccounts.work.databases import SECURITY
from scans.batching import key_batches
from scans.compliance.packing import ABSENT, Picker, layout_of, milliseconds, packed
from scans.models import AccountTotals, CheckTotal, ScanEvery, ScanSchedule
from scans.runs.readings import stale_period
from teams.scope import Scope

READ = 2_000  # rows at a time
WRITTEN = 1_000  # rows that one statement writes

_COLUMNS = ("account", "provider", "layout", "states", "times", "ages", "at")
_Row = tuple[UUID, str, str, str, str, str, datetime]


class AccountStates(NamedTuple):
    """``states`` has a letter (`packing`) for each check that was asked about of the account's cloud."""

    account: UUID
    provider: str
    states: str
    at: datetime


def renew_account_totals(account: UUID, owner: str, provider: str) -> None:
    """Writes the account's row from its totals. To be called in the transaction that wrote those."""
    # Read again and not taken from what was written: whoever switched a check off meanwhile deleted totals of it.
    values = packed(CheckTotal.objects.filter(account=account), _checks_of(provider))
    rows = AccountTotals.objects.filter(pk=account)
    if values is None:
        rows.delete()
        return
    values |= {"owner": owner, "provider": provider}
    # MongoDB's backend has no upsert. Nobody creates it in between: one worker holds the account's run.
    if not rows.update(**values):
        AccountTotals.objects.create(account=account, **values)


def forget_checks(owner: str, check_ids: Collection[str]) -> None:
    """After totals of these checks were deleted: as if they had never been evaluated.

    A statement for each check, layout and 1,000 accounts. They change one letter where it stands, so that of a scan
    that ends at the same moment nothing is overwritten.
    """
    rows = AccountTotals.objects.filter(owner=owner)
    for layout in sorted(set(rows.order_by().values_list("layout", flat=True).distinct())):
        of_layout = rows.filter(layout=layout)
        checks = of_layout.values_list("checks", flat=True).first()
        places = [] if checks is None else [n for n, check in enumerate(checks.split(" "), 1) if check in check_ids]
        if not places:
            continue
        for keys in key_batches(of_layout, "account", WRITTEN):
            with transaction.atomic(using=SECURITY):
                for place in places:
                    of_layout.filter(pk__in=keys).update(states=_with_letter(place))


def read_account_states(
    team: Scope, rules: Mapping[str, Sequence[str]], accounts: Collection[UUID] | None = None
) -> Iterator[AccountStates]:
    """``rules`` are the checks that are asked about, by cloud; ``accounts`` narrows the team's.

    Two queries, and a third where a row was written by another version, with other checks.
    """
    rows = within(AccountTotals.objects.all(), team).order_by()
    schedules = within(ScanSchedule.objects.all(), team)
    if accounts is not None:
        keys = list(accounts)
        rows, schedules = rows.filter(account__in=keys), schedules.filter(account__in=keys)
    every = dict(schedules.values_list("account", "every"))
    now = timezone.now()
    cutoffs = {kind: milliseconds(now - stale_period(kind)) for kind in ("", *ScanEvery.values)}
    pickers = {(layout_of(ids), key): Picker(ids, rules.get(key, ())) for key in rules if (ids := _checks_of(key))}

    def states_of(row: _Row) -> AccountStates:
        account, provider, layout, states, times, ages, at = row
        if provider not in rules:
            return AccountStates(account, provider, "", at)
        letters = pickers[layout, provider].letters(states, times, ages, cutoffs[every.get(account, "")])
        return AccountStates(account, provider, letters, at)

    others: list[_Row] = []
    for row in rows.values_list(*_COLUMNS).iterator(chunk_size=READ):
        if (row[2], row[1]) in pickers or row[1] not in rules:
            yield states_of(row)
        else:
            others.append(row)
    examples = {row[2]: row[0] for row in others}
    if examples:
        checks = dict(AccountTotals.objects.filter(pk__in=examples.values()).values_list("layout", "checks"))
        for row in others:
            _, provider, layout, *_ = row
            if (layout, provider) not in pickers:
                # Rewritten or deleted since the row was read: nothing is known of it, as of one never scanned.
                pickers[layout, provider] = Picker(checks.get(layout, "").split(" "), rules.get(provider, ()))
            yield states_of(row)


def _checks_of(provider: str) -> list[str]:
    """In the order in which they are packed. Empty where there is no such provider (any more)."""
    found = next((spec for spec in registry.all_providers() if spec.key == provider), None)
    return sorted(check.id for check in found.posture_checks()) if found else []


def _with_letter(place: int) -> Concat:
    """The states with the letter for "never" at a place, of which the first is 1."""
    after: Any = Substr("states", place + 1)
    # Of nothing MongoDB takes no part.
    return Concat(Substr("states", 1, place - 1), Value(ABSENT), after) if place > 1 else Concat(Value(ABSENT), after)
