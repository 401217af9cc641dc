"""A scan of an account whose resources hold what no database takes: it completes, on every engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import ALTERED, UNREADABLE
from cloudaccounts.contract.inventory import Asset as Found
from cloudaccounts.contract.rules import Evaluation, Fact, Verdict
from scans.models import Asset, Finding, ScanStatus
from tests.conftest import ALL_DATABASES
from tests.nul import refused_by_databases
from tests.scans.conftest import Scan
from tests.toycloud.provider import CHECKS, State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)

NUL = "a\x00b\ud800c"
HOSTILE: dict[str, Any] = {
    "nul": NUL, "huge": 2**80, "nan": float("nan"), "infinite": [float("-inf")], "long": "x" * 300_000,
    "wide": list(range(50_000)), NUL: {NUL: NUL, "": 1, "$where": "x", "a.b": "$name"}, "bytes": b"\xff\x00",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _strict() -> Iterator[None]:
    with refused_by_databases():
        yield


def hostile(number: int, **properties: Any) -> Found:
    return Found(
        "toy.boxes.thing", "boxes", "left", f"toy:{NUL}{'x' * 3000}{number}", f"{NUL}{'n' * 500}",
        {NUL: NUL, "k": "v" * 9000},
        {**HOSTILE, **properties},
    )  # fmt: skip


def deep(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels):
        value = [value]
    return value


def test_a_scan_completes_and_marks_what_it_changed(scan: Scan, toycloud: State) -> None:
    toycloud.assets["boxes", "left"] = [hostile(0), hostile(1, deep=deep(200)), hostile(2, lid="open")]
    toycloud.set_assets("toys", "global", "harmless")
    for _ in range(2):  # the second time, all is as it was
        run = scan()
        assert (run.status, run.assets_seen, run.gaps) == (ScanStatus.COMPLETED, 4, [])
    assert run.assets_changed == 0
    rows = Asset.objects.filter(type="toy.boxes.thing")
    assert len({row.native_id for row in rows}) == 3
    for row in rows:
        assert {"nul", "huge", "nan", "infinite", "long", "wide"} <= set(row.properties[ALTERED])
        assert row.properties[UNREADABLE].items() >= {"long": "too_large", "wide": "too_large"}.items()
        assert row.properties["huge"] == str(2**80)
        json.dumps([row.properties, row.tags, row.name], allow_nan=False).encode()
    finding = Finding.objects.get()
    assert "\x00" not in finding.reason + finding.asset_name + finding.native_id


def test_what_a_check_says_of_it_is_storable_too(scan: Scan, toycloud: State) -> None:
    """A provider of somebody else's: its reasons and facts need not come from the asset."""

    def judge(_: Found) -> Evaluation:
        return Evaluation(Verdict.FAIL, f"Says {NUL}", (Fact(NUL, HOSTILE, NUL),))

    def undecided(_: Found) -> Evaluation:
        return Evaluation(Verdict.UNKNOWN, f"Why {NUL}")

    toycloud.checks = (replace(CHECKS[0], evaluate=judge), replace(CHECKS[1], evaluate=undecided))
    toycloud.set_assets("boxes", "left", "red")
    assert scan().status == ScanStatus.COMPLETED
    assert "\x00" not in json.dumps(Finding.objects.get().evidence) + Finding.objects.get().reason


def test_a_gap_says_why_in_storable_words(scan: Scan, toycloud: State) -> None:
    toycloud.broken_units["boxes", "left"] = ProviderError("permission_denied", f"No {NUL}", NUL, sdk_error=NUL)
    toycloud.set_assets("toys", "global", "harmless")
    run = scan()
    assert run.status == ScanStatus.COMPLETED
    assert "\\u0000" not in json.dumps(run.gaps)
