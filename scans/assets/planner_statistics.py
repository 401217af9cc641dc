"""Statistics for SQLite's query planner, renewed after scans that found many new assets.

With them, the types to choose from above a list of 100,000 assets are read by skipping through the index instead of row
by row. SQLite knows how many types, services and regions there are only after ANALYZE, which nobody else runs.
PostgreSQL and MongoDB keep theirs up to date without being asked.
"""

from __future__ import annotations

from django.db import connections

from cloudaccounts.work.databases import SECURITY
from scans.models import Asset

NEW_ASSETS = 1_000  # below that, the old statistics are good enough
SAMPLE = 1_000  # rows that are read of each index: milliseconds, whatever the table's size


def renew_statistics(new_assets: int) -> bool:
    """After a scan that stored so many new assets. Whether there was anything to do."""
    connection = connections[SECURITY]
    if connection.vendor != "sqlite" or new_assets < NEW_ASSETS:
        return False
    with connection.cursor() as cursor:
        # Without the limit, ANALYZE reads every index to its end.
        cursor.execute(f"PRAGMA analysis_limit={SAMPLE}")
        cursor.execute(f"ANALYZE {connection.ops.quote_name(Asset._meta.db_table)}")
    return True
