"""What this product measures of itself, for Prometheus.

Every process (web, workers) writes its counts into files of the data folder, by prometheus_client's own multi-process
mode; ``/metrics`` adds them up. What rows know (queues, accounts by status) is read when somebody asks.
The library is loaded when something is first measured: commands and start-up never pay for it.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar

from django.utils import timezone

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

R = TypeVar("R")
_making = threading.RLock()  # re-entrant, because making a metric calls `_prepare`, which takes it as well

# Upper limits of buckets: a validation has 120 seconds, a scan four hours.
_SECONDS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120)
_SCAN_SECONDS = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600)


def _once(make: Callable[[], R]) -> Callable[[], R]:
    """As `cache`, which lets two threads make it both: the library refuses the second of a name."""
    kept = cache(make)

    @wraps(make)
    def get() -> R:
        with _making:
            return kept()

    return get


@_once
def _prepare() -> None:
    """Names files by host and process: containers that share the data folder have the same process numbers."""
    from prometheus_client import values

    # Underscores separate the parts of such a file's name.
    host = socket.gethostname().replace("_", "-")
    values.ValueClass = values.MultiProcessValue(lambda: f"{host}-{os.getpid()}")  # type: ignore[no-untyped-call]


@_once
def _check_seconds() -> Histogram:
    from prometheus_client import Histogram

    _prepare()
    return Histogram(
        "cloud_accounts_check_seconds", "Duration of checks of an account's connection.",
        ("provider", "kind"), buckets=_SECONDS,
    )  # fmt: skip


@_once
def _checks() -> Counter:
    from prometheus_client import Counter

    _prepare()
    return Counter(
        "cloud_accounts_checks", "Checks of connections by outcome; code is empty where access was validated.",
        ("provider", "kind", "code"),
    )  # fmt: skip


@_once
def _scan_seconds() -> Histogram:
    from prometheus_client import Histogram

    _prepare()
    return Histogram(
        "cloud_accounts_scan_seconds", "Duration of scans.", ("provider", "scan_type", "status"), buckets=_SCAN_SECONDS
    )


@_once
def _scan_assets() -> Counter:
    from prometheus_client import Counter

    _prepare()
    return Counter("cloud_accounts_scanned_assets", "Resources that scans looked at.", ("provider",))


@_once
def _failures() -> Counter:
    from prometheus_client import Counter

    _prepare()
    return Counter("cloud_accounts_failures", "Failed checks, scans and items of jobs by code.", ("what", "code"))


def observe_check(*, provider: str, kind: str, seconds: float, code: str = "") -> None:
    """``kind``: wizard, check, heartbeat. ``code`` is empty where access was validated."""
    _check_seconds().labels(provider, kind).observe(seconds)
    # Labels are closed sets: an account or an owner among them would make a series for each.
    _checks().labels(provider, kind, code).inc()
    if code:
        _failures().labels(kind, code).inc()


def observe_scan(
    *, provider: str, scan_type: str, status: str, started_at: datetime | None, assets: int, code: str = ""
) -> None:
    # A scan that never began has no duration; zero would pull the average down.
    if started_at is not None:
        elapsed = (timezone.now() - started_at).total_seconds()
        _scan_seconds().labels(provider, scan_type, status).observe(elapsed)
    _scan_assets().labels(provider).inc(assets)
    if code:
        _failures().labels("scan", code).inc()


# Read when somebody asks: what rows know, no process has to count.
class Gauges:
    """A prometheus_client collector for one answer: ``(name, help, label names, [(labels, value)])`` read from rows."""

    def __init__(
        self, families: Iterable[tuple[str, str, tuple[str, ...], list[tuple[tuple[str, ...], float]]]]
    ) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Any]:
        from prometheus_client.core import GaugeMetricFamily

        for name, explanation, labels, samples in self._families:
            family = GaugeMetricFamily(name, explanation, labels=labels)
            for values, number in samples:
                family.add_metric(values, number)
            yield family
