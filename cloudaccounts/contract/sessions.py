"""An opened connection to an account, through which a scan reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from cloudaccounts.contract.inventory import Asset, ScanUnit

Known = Callable[[ScanUnit], Iterable[Asset]]  # what is stored of a unit that an earlier scan looked at completely


class Session(Protocol):
    """An opened connection to one account. Safe to use from several threads."""

    def units(self, regions: Sequence[str]) -> Sequence[ScanUnit]:
        """What a scan of these regions consists of, global services first. Asks no network."""

    def collect(self, unit: ScanUnit) -> Iterator[Asset]:
        """Streams the unit's resources, page by page. Raises `ProviderError`, also after some were yielded."""

    def unchanged(self, units: Sequence[ScanUnit], since: datetime, known: Known | None = None) -> frozenset[ScanUnit]:
        """Those units in which nothing was changed since (aware, UTC), by the cloud's own log of changes.

        For incremental scans: such a unit is not looked at again. Whatever the log does not cover, or covers late, is
        not in the answer, unless a few calls show that the unit is as ``known`` (which is called by the caller's thread
        alone); so an empty answer is always right. Raises `ProviderError` where the log cannot be read: then everything
        is looked at, and the scan says so. Asks the network.
        """

    def close(self) -> None:
        """Gives back its connections; calls that still run may fail."""
