"""What units read reaches the writer, also where the unit fails afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import Asset, ScanUnit
from scans.runs.collection import BATCH, Batch, UnitFailed, UnitFinished, collect

UNIT = ScanUnit("rds", "eu-west-1")


class Failing:
    """Yields some assets and then fails."""

    def __init__(self, count: int, error: Exception | None) -> None:
        self._count = count
        self._error = error

    def units(self, regions: Sequence[str]) -> Sequence[ScanUnit]:
        return (UNIT,)

    def collect(self, unit: ScanUnit) -> Iterator[Asset]:
        for number in range(self._count):
            yield Asset("t", unit.service, unit.region, f"id-{number}", f"name-{number}")
        if self._error:
            raise self._error

    def unchanged(self, *_: Any) -> frozenset[ScanUnit]:
        return frozenset()

    def close(self) -> None:
        return


@pytest.mark.parametrize("count", [0, 1, BATCH - 1, BATCH, BATCH + 1])
@pytest.mark.parametrize(
    ("error", "code"),
    [(None, ""), (ProviderError("permission_denied", "No."), "permission_denied"), (KeyError("x"), "internal_error")],
)
def test_nothing_that_was_read_is_lost(count: int, error: Exception | None, code: str) -> None:
    events = list(collect(Failing(count, error), (UNIT,)))
    read = [asset.native_id for event in events if isinstance(event, Batch) for asset in event.assets]
    assert read == [f"id-{number}" for number in range(count)]
    last = events[-1]
    if error is None:
        assert isinstance(last, UnitFinished)
    else:
        assert isinstance(last, UnitFailed)
        assert last.error.code == code
