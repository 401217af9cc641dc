"""Each failing case of each provider has evidence, and each expectation is of a property that its rule reads."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Verdict
from cloudaccounts.provider_kit.evidence import as_json, bounded
from cloudaccounts.providers.aws.checks.expected import EXPECTED as AWS
from cloudaccounts.providers.azure.checks import CHECKS as AZURE_CHECKS
from cloudaccounts.providers.azure.checks.expected import EXPECTED as AZURE
from cloudaccounts.providers.gcp.checks import CHECKS as GCP_CHECKS
from cloudaccounts.providers.gcp.checks.expected import EXPECTED as GCP
from tests.cloudaccounts.providers.aws.checks.cases import CASES as AWS_CASES
from tests.cloudaccounts.providers.aws.checks.examples import judge as judge_aws
from tests.cloudaccounts.providers.azure import test_checks as azure
from tests.cloudaccounts.providers.gcp import test_checks as gcp


def evaluations() -> Iterator[tuple[str, Evaluation]]:
    """Of the tables of cases."""
    for identifier, cases in AWS_CASES.items():
        yield from ((identifier, judge_aws(identifier, case)) for case in cases if case is not None)
    for table, checks in ((azure.TABLE, AZURE_CHECKS), (gcp.CASES, GCP_CHECKS)):
        by_id: dict[str, PostureCheck] = {check.id: check for check in checks}
        for identifier, _, properties in table:
            check = by_id[identifier]
            asset = Asset(check.asset_type, "x", "westeurope", "id", "name", {}, properties)
            yield identifier, check.evaluate(asset)


FAILURES = [(identifier, result) for identifier, result in evaluations() if result.verdict is Verdict.FAIL]


def test_each_failure_has_evidence_that_can_be_stored() -> None:
    assert len(FAILURES) > 200
    for identifier, result in FAILURES:
        facts = as_json(bounded(result.evidence))
        assert facts, identifier
        assert len(json.dumps(facts, allow_nan=False)) < 10_000


@pytest.mark.parametrize("expected", [AWS, AZURE, GCP], ids=["aws", "azure", "gcp"])
def test_each_expectation_is_shown_by_some_failure(expected: dict[str, dict[str, object]]) -> None:
    paths: dict[str, set[str]] = {}
    for identifier, result in FAILURES:
        paths.setdefault(identifier, set()).update(fact.path for fact in result.evidence)
    unseen = {
        (identifier, path)
        for identifier, by_path in expected.items()
        for path in by_path
        if identifier in paths and not any(_is_within(name, path) for name in paths[identifier])
    }
    assert not unseen


def _is_within(name: str, path: str) -> bool:
    return name == path or name.startswith((f"{path}.", f"{path}["))
