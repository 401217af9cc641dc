"""What was asked of the sandbox: every host (the egress tripwire) and every call, kept in memory."""

import threading
import time
from collections import deque
from typing import Any

# Bounded, because a demo may run for days.
HOSTS_KEPT = 50_000
CALLS_KEPT = 50_000


class Journal:
    """Two bounded logs; appends are cheap, since benchmarks run through them."""

    def __init__(self) -> None:
        self._hosts: deque[dict[str, Any]] = deque(maxlen=HOSTS_KEPT)
        self._calls: deque[dict[str, Any]] = deque(maxlen=CALLS_KEPT)
        self._keys: list[dict[str, Any]] = []  # never cleared: it says which keys there ever were
        self._lock = threading.Lock()

    def host(self, host: str, port: int, verdict: str) -> None:
        """A connection asked for; the verdict is `joined`, `refused` (no cloud's host) or `unreachable` (a fault)."""
        with self._lock:
            self._hosts.append({"host": host, "port": port, "verdict": verdict, "at": time.time()})

    def call(self, **facts: Any) -> None:
        with self._lock:
            self._calls.append({**facts, "at": time.time()})

    def hosts(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._hosts)

    def calls(self, cloud: str | None = None) -> list[dict[str, Any]]:
        with self._lock:
            return [call for call in self._calls if cloud is None or call["cloud"] == cloud]

    def key(self, cloud: str, action: str, identity: str, key: str, by: str = "") -> None:
        """A key, secret or certificate that an API call made, changed or deleted; `by` is the caller's own key."""
        with self._lock:
            self._keys.append(
                {"cloud": cloud, "action": action, "identity": identity, "key": key, "by": by, "at": time.time()}
            )

    def keys(self, identity: str | None = None) -> list[dict[str, Any]]:
        with self._lock:
            return [entry for entry in self._keys if identity in (None, entry["identity"])]

    def clear(self) -> None:
        with self._lock:
            self._hosts.clear()
            self._calls.clear()
