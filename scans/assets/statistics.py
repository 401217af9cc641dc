"""SQLite's planner knows how many types, services and regions there are only where somebody counted: nobody else does.

PostgreSQL and MongoDB look after that by themselves. With it, the types to choose from above a list of 100,000 assets
are read in steps instead of one by one.
"""

from __future__ import annotations

from django.db import connections

from cloudaccounts.work.databases import SECURITY
from scans.models import Asset

MANY = 1_000  # new assets after which it is worth a look
SAMPLE = 1_000  # rows that are read of each index: milliseconds, whatever the table's size


def renew_statistics(new_assets: int) -> bool:
    """After a scan. Whether there was anything to do."""
    connection = connections[SECURITY]
    if connection.vendor != "sqlite" or new_assets < MANY:
        return False
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA analysis_limit={SAMPLE}")
        cursor.execute(f"ANALYZE {connection.ops.quote_name(Asset._meta.db_table)}")
    return True
