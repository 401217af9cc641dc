"""The list of assets as rows of a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from cloudaccounts.accounts.queries import account_lookup
from cloudaccounts.models import CloudAccount
from scans.batching import BATCH_SIZE, batched
from scans.console_links import asset_row_link
from scans.models import Asset
from teams.scope import Scope

COLUMNS = (
    "name", "type", "service", "region", "native_id", "account_name", "account_id", "provider", "first_seen",
    "last_seen", "changed", "gone", "passed", "failed", "unknown", "console_link",
)  # fmt: skip
_COPIED = {
    "name", "type", "service", "region", "native_id", "account_name", "provider", "passed", "failed", "unknown",
}  # fmt: skip


def export_rows(scope: Scope, rows: QuerySet[Asset]) -> Iterator[dict[str, Any]]:
    """Mappings with `COLUMNS` as keys, read in batches. Each account is looked up once."""
    # Kept over the batches: an owner has few accounts, and rows of one account are scattered over the list.
    accounts: dict[UUID, CloudAccount] = {}
    for batch in batched(rows.iterator(chunk_size=BATCH_SIZE)):
        accounts |= account_lookup(scope, {row.account for row in batch} - accounts.keys())
        for row in batch:
            # None where it was deleted since the row was read: then the row's own columns are what is left.
            account = accounts.get(row.account)
            yield {
                **{name: getattr(row, name) for name in _COPIED},
                "account_id": account.account_id if account else "",
                "first_seen": row.first_seen_at,
                "last_seen": row.last_seen_at,
                "changed": row.changed_at,
                "gone": row.gone_at,
                "console_link": asset_row_link(row, account),
            }
