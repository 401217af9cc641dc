"""Links from what was discovered into the provider's own console."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from cloudaccounts.contract import Asset as Described
from cloudaccounts.models import CloudAccount
from cloudaccounts.registry import UnknownProviderError
from scans.models import Asset, Finding


def accounts_of(owner: str, rows: Iterable[Asset | Finding]) -> dict[UUID, CloudAccount]:
    """The accounts that these rows are about, in one query."""
    keys = {row.account for row in rows}
    if not keys:
        return {}
    return {found.pk: found for found in CloudAccount.objects.of(owner).filter(pk__in=keys).defer("last_check")}


def console_link(row: Asset | Finding, account: CloudAccount | None) -> str:
    """Empty where none can be built safely."""
    if account is None:
        return ""
    kind, name = (row.type, row.name) if isinstance(row, Asset) else (row.asset_type, row.asset_name)
    described = Described(kind, row.service, row.region, row.native_id, name)
    try:
        return account.spec.build_console_link(
            described,
            account_id=account.account_id,
            partition=account.partition,
            tenant=getattr(account, "tenant", ""),
        )
    except UnknownProviderError:
        return ""
