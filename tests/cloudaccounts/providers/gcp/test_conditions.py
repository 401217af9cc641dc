"""Bindings with a condition: ended ones give nothing, others perhaps; no rule passes or fails by a perhaps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Verdict
from cloudaccounts.providers.gcp.checks import CHECKS
from cloudaccounts.providers.gcp.inventory.conditions import in_force
from tests.cloudaccounts.providers.gcp.conftest import Cloud

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BY_ID = {check.id: check for check in CHECKS}
P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
ENDED = 'request.time < timestamp("2020-10-01T00:00:00.000Z")'
RUNNING = "request.time < timestamp('2030-01-01T00:00:00Z')"
ELSEWHERE = 'resource.name.startsWith("projects/p/secrets/x")'


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("", True),
        ("true", True),
        ("false", False),
        (ENDED, False),
        (RUNNING, True),
        ('request.time >= timestamp("2030-01-01T00:00:00Z")', False),
        ('request.time > timestamp("2020-01-01T00:00:00+02:00")', True),
        (f"({ENDED})", False),
        (f"{ELSEWHERE} && {ENDED}", False),
        (f"({ELSEWHERE} && {ENDED})", False),
        (f"{RUNNING} && true", True),
        (f"{RUNNING} && {ELSEWHERE}", None),
        (ELSEWHERE, None),
        (f"{ELSEWHERE} || {ENDED}", None),
        (f"!({ENDED})", None),
        (f"!({ELSEWHERE} && ({ENDED}) && {ELSEWHERE})", None),
        (f"({ELSEWHERE}) && !({ENDED})", None),
        ('resource.name == "x && request.time < timestamp(1)"', None),
        (f'api.getAttribute("a", "b") == "|| ? &&" && {ENDED}', False),
        ('request.time < timestamp("soon")', None),
        ('request.time.getHours("Europe/Berlin") < 9', None),
        ("request.time < timestamp(#7)", None),
        ('request.time < timestamp("2020-01-01T00:00:00Z") ? false : true', None),
        ("((", None),
    ],
)
def test_only_times_are_evaluated(expression: str, holds: bool | None) -> None:
    assert in_force(expression, NOW) is holds


@given(st.text(alphabet="()&|!?<>=#\"'. requst.timeamp01", max_size=40))
def test_odd_expressions_never_raise_and_never_end_a_binding_by_accident(expression: str) -> None:
    assert in_force(f"{ELSEWHERE} && ({expression}", NOW) in (None, False, True)
    assert in_force(f"{ELSEWHERE} || ({expression})", NOW) is None


# What a rule says of it -----------------------------------------------------------------------------------------------
ACTS = "roles/iam.serviceAccountUser"
MAKES = "roles/iam.serviceAccountAdmin"
SHAPES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    # The rule, what it is told where nothing is wrong, and what would be wrong.
    ("gcp_storage_public", {"public_roles": []}, {"public_roles": ["roles/storage.objectViewer"]}),
    ("gcp_secret_public", {"public_roles": []}, {"public_roles": ["roles/secretmanager.secretAccessor"]}),
    ("gcp_kms_key_public", {"public_roles": []}, {"public_roles": ["roles/cloudkms.admin"]}),
    ("gcp_bigquery_dataset_public", {"public_roles": []}, {"public_roles": ["roles/bigquery.dataViewer"]}),
    ("gcp_run_public", {"public_roles": []}, {"public_roles": ["roles/run.invoker"]}),
    ("gcp_function_public", {"public_roles": []}, {"public_roles": ["roles/cloudfunctions.invoker"]}),
    ("gcp_service_account_admin_roles", {"project_roles": ["roles/run.invoker"]}, {"project_roles": ["roles/owner"]}),
    ("gcp_project_basic_roles", {"basic_roles": {}}, {"basic_roles": {"roles/editor": ["user:a@b.example"]}}),
    ("gcp_project_acting_roles", {"acting_roles": {}}, {"acting_roles": {ACTS: ["user:a@b.example"]}}),
    (
        "gcp_project_service_account_duties",
        {"duty_roles": {MAKES: ["user:a@b.example"]}},
        {"duty_roles": {ACTS: ["user:a@b.example"]}},
    ),
]


def verdict(identifier: str, properties: dict[str, Any]) -> Verdict:
    check = BY_ID[identifier]
    return check.evaluate(Asset(check.asset_type, check.service, "global", "//x", "x", properties=properties)).verdict


@pytest.mark.parametrize(("identifier", "fine", "wrong"), SHAPES)
def test_what_may_hold_is_neither_a_pass_nor_a_failure(
    identifier: str, fine: dict[str, Any], wrong: dict[str, Any]
) -> None:
    (name,) = fine
    together = {**fine[name], **wrong[name]} if isinstance(fine[name], dict) else [*fine[name], *wrong[name]]
    assert verdict(identifier, fine) == P
    assert verdict(identifier, {name: together}) == F
    assert verdict(identifier, {**fine, "under_conditions": wrong}) == U
    assert verdict(identifier, {name: together, "under_conditions": wrong}) == F
    assert verdict(identifier, {**fine, "under_conditions": {}}) == P
    assert verdict(identifier, {**fine, "under_conditions": fine}) == P
    assert verdict(identifier, {**fine, "under_conditions": "odd"}) == U
    unread = {name: None, "unreadable": {name: "permission_denied"}}
    assert verdict(identifier, {**unread, "under_conditions": wrong}) == U


@pytest.mark.parametrize(
    ("condition", "expected"), [(None, F), ({}, F), ({"expression": ""}, F), ({"expression": ELSEWHERE}, U)]
)
def test_a_dataset_may_be_shared_under_a_condition(condition: Any, expected: Verdict) -> None:
    entry = {"role": "READER", "iamMember": "allUsers", **({} if condition is None else {"condition": condition})}
    assert verdict("gcp_bigquery_dataset_public", {"access": [entry], "public_roles": []}) == expected


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        *((site, F) for site in ("*", "*/*", "https://*", "https://*/*", "*://*/*", "*.*")),
        *((site, F) for site in ("*.com/*", "*.com", "https://*.com/", "*://*.example:8080/*", "*com", "*.COM/maps")),
        *(
            (site, P)
            for site in (
                "*.shop.example/*",
                "com/*",
                "https://shop.example",
                "https://*.shop.example:8080/*",
                "localhost",
            )
        ),
    ],
)
def test_a_key_for_every_site_is_restricted_to_none(site: str, expected: Verdict) -> None:
    """https://cloud.google.com/docs/authentication/api-keys#adding-application-restrictions has the wildcards."""
    properties = {"restrictions": {"browserKeyRestrictions": {"allowedReferrers": ["https://a.example/*", site]}}}
    assert verdict("gcp_api_key_clients", properties) == expected


@pytest.mark.parametrize(("expression", "expected"), [(ENDED, P), (RUNNING, F), (ELSEWHERE, U)])
def test_conditions_are_minded_on_the_wire(cloud: Cloud, expression: str, expected: Verdict) -> None:
    cloud.admin.put_conditional(cloud.project, ACTS, ["user:ana@shop.example"], expression)
    session = cloud.open(cloud.key())
    unit = next(unit for unit in session.units(("europe-west1",)) if unit.service == "cloudresourcemanager")
    (project,) = [asset for asset in session.collect(unit) if asset.type == "gcp.cloudresourcemanager.project"]
    assert BY_ID["gcp_project_acting_roles"].evaluate(project).verdict == expected
