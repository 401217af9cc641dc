"""Reads of assets. Everything is of one owner (``str(user.pk)``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from cloudaccounts.accounts.queries import find
from cloudaccounts.models import CloudAccount
from scans.models import Asset
from scans.search import accounts_like, begins_with, in_group, matching

SHOWN_TYPES = 8
SHOWN_ASSETS = 6


@dataclass(frozen=True, slots=True)
class AssetFilter:
    q: str = ""
    account: UUID | None = None
    provider: str = ""
    type: str = ""
    region: str = ""
    gone: bool = False
    group: UUID | None = None

    @property
    def narrows(self) -> bool:
        return any((self.q, self.account, self.provider, self.type, self.region, self.gone, self.group))


def assets(owner: str, wanted: AssetFilter, account: CloudAccount | None = None) -> QuerySet[Asset]:
    """For a list: without what is large. ``account`` is the owner's that ``wanted`` names, where it was read."""
    found = _of(owner, wanted, account)
    if wanted.q:
        hits = begins_with(Asset.objects.filter(owner=owner), wanted.q)
        like = accounts_like(owner, wanted.q)
        found = matching(found, hits, Q(account__in=like) if like else None)
        if wanted.account:
            found = found.filter(account=wanted.account)
    found = found.filter(gone_at__isnull=not wanted.gone).defer("tags", "properties", "unknowns")
    exact: dict[str, Any] = {"provider": wanted.provider, "type": wanted.type, "region": wanted.region}
    found = found.filter(**{name: value for name, value in exact.items() if value})
    return in_group(found, owner, wanted.group).order_by("type", "name", "id")


def asset_types(owner: str, wanted: AssetFilter, account: CloudAccount | None) -> list[str]:
    """To choose from, in the order of the index that alone is read for it."""
    found = _of(owner, wanted, account)
    if account is None:  # an account's own index does not know what is gone
        found = found.filter(gone_at__isnull=not wanted.gone)
    return sorted(found.order_by().values_list("type", flat=True).distinct())


def _of(owner: str, wanted: AssetFilter, account: CloudAccount | None) -> QuerySet[Asset]:
    """An account's assets are asked for by the account alone: given the owner too, SQLite reads all that is theirs."""
    if account is None and wanted.account is not None:
        account = find(owner, wanted.account)
    if account is not None:
        assert account.owner == owner
        return Asset.objects.filter(account=account.pk)
    return Asset.objects.none() if wanted.account else Asset.objects.filter(owner=owner)


def find_asset(owner: str, asset: UUID) -> Asset | None:
    return Asset.objects.filter(owner=owner, pk=asset).first()


@dataclass(frozen=True, slots=True)
class AccountAssets:
    total: int
    types: tuple[tuple[str, int], ...]  # most frequent first
    more_types: int
    latest: tuple[Asset, ...]


def account_assets(account: CloudAccount) -> AccountAssets:
    """Two queries: counts by type, and what was found last."""
    present = Asset.objects.filter(account=account.pk, gone_at__isnull=True)
    rows = present.order_by().values("type").annotate(number=Count("id"))
    counted = sorted(((row["type"], row["number"]) for row in rows), key=lambda pair: (-pair[1], pair[0]))
    latest = present.defer("tags", "properties").order_by("-first_seen_at", "type", "name")[:SHOWN_ASSETS]
    return AccountAssets(
        total=sum(number for _, number in counted),
        types=tuple(counted[:SHOWN_TYPES]),
        more_types=max(0, len(counted) - SHOWN_TYPES),
        latest=tuple(latest),
    )
