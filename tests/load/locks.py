"""How long somebody who writes would wait for others' locks, looked at twenty times a second."""

from __future__ import annotations

import sqlite3
import threading
import time
from typing import Self

from django.db import connections

from cloudaccounts.work.databases import SECURITY

EVERY = 0.05  # seconds
_WAITS = """
SELECT COALESCE(MAX(EXTRACT(EPOCH FROM clock_timestamp() - query_start)), 0) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND datname = current_database()
"""


class Locks:
    """For a ``with`` block. ``longest`` is the longest wait for a lock of the accounts' database so far, in seconds.

    On PostgreSQL that of any statement there. On SQLite, where whoever writes has the whole file, that of a transaction
    that is begun to see how long it takes.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _look(self) -> None:
        connection = connections[SECURITY]
        try:
            if connection.vendor == "postgresql":
                self._look_at_waits(connection)
            else:
                self._take_turns(str(connection.settings_dict["NAME"]))
        finally:
            connection.close()

    def _look_at_waits(self, connection: object) -> None:
        with connections[SECURITY].cursor() as cursor:
            while not self._stop.wait(EVERY):
                cursor.execute(_WAITS)
                self.longest = max(self.longest, float(cursor.fetchone()[0]))

    def _take_turns(self, path: str) -> None:
        file = sqlite3.connect(path, timeout=60, isolation_level=None)
        try:
            while not self._stop.wait(EVERY):
                began = time.monotonic()
                file.execute("BEGIN IMMEDIATE")
                self.longest = max(self.longest, time.monotonic() - began)
                file.execute("ROLLBACK")
        finally:
            file.close()
