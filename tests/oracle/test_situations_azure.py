"""Azure's second opinion beside the runs: situations of another scanner's own tests, and what this product says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cloudaccounts import registry
from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Verdict
from cloudaccounts.providers.azure.inventory.common import at
from cloudaccounts.providers.azure.inventory.details import DETAILS
from tests.cloudaccounts.providers.azure.test_published import unpublished
from tests.oracle.verdicts import pairs

ROWS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("situations_azure.yaml").read_text())
CHECKS = {check.id: check for check in registry.get("azure").posture_checks()}
KINDS = {detail.type: kind for kind, detail in DETAILS.items()}


def told(kind: str, answer: dict[str, Any], below: dict[str, list[Any]]) -> dict[str, Any]:
    """What the inventory makes of the answers. A child that the situation leaves out is one that was not read."""
    whole = {"properties": answer}
    facts: dict[str, Any] = {
        name: source(whole) if callable(source) else at(whole, source) for name, source in DETAILS[kind].sources.items()
    }
    facts["resource_type"] = kind
    children = {child.name: child for child in DETAILS[kind].children}
    assert below.keys() <= children.keys()
    return facts | {name: children[name].extract(items) for name, items in below.items()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['rule']}: {row['when']}")
def test_this_product_agrees_or_says_why_not(row: dict[str, Any]) -> None:
    check, ((_, theirs),) = CHECKS[row["rule"]], row["theirs"].items()
    kind = KINDS[check.asset_type]
    # Names that Azure publishes, so that no situation is one of our own making.
    assert list(unpublished(kind, "properties", row["answer"])) == []
    properties = told(kind, row["answer"], row.get("below", {}))
    result = check.evaluate(Asset(check.asset_type, check.service, "westeurope", "/x", "server/one", {}, properties))
    expected = row.get("ours", theirs)
    assert result.verdict == Verdict(expected), result.reason
    # A difference has an explanation with a source, and nothing else has one.
    assert ("https://" in row.get("why", "")) is (expected != theirs)


def test_each_situation_is_of_a_pair_that_the_product_matches_by() -> None:
    paired = {(pair.ours, theirs) for pair in pairs("azure") for theirs in pair.theirs}
    assert {(row["rule"], theirs) for row in ROWS for theirs in row["theirs"]} <= paired
