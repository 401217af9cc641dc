"""What is known of each check in each account of a scope: four queries, whatever their number.

Sets of accounts are integers whose bits are the accounts' places in the scope. So a control over 300 accounts costs a
few operations on numbers, and not 300 rounds of a loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connections
from django.db.models import CharField, Count, ExpressionWrapper, F, IntegerField, UUIDField

from cloudaccounts.accounts.visibility import within
from cloudaccounts.models import SwitchedOffCheck
from scans.compliance.account_totals import READ, read_account_states
from scans.compliance.packing import ABSENT, EMPTY, LETTERS, PASSED
from scans.compliance.scope import ReportScope
from scans.models import SHOWN_OR_NOT, Finding, FindingStatus

_PASSED = str.maketrans({letter: str(int(letter == PASSED)) for letter in LETTERS})
_EMPTY = str.maketrans({letter: str(int(letter == EMPTY)) for letter in LETTERS})

_RAW = {
    "hidden": ExpressionWrapper(F("suppressed"), output_field=IntegerField()),
    "hidden_by_rule": ExpressionWrapper(F("muted"), output_field=IntegerField()),
    "key": ExpressionWrapper(F("account"), output_field=CharField()),
}

MANY = 500  # account ids in a condition; with more, the owner's rows are read and the rest is left out here


@dataclass(slots=True)
class RuleFacts:
    """How one check stands. Masks of accounts, of which each account of its cloud is in exactly one.

    ``empty`` holds those where everything was read and nothing was there that the check is about.
    """

    failed: int = 0
    unknown: int = 0
    muted: int = 0
    passed: int = 0
    empty: int = 0
    failures: int = 0  # resources that fail, muted ones left out
    muted_failures: int = 0


@dataclass(slots=True)
class Facts:
    """``evaluated_at`` is the oldest of the scans that this rests on; None where there is none."""

    scope: ReportScope
    rules: dict[str, RuleFacts] = field(default_factory=dict)
    switched_off: Mapping[str, SwitchedOffCheck] = field(default_factory=dict)  # those that were asked about, by id
    evaluated_at: datetime | None = None


@dataclass(slots=True)
class _Seen:
    """Masks as they are read, before one takes precedence over another.

    What is in neither ``passed`` nor ``empty`` is unknown.
    """

    passed: int = 0
    empty: int = 0
    failed: int = 0
    muted: int = 0
    failures: int = 0
    muted_failures: int = 0


def read_facts(scope: ReportScope, providers: Mapping[str, str]) -> Facts:
    """``providers`` gives the cloud of each check id that is asked about."""
    seen = {rule: _Seen() for rule in providers}
    oldest = _read_states(scope, providers, seen)
    _read_failures(scope, seen)
    rules = {rule: _ranked(masks, scope.by_provider.get(providers[rule], 0)) for rule, masks in seen.items()}
    off = {row.check_id: row for row in SwitchedOffCheck.objects.filter(owner=scope.owner) if row.check_id in rules}
    return Facts(scope, rules, off, oldest)


def _read_states(scope: ReportScope, providers: Mapping[str, str], seen: Mapping[str, _Seen]) -> datetime | None:
    """Fills the masks of what passed and of where nothing was. The oldest scan, of all accounts in scope."""
    by_cloud = rules_by_cloud(providers)
    # The letters of each account, the one with the highest bit first, as the digits of a number are written.
    letters = {cloud: [ABSENT * len(rules)] * len(scope.accounts) for cloud, rules in by_cloud.items()}
    oldest: datetime | None = None
    for row in read_account_states(scope.team, by_cloud, _accounts(scope)):
        place = scope.place.get(row.account)
        # Of a scope that was not narrowed all rows count, also of clouds that the report is not about.
        if place is not None or not scope.narrowed:
            oldest = row.at if oldest is None else min(oldest, row.at)
        if place is None:
            continue
        # As the scope has its cloud: both are copied of the account, which has one for good.
        if row.provider in letters:
            letters[row.provider][-1 - place] = row.states
    for cloud, rules in by_cloud.items():
        for rule, column in zip(rules, zip(*letters[cloud], strict=True), strict=False):
            states = "".join(column)
            seen[rule].passed = int(states.translate(_PASSED), 2)
            seen[rule].empty = int(states.translate(_EMPTY), 2)
    return oldest


def rules_by_cloud(providers: Mapping[str, str]) -> dict[str, list[str]]:
    """Without those that no provider has (any more): nothing is stored of them."""
    by_cloud: dict[str, list[str]] = {}
    for rule, cloud in providers.items():
        if cloud:
            by_cloud.setdefault(cloud, []).append(rule)
    return by_cloud


def _ranked(seen: _Seen, accounts: int) -> RuleFacts:
    """A failure outweighs what is unknown, and what is unknown outweighs what is muted or passed."""
    failed = seen.failed & accounts
    # An account without a total was never scanned by this check: unknown, never passed. `accounts` ends the mask again:
    # in Python `~` sets all bits, without end.
    unknown = ~(seen.passed | seen.empty) & accounts & ~failed
    muted = seen.muted & accounts & ~failed & ~unknown
    rest = accounts & ~(failed | unknown | muted)
    return RuleFacts(
        failed=failed,
        unknown=unknown,
        muted=muted,
        passed=rest & seen.passed,
        # Read to the end, and no asset that the check is about: told apart, so that a report can say so.
        empty=rest & ~seen.passed,
        failures=seen.failures,
        muted_failures=seen.muted_failures,
    )


def _read_failures(scope: ReportScope, seen: Mapping[str, _Seen]) -> None:
    """Counted from the findings themselves, so that what was suppressed or checked again a minute ago counts."""
    rows = within(Finding.objects.filter(status=FindingStatus.OPEN, **SHOWN_OR_NOT), scope.team)
    if (accounts := _accounts(scope)) is not None:
        rows = rows.filter(account__in=accounts)
    # By the columns of the index `finding_owner_counts` in its order, and so counted from it without sorting.
    # 12,000 for 350 accounts. As the database has them: to make UUIDs and booleans took twice as long as to count them.
    columns = ("hidden", "hidden_by_rule", "key", "provider", "environment", "check_id")
    counts = rows.order_by().annotate(**_RAW).values(*columns).annotate(number=Count("*"))
    connection, keys = connections[rows.db], UUIDField()
    places = {keys.get_db_prep_value(account, connection): place for account, place in scope.place.items()}
    # A bit for each account, set where it stands: a number would be written anew for each.
    size = (len(scope.accounts) + 7) // 8
    failed = {rule: bytearray(size) for rule in seen}
    hidden = {rule: bytearray(size) for rule in seen}
    shown = ("key", "check_id", "hidden", "hidden_by_rule", "number")
    for key, rule, suppressed, muted, number in counts.values_list(*shown).iterator(chunk_size=READ):
        place = places.get(key)
        # A check that no framework names, or an account outside a scope that was not narrowed by ids (`_accounts`).
        if rule not in seen or place is None:
            continue
        if suppressed or muted:
            hidden[rule][place >> 3] |= 1 << (place & 7)
            seen[rule].muted_failures += number
        else:
            failed[rule][place >> 3] |= 1 << (place & 7)
            seen[rule].failures += number
    for rule, masks in seen.items():
        masks.failed = int.from_bytes(failed[rule], "little")
        masks.muted = int.from_bytes(hidden[rule], "little")


def _accounts(scope: ReportScope) -> list[UUID] | None:
    """What rows are narrowed to; None where all of the team's are read, and what is outside the scope is left out."""
    return list(scope.place) if scope.narrowed and len(scope.accounts) <= MANY else None
