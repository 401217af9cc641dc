"""An open connection to an account, through which a scan reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.contract.report import RegionResult

KnownAssets = Callable[[ScanUnit], Iterable[Asset]]  # what an earlier scan stored of a unit that it read completely


class Session(Protocol):
    """An open connection to one account. Safe to use from several threads."""

    def regions(self) -> tuple[RegionResult, ...]:
        """Which regions the account has enabled now, those included that this version does not know.

        Where the cloud has nothing to enable, these are the regions that the account can use. Calls the network. Raises
        `ProviderError` where the cloud does not tell.
        """

    def units(self, regions: Sequence[str]) -> Sequence[ScanUnit]:
        """What a scan of these regions consists of, global services first. Calls no network."""

    # A generator: an account may hold more resources than memory, and what came before a failure counts.
    def collect(self, unit: ScanUnit) -> Iterator[Asset]:
        """Streams the unit's resources, page by page. Raises `ProviderError`, also after some were yielded."""

    # By the cloud's own log, an hour less for entries that are written late (docs/decisions/0007).
    def unchanged(
        self, units: Sequence[ScanUnit], since: datetime, known: KnownAssets | None = None
    ) -> frozenset[ScanUnit]:
        """The units in which nothing was changed since (aware, UTC), by the cloud's own log of changes.

        For incremental scans, which do not read such a unit again. What the log does not cover, or covers late, must
        not be in the answer, unless a few calls show that the unit is as ``known`` says. So an empty answer is always
        right. ``known`` reads a database, so it is called only in the caller's thread. Raises `ProviderError` where the
        log cannot be read: then everything is read, and the scan says so. Calls the network.
        """

    def close(self) -> None:
        """Closes its connections; calls that still run may fail."""
