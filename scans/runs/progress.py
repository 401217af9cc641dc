"""What a running scan shows of itself."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.work.leases import Claim
from scans.assets.writer import AssetWriter

WRITE_EVERY = 0.5  # seconds: often enough for people to see motion, seldom enough for the database


class Progress:
    """The columns of a run that change while it runs. Counts only what is done and stored.

    Methods collect values; `write` writes them, and says whether this worker still holds the run.
    """

    def __init__(
        self, claim: Claim, *, total: int, done: int = 0, unchanged: int = 0, notes: Sequence[str] = ()
    ) -> None:
        self._claim = claim
        self._written_at = 0.0
        self._open: dict[ScanUnit, None] = {}  # a set that keeps the order in which units began
        self.gaps: list[dict[str, Any]] = []
        self.first_error: ProviderError | None = None
        self._columns: dict[str, Any] = {
            "units_total": total, "units_done": done, "units_unchanged": unchanged, "notes": list(notes),
        }  # fmt: skip

    def unit_started(self, unit: ScanUnit) -> None:
        self._open[unit] = None

    def unit_done(self, unit: ScanUnit, writer: AssetWriter) -> None:
        self._open.pop(unit, None)
        self._columns["units_done"] += 1
        self.count_assets(writer)

    def unit_failed(self, unit: ScanUnit, error: ProviderError) -> None:
        """Adds a gap: what was known of this unit stays as it was, and the run says why it could not be read."""
        # A gap counts as done: nothing more will be tried in this run, and the bar must reach its end.
        self._open.pop(unit, None)
        self._columns["units_done"] += 1
        # The first cause is what the whole run fails with, where not one unit could be read.
        self.first_error = self.first_error or error
        self.gaps.append(
            {
                "service": unit.service,
                "region": unit.region,
                "code": error.code,
                "cause": error.cause,
                "remedy": error.remedy,
            }
        )

    def count_assets(self, writer: AssetWriter) -> None:
        self._columns |= {
            "assets_seen": writer.seen,
            "assets_new": writer.new,
            "assets_changed": writer.changed,
            "assets_gone": writer.gone,
        }

    def set_columns(self, columns: Mapping[str, Any]) -> None:
        self._columns |= columns

    @property
    def is_due(self) -> bool:
        return time.monotonic() - self._written_at >= WRITE_EVERY

    def write(self, *, force: bool = False) -> bool:
        """Writes at most twice a second. False where the claim is lost: cancelled, or another worker has the run."""
        if not force and not self.is_due:
            return True
        self._written_at = time.monotonic()
        # The unit that began first: it is the one that people wait for.
        now_doing = next(iter(self._open)).label if self._open else ""
        return self._claim.write(now_doing=now_doing[:200], gaps=self.gaps, **self._columns)
