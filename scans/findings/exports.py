"""The list of findings as rows of a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from cloudaccounts.accounts.queries import account_lookup
from cloudaccounts.models import CloudAccount
from scans.batching import BATCH_SIZE, batched
from scans.console_links import finding_link
from scans.findings.queries import LONG_COLUMNS
from scans.models import Finding
from teams.scope import Scope

COLUMNS = (
    "severity", "status", "title", "check", "account_name", "account_id", "provider", "service", "region", "asset_type",
    "asset_name", "native_id", "reason", "first_seen", "last_seen", "open_since", "resolved_at", "reopened",
    "suppressed_reason", "suppressed_by", "suppressed_until", "console_link",
)  # fmt: skip
_COPIED = {
    "severity", "title", "account_name", "provider", "service", "region", "asset_type", "asset_name", "native_id",
    "reason", "first_seen", "last_seen", "open_since", "resolved_at", "reopened", "suppressed_reason", "suppressed_by",
    "suppressed_until",
}  # fmt: skip


def export_columns(file_format: str) -> tuple[str, ...]:
    """Evidence is nested, so that it is in JSON alone: a cell of CSV holds a value."""
    return (*COLUMNS, "evidence") if file_format == "json" else COLUMNS


def export_rows(scope: Scope, rows: QuerySet[Finding], columns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Mappings with ``columns`` as keys, read in batches. Each account is looked up once."""
    nested = {"evidence"}.intersection(columns)
    if nested:
        # None first: `defer` only adds to what is deferred already, and a list's rows defer all of these.
        rows = rows.defer(None).defer(*set(LONG_COLUMNS) - nested)
    # Kept over the batches: an owner has few accounts, and rows of one account are scattered over the list.
    accounts: dict[UUID, CloudAccount] = {}
    for batch in batched(rows.iterator(chunk_size=BATCH_SIZE)):
        accounts |= account_lookup(scope, {row.account for row in batch} - accounts.keys())
        for row in batch:
            account = accounts.get(row.account)
            yield {
                **{name: getattr(row, name) for name in (*_COPIED, *nested)},
                "status": row.state,
                "check": row.check_id,
                "account_id": account.account_id if account else "",
                "console_link": finding_link(row, account),
            }
