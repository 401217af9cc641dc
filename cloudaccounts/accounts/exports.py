"""The list of accounts as rows of a file. The first columns are those that an import reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from cloudaccounts.accounts.coverage import coverage_numbers
from cloudaccounts.accounts.details import chosen_regions
from cloudaccounts.accounts.summaries import SEVERITIES
from cloudaccounts.credentials.age import age_of
from cloudaccounts.models import CloudAccount

BATCH = 500
_COPIED = (
    "provider", "account_id", "name", "environment", "auth_method", "partition", "status", "last_checked_at",
    "created_at",
)  # fmt: skip
COLUMNS = (
    "provider", "account_id", "name", "environment", "regions", "auth_method", "partition", "status",
    "coverage_percent", "regions_enabled", "regions_read", "units_total", "units_read", "units_stale",
    "permissions_needed", "permissions_granted", "permissions_denied", "permissions_unverifiable",
    *SEVERITIES, "score", "last_scan_status", "last_scan_at", "rotation", "credential_age_days",
    "last_checked_at", "created_at",
)  # fmt: skip


def export_rows(rows: QuerySet[CloudAccount]) -> Iterator[dict[str, Any]]:
    """Mappings with `COLUMNS` as keys, streamed. Regions are ``all``, or names with blanks between them."""
    for account in rows.iterator(chunk_size=BATCH):
        numbers, age = coverage_numbers(account), age_of(account)
        regions = chosen_regions(account)
        yield {
            **{name: getattr(account, name) for name in _COPIED},
            # Blanks and not commas: a cell that holds the column separator has to be quoted, and people edit these
            # files by hand.
            "regions": regions if isinstance(regions, str) else " ".join(regions),
            "coverage_percent": numbers["percent"],
            **{f"{part}_{name}": value for part in ("regions", "units", "permissions")
               for name, value in numbers[part].items()},
            **{name: account.posture.get(name) for name in (*SEVERITIES, "score")},
            "last_scan_status": account.last_scan.get("status"),
            "last_scan_at": account.last_scan.get("finished_at"),
            "rotation": age.state,
            "credential_age_days": age.days,
        }  # fmt: skip
