"""What units read reaches the writer, also where the unit fails afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.contract.report import RegionResult
from cloudaccounts.work import hung
from scans.runs import collection
from scans.runs.collection import BATCH, Batch, UnitFailed, UnitFinished, Waiting, collect
from tests.stack import wait_for

UNIT = ScanUnit("rds", "eu-west-1")


class Failing:
    """Yields some assets and then fails."""

    def __init__(self, count: int, error: Exception | None) -> None:
        self._count = count
        self._error = error

    def regions(self) -> tuple[RegionResult, ...]:
        return ()

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
    events = [event for event in collect(Failing(count, error), (UNIT,)) if not isinstance(event, Waiting)]
    read = [asset.native_id for event in events if isinstance(event, Batch) for asset in event.assets]
    assert read == [f"id-{number}" for number in range(count)]
    last = events[-1]
    if error is None:
        assert isinstance(last, UnitFinished)
    else:
        assert isinstance(last, UnitFailed)
        assert last.error.code == code


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()
    wait_for(lambda: hung.count() == 0, seconds=10, what="the end of the hung readings")


class Hanging(Failing):
    """One unit yields an asset and then nothing more; the others are read."""

    def __init__(self, gate: threading.Event) -> None:
        super().__init__(1, None)
        self._gate = gate

    def collect(self, unit: ScanUnit) -> Iterator[Asset]:
        yield from super().collect(unit)
        if unit.service == "rds":
            self._gate.wait(20)


def test_a_unit_that_hangs_is_a_gap_and_the_others_are_read(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("IDLE", 0.2), ("LOOK_EVERY", 0.05), ("GRACE", 0.05)):
        monkeypatch.setattr(collection, name, seconds)
    other = ScanUnit("s3", "eu-west-1")
    events = list(collect(Hanging(gate), (UNIT, other)))
    read = {event.unit.service: len(event.assets) for event in events if isinstance(event, Batch)}
    assert read == {"rds": 1, "s3": 1}
    [failed] = [event for event in events if isinstance(event, UnitFailed)]
    assert (failed.unit, failed.error.code, failed.error.permanent) == (UNIT, "deadline_exceeded", False)
    assert [event.unit for event in events if isinstance(event, UnitFinished)] == [other]
    assert hung.count() == 1
    gate.set()


def test_a_unit_that_trickles_has_an_end_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("LONGEST", 0.3), ("LOOK_EVERY", 0.05), ("GRACE", 5.0)):
        monkeypatch.setattr(collection, name, seconds)

    class Trickling(Failing):
        def collect(self, unit: ScanUnit) -> Iterator[Asset]:
            for number in range(60):
                time.sleep(0.02)
                yield Asset("t", unit.service, unit.region, f"id-{number}", "name")

    events = list(collect(Trickling(0, None), (UNIT,)))
    assert isinstance(events[-1], UnitFailed)
    assert sum(len(event.assets) for event in events if isinstance(event, Batch)) > 0
    wait_for(lambda: hung.count() == 0, seconds=10, what="the end of the trickle")


def test_while_nothing_comes_the_reader_can_end_and_waits_no_longer_than_its_grace_time(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("LOOK_EVERY", 0.05), ("GRACE", 0.05)):
        monkeypatch.setattr(collection, name, seconds)
    events = collect(Hanging(gate), (UNIT,))
    assert any(isinstance(event, Waiting) for event in islice(events, 3))
    events.close()  # type: ignore[attr-defined]  # as a scan that was cancelled
    assert hung.count() == 1
    gate.set()
