"""One process migrates a database at a time; others that start together wait, and find it done."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connections

# Any number that no other program takes on this server: "cam" in ASCII, and one for migrations.
_ADVISORY = 0x63616D01


@contextmanager
def alone_at(alias: str) -> Iterator[None]:
    """Waits until no other process migrates this database.

    By a file for processes of one data folder, on PostgreSQL by a lock of the server too, since there the others may
    run elsewhere. Both end with the process that holds them, however it ends. Without, two first starts create the same
    table and one of them fails.
    """
    with (Path(settings.DATA_DIR) / "migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection = connections[alias]
        if connection.vendor != "postgresql":
            yield
            return
        # Of the session and not of a transaction, for migrations have transactions of their own:
        # https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_ADVISORY])
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ADVISORY])
