"""Reads of assets. All are of one scope: what lies outside of it is as if it did not exist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from cloudaccounts.accounts.kept_numbers import KeptNumbers
from cloudaccounts.accounts.queries import find
from cloudaccounts.accounts.visibility import within
from cloudaccounts.models import CloudAccount
from scans.models import Asset
from scans.search import accounts_matching, few_more, filter_by_group, filter_by_hits, keys_matching
from teams.scope import Scope

SHOWN_TYPES = 8
SHOWN_ASSETS = 6

ORDER = ("type", "name_key", "id")


@dataclass(frozen=True, slots=True)
class AssetFilter:
    q: str = ""
    account: UUID | None = None
    provider: str = ""
    type: str = ""
    region: str = ""
    gone: bool = False
    since: int = 0  # days; 0 for ever
    group: UUID | None = None

    @property
    def narrows(self) -> bool:
        return any((self.q, self.account, self.provider, self.type, self.region, self.gone, self.since, self.group))


def assets(scope: Scope, filters: AssetFilter, account: CloudAccount | None = None) -> QuerySet[Asset]:
    """Rows of a list, without their large columns.

    ``account`` is the scope's account that ``filters`` names, where the caller has read it already.
    """
    rows = _of(scope, filters, account)
    if filters.q:
        everything = within(Asset.objects.all(), scope)
        hits = keys_matching(everything, scope, filters.q, name="name", tags="tag_lines")
        named_accounts = accounts_matching(scope, filters.q)
        hits, left = few_more(everything, hits, [Q(account__in=named_accounts)] if named_accounts else [])
        rows = filter_by_hits(rows, hits, left[0] if left else None)
        # Once more: the search may have replaced the rows by those of the hits alone (`filter_by_hits`).
        if filters.account:
            rows = rows.filter(account=filters.account)
    rows = rows.filter(gone_at__isnull=not filters.gone).defer("tags", "properties", "unknowns", "tag_lines")
    exact: dict[str, Any] = {"provider": filters.provider, "type": filters.type, "region": filters.region}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if filters.since:
        changed = "gone_at" if filters.gone else "first_seen_at"
        rows = rows.filter(**{f"{changed}__gte": timezone.now() - timedelta(days=filters.since)})
    # The order ends with the key: without it, pages of rows with equal names could overlap.
    return filter_by_group(rows, scope, filters.group).order_by(*ORDER)


def in_index_order(rows: QuerySet[Asset], filters: AssetFilter) -> QuerySet[Asset]:
    """The same rows in the same order, told as the index `asset_owner_type_name` has it.

    To PostgreSQL "is NULL" is no constant: unless the list is sorted by that column first, it sorts all of the owner's
    assets for a page. Not for cursors, which compare what a row was sorted by: those take `constant_of`.
    """
    constant = constant_of(filters)
    return rows.order_by(constant, *ORDER) if constant else rows


def constant_of(filters: AssetFilter) -> str:
    """The column by which the index of the list begins and that is the same in all of its rows; empty for another."""
    return "" if filters.gone or filters.account else "gone_at"


def asset_types(scope: Scope, filters: AssetFilter, account: CloudAccount | None) -> list[str]:
    """The types to choose from, read from an index alone; of a whole team kept for half a minute where it has many."""
    if account is None and not filters.account and not filters.gone:
        return sorted(TYPES.of(scope).numbers)
    rows = _of(scope, filters, account)
    if account is None:  # the index of an account's assets does not hold `gone_at`
        rows = rows.filter(gone_at__isnull=not filters.gone)
    return sorted(rows.order_by().values_list("type", flat=True).distinct())


def _types(scope: Scope) -> dict[str, int]:
    """How many there are of each."""
    rows = _of(scope, AssetFilter(), None).filter(gone_at__isnull=True).order_by()
    return {row["type"]: row["number"] for row in rows.values("type").annotate(number=Count("*"))}


TYPES = KeptNumbers(_types, lambda numbers: sum(numbers.values()))


def _of(scope: Scope, filters: AssetFilter, account: CloudAccount | None) -> QuerySet[Asset]:
    """An account's assets are asked for by the account alone: with the owner too, SQLite reads all of the owner's."""
    if account is None and filters.account is not None:
        account = find(scope, filters.account)
    if account is not None:
        # From here on the owner is no condition any more: a caller that brings somebody else's account is a defect.
        assert account.owner == scope.owner
        return Asset.objects.filter(account=account.pk)
    # An account that the scope does not show holds nothing. Without a filter it would be all that it shows.
    return Asset.objects.none() if filters.account else within(Asset.objects.all(), scope)


def find_asset(scope: Scope, asset_id: UUID) -> Asset | None:
    return within(Asset.objects.filter(pk=asset_id), scope).first()


@dataclass(frozen=True, slots=True)
class AccountAssets:
    """The assets of one account in short, for a panel of its page."""

    total: int
    types: tuple[tuple[str, int], ...]  # most frequent first
    more_types: int
    latest: tuple[Asset, ...]


def account_assets(account: CloudAccount) -> AccountAssets:
    """Two queries: counts by type, and the assets that were found last."""
    present = Asset.objects.filter(account=account.pk, gone_at__isnull=True)
    rows = present.order_by().values("type").annotate(number=Count("id"))
    counts = sorted(((row["type"], row["number"]) for row in rows), key=lambda count: (-count[1], count[0]))
    latest = present.defer("tags", "properties", "tag_lines").order_by("-first_seen_at", "type", "name_key")[
        :SHOWN_ASSETS
    ]
    return AccountAssets(
        total=sum(number for _, number in counts),
        types=tuple(counts[:SHOWN_TYPES]),
        more_types=max(0, len(counts) - SHOWN_TYPES),
        latest=tuple(latest),
    )
