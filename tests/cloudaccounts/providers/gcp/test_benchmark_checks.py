"""The rules that benchmarks ask for: flags, alerts, duties, keys of one's own, contacts, load balancers, old keys."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Verdict
from cloudaccounts.provider_kit import posture
from cloudaccounts.providers.gcp.checks import CHECKS
from cloudaccounts.providers.gcp.checks.log_alerts import EXAMPLES
from sandbox.gcp.log_resources import WATCHED
from tests.cloudaccounts.providers.gcp import shapes, test_checks, test_reach
from tests.cloudaccounts.providers.gcp.benchmark_cases import (
    Case,
    F,
    P,
    U,
    computing,
    databases,
    networks,
    projects,
    stores,
)
from tests.cloudaccounts.providers.gcp.benchmark_cases.projects import ALERTS, alert
from tests.cloudaccounts.providers.gcp.test_checks import ODD

BY_ID = {check.id: check for check in CHECKS}
CASES: list[Case] = [*databases.CASES, *projects.CASES, *computing.CASES, *networks.CASES, *stores.CASES]


def judge(identifier: str, properties: dict[str, Any]) -> Evaluation:
    check = BY_ID[identifier]
    told = dict(properties)
    name, tags = told.pop("name", "one"), told.pop("tags", {})
    return check.evaluate(Asset(check.asset_type, check.service, "europe-west1", "//x", name, tags, told))


@pytest.mark.parametrize(("identifier", "verdict", "properties"), CASES)
def test_a_rule_judges_by_what_it_sees(identifier: str, verdict: Verdict, properties: dict[str, Any]) -> None:
    result = judge(identifier, properties)
    assert result.verdict == verdict, result.reason
    assert result.reason.endswith(".")


EVERY_CASE: list[Case] = [*CASES, *test_checks.CASES, *test_reach.CASES]


# Rules with fewer ways to pass, to fail or to be unknown than three, three and one.
FEW = {
    "gcp_default_network": "a network has a name, and it is default or not",
    "gcp_service_account_user_key": "no key that a user manages is well",
}

# Numbers of people, counted by the collector: no resource of Google's. The answers are read in test_cloud_identity.py.
SUMMED_UP = "gcp.cloudidentity.customer"


def test_each_rule_has_three_cases_that_pass_and_three_that_fail() -> None:
    few = {}
    for check in CHECKS:
        seen = [verdict for identifier, verdict, _ in EVERY_CASE if identifier == check.id]
        counts = (seen.count(P), seen.count(F), seen.count(U))
        if counts[0] < 3 or counts[1] < 3 or counts[2] < 1:
            few[check.id] = counts
    assert set(few) == set(FEW), few


def _is_odd(told: Any) -> bool:
    return told == ODD or (isinstance(told, dict) and any(map(_is_odd, told.values())))


def test_what_rules_are_told_has_the_shape_of_google_s_own_description() -> None:
    wrong = set()
    for identifier, _, properties in EVERY_CASE:
        told = {name: one for name, one in properties.items() if name not in ("name", "tags")}
        both = {"metadata", "commonInstanceMetadata"} <= set(told)  # one helper serves machines and projects
        if both:
            told.pop("metadata" if BY_ID[identifier].asset_type == "gcp.compute.project" else "commonInstanceMetadata")
        if not _is_odd(told) and BY_ID[identifier].asset_type != SUMMED_UP:
            wrong |= set(shapes.unknown_fields(BY_ID[identifier].asset_type, told))
    assert wrong == set()


def test_every_rule_reads_fields_that_google_has(monkeypatch: pytest.MonkeyPatch) -> None:
    paths: set[tuple[str, str]] = set()
    current = ""

    def note(path: str, value: Any) -> None:
        paths.add((current, path))

    monkeypatch.setattr(posture, "record", note)
    for identifier, _, properties in EVERY_CASE:
        current = BY_ID[identifier].asset_type
        judge(identifier, properties)
    paths = {(kind, path) for kind, path in paths if kind != SUMMED_UP}
    assert {kind for kind, _ in paths} <= set(shapes.SCHEMAS)
    assert [(kind, path) for kind, path in sorted(paths) if not shapes.has_path(kind, path)] == []
    assert len(paths) > 100


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FACTS = sorted({name for _, _, properties in CASES for name in properties} - {"name", "tags"})


@given(st.sampled_from([check.id for check in CHECKS]), st.dictionaries(st.sampled_from(FACTS), odd, max_size=5))
def test_odd_properties_never_raise(identifier: str, properties: dict[str, Any]) -> None:
    assert judge(identifier, properties).verdict in Verdict


@given(st.sampled_from(CASES), st.sampled_from(FACTS))
def test_what_could_not_be_read_never_becomes_a_pass(case: Case, name: str) -> None:
    identifier, _, properties = case
    before = judge(identifier, properties).verdict
    told = {**properties.get("unreadable", {}), name: "throttled"}
    after = judge(identifier, {**properties, name: None, "unreadable": told}).verdict
    assert after in (before, U)


@given(st.sampled_from(sorted(ALERTS)), st.lists(st.sampled_from(list(WATCHED.values())), max_size=4))
def test_more_alerts_never_make_it_worse(identifier: str, filters: list[str]) -> None:
    fewer = judge(identifier, {"log_alerts": [alert(one) for one in filters[1:]]}).verdict
    more = judge(identifier, {"log_alerts": [alert(one) for one in filters]}).verdict
    assert (fewer, more) != (P, F)
    assert judge(identifier, {"log_alerts": [alert(one) for one in filters[::-1]]}).verdict == more


def test_each_alert_has_entries_that_it_is_tried_with() -> None:
    assert len(EXAMPLES) == len(ALERTS)
    assert all(entry["protoPayload"]["methodName"] for entries in EXAMPLES.values() for entry in entries)
