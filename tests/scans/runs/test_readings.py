"""Unit records as readings: pure, no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scans.models import ScanUnitRecord
from scans.runs.readings import summarize

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
OFF = "region_not_enabled"
LIMIT = timedelta(days=2)
YESTERDAY = NOW - timedelta(days=1)


def record(service: str, region: str, **fields: Any) -> ScanUnitRecord:
    return ScanUnitRecord(service=service, region=region, **{"covered_at": YESTERDAY, **fields})


def failed(service: str, region: str, **fields: Any) -> ScanUnitRecord:
    return record(service, region, **{"gap_since": YESTERDAY, "gap_code": "denied", "gap_cause": "Denied.", **fields})


@pytest.mark.parametrize(
    ("records", "numbers", "regions"),
    [
        ([], (0, 0, 0), ()),
        ([record("iam", "global")], (1, 1, 0), ()),
        ([record("ec2", "eu-west-1")], (1, 1, 0), ("eu-west-1",)),
        ([record("ec2", "eu-west-1"), failed("rds", "eu-west-1")], (2, 1, 0), ("eu-west-1",)),
        ([failed("ec2", "eu-west-1", covered_at=None)], (1, 0, 0), ()),
        ([failed("ec2", "eu-west-1")], (1, 0, 0), ()),  # read yesterday, refused since: not read now
        ([record("ec2", "eu-west-1", covered_at=NOW - LIMIT)], (1, 1, 1), ("eu-west-1",)),
        ([record("ec2", "eu-west-1", covered_at=NOW - LIMIT + timedelta(seconds=1))], (1, 1, 0), ("eu-west-1",)),
        ([record("compute", "global", also=["europe-west1", "us-east1"])], (1, 1, 0), ("europe-west1", "us-east1")),
        # Chosen, and not enabled in the account: nothing is there to be read.
        ([record("ec2", "us-east-1"), failed("ec2", "me-south-1", gap_code=OFF)], (1, 1, 0), ("us-east-1",)),
    ],
)  # fmt: skip
def test_readings_are_counted(
    records: list[ScanUnitRecord], numbers: tuple[int, int, int], regions: tuple[str, ...]
) -> None:
    readings = summarize(records, limit=LIMIT, checks={}, now=NOW)
    assert (readings.total, readings.read, readings.stale) == numbers
    assert readings.regions == regions


def test_a_failed_reading_is_a_gap_with_what_it_hides() -> None:
    (gap,) = summarize([failed("rds", "eu-west-1")], limit=LIMIT, checks={"rds": 12}, now=NOW).gaps
    assert (gap.kind, gap.what, gap.why) == ("unit", "rds in eu-west-1", "Denied.")
    assert gap.blinds == "Resources of rds in eu-west-1, and 12 checks of it."
    assert gap.since == YESTERDAY.isoformat()


def test_all_stale_readings_are_one_gap_since_the_first_became_so() -> None:
    days = {"a": 5, "b": 3}
    old = [record(service, "eu-west-1", covered_at=NOW - timedelta(days=age)) for service, age in days.items()]
    (gap,) = summarize(old, limit=LIMIT, checks={}, now=NOW).gaps
    assert (gap.kind, gap.what, gap.since) == ("unit", "Stale readings", (NOW - timedelta(days=3)).isoformat())
    assert "2 readings older than 2 days" in gap.why


def test_it_is_due_when_the_next_reading_becomes_stale() -> None:
    records = [record("a", "x", covered_at=NOW - timedelta(hours=hours)) for hours in (1, 30, 60)]
    assert summarize(records, limit=LIMIT, checks={}, now=NOW).due_at == NOW + timedelta(hours=18)
    assert summarize([failed("a", "x")], limit=LIMIT, checks={}, now=NOW).due_at is None
