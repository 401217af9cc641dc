from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.work.leases import Claim
from scans.assets.writer import AssetWriter

EVERY = 0.5  # seconds between writes: a person sees motion, the database is left in peace


class Progress:
    """What a running scan tells of itself. Counts only what is done and stored."""

    def __init__(
        self, claim: Claim, *, total: int, done: int = 0, unchanged: int = 0, notes: Sequence[str] = ()
    ) -> None:
        self._claim = claim
        self._last = 0.0
        self._open: dict[ScanUnit, None] = {}
        self.gaps: list[dict[str, Any]] = []
        self.first_error: ProviderError | None = None
        self._facts: dict[str, Any] = {
            "units_total": total, "units_done": done, "units_unchanged": unchanged, "notes": list(notes),
        }  # fmt: skip

    def doing(self, unit: ScanUnit) -> None:
        self._open[unit] = None

    def seen(self, writer: AssetWriter) -> None:
        self._facts |= {
            "assets_seen": writer.seen,
            "assets_new": writer.new,
            "assets_changed": writer.changed,
            "assets_gone": writer.gone,
        }

    def unit_done(self, unit: ScanUnit, writer: AssetWriter) -> None:
        self._open.pop(unit, None)
        self._facts["units_done"] += 1
        self.seen(writer)

    def tell(self, facts: Mapping[str, Any]) -> None:
        self._facts |= facts

    def unit_failed(self, unit: ScanUnit, error: ProviderError) -> None:
        """A gap: what was known of this unit stays as it was, and the run says that it could not look."""
        self._open.pop(unit, None)
        self._facts["units_done"] += 1
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

    def show(self, *, force: bool = False) -> bool:
        """Writes at most twice a second. False where the claim is lost: cancelled, or another worker has the run."""
        if not force and time.monotonic() - self._last < EVERY:
            return True
        self._last = time.monotonic()
        now_doing = next(iter(self._open)).label if self._open else ""
        return self._claim.write(now_doing=now_doing[:200], gaps=self.gaps, **self._facts)
