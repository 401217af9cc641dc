"""Google Cloud's second opinion: situations of another scanner's own tests, and what this product says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cloudaccounts import registry
from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.contract.rules import Verdict
from tests.cloudaccounts.providers.gcp import shapes
from tests.oracle.verdicts import pairs

ROWS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("situations.yaml").read_text())
CHECKS = {check.id: check for check in registry.get("gcp").posture_checks()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['rule']}: {row['when']}")
def test_this_product_agrees_or_says_why_not(row: dict[str, Any]) -> None:
    check, ((_, theirs),) = CHECKS[row["rule"]], row["theirs"].items()
    properties = row["asset"] | ({OBSERVED: {"at": row["at"]}} if "at" in row else {})
    assert list(shapes.unknown_fields(check.asset_type, properties)) == []
    told = check.evaluate(
        Asset(check.asset_type, check.service, "eu", "//x", row.get("name", "one"), row.get("tags", {}), properties)
    )
    expected = row.get("ours", theirs)
    assert told.verdict == Verdict(expected), told.reason
    # A difference has an explanation with a source, and nothing else has one.
    assert ("https://" in row.get("why", "")) is (expected != theirs)


def test_each_situation_is_of_a_pair_that_the_product_matches_by() -> None:
    paired = {(pair.ours, theirs) for pair in pairs("gcp") for theirs in pair.theirs}
    assert {(row["rule"], theirs) for row in ROWS for theirs in row["theirs"]} <= paired
