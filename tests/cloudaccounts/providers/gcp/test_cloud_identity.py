"""People of the organization, by an optional step: not taken, half taken, taken, and failing; on the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, ServerIdentity
from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.contract.rules import Verdict
from cloudaccounts.contract.setup import SetupContext
from cloudaccounts.providers.gcp.checks import cloud_identity as checks
from cloudaccounts.providers.gcp.inventory import cloud_identity
from cloudaccounts.providers.gcp.provider import PROVIDER
from sandbox.gcp.company import CUSTOMER, PEOPLE, person
from tests.cloudaccounts.providers.gcp.conftest import METHODS, SERVER, Cloud

UNIT = ScanUnit("cloudidentity", "global")


def address(credentials: Credentials) -> str:
    if "service_account_json" in credentials.values:
        return str(json.loads(credentials["service_account_json"])["client_email"])
    return credentials["service_account_email"]


def read(cloud: Cloud, credentials: Credentials, **target: Any) -> list[Asset]:
    return list(cloud.open(credentials, **target).collect(UNIT))


def asked(cloud: Cloud) -> list[dict[str, Any]]:
    return [call for call in cloud.control.calls("gcp") if call["service"] == "admin"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudaccounts.providers.gcp.inventory.PATIENCE_SECONDS", 0.5)


@pytest.mark.parametrize("method", METHODS)
def test_people_are_counted_and_not_named(cloud: Cloud, method: str) -> None:
    credentials = cloud.by(method, name=f"people-{method.replace('_', '-')}")
    cloud.admin.let_read_people(address(credentials))
    (customer,) = read(cloud, credentials)
    assert customer.properties == {
        "people": {
            "all": 4, "without_second_factor": 2, "second_factor_untold": 0, "role_untold": 0,
            "super_administrators": 2, "super_administrators_without_second_factor": 1,
            "super_administrators_second_factor_untold": 0,
        }
    }  # fmt: skip
    assert customer.name == f"Customer {CUSTOMER}"
    assert all(one["primaryEmail"] not in json.dumps(dict(customer.properties)) for one in PEOPLE)
    assert len(asked(cloud)) == 3, "pages of two"
    verdicts = [check.evaluate(customer).verdict for check in checks.CHECKS]
    assert verdicts == [Verdict.FAIL, Verdict.FAIL, Verdict.PASS]


def test_a_step_that_was_not_taken_is_told_as_such_and_is_no_gap(cloud: Cloud) -> None:
    (customer,) = read(cloud, cloud.key("nobody"))
    assert customer.properties["unreadable"] == {"people": "grant_not_given"}
    assert asked(cloud) == []
    for check in checks.CHECKS:
        result = check.evaluate(customer)
        assert (result.verdict, "an optional step of set-up was not taken" in result.reason) == (Verdict.UNKNOWN, True)


@pytest.mark.parametrize(("left_out", "code"), [("role", "grant_not_given"), ("api", "api_disabled")])
def test_a_step_that_was_half_taken_says_what_is_missing(cloud: Cloud, left_out: str, code: str) -> None:
    credentials = cloud.key(f"half-{left_out}")
    cloud.admin.let_read_people(address(credentials), **{left_out: False})
    (customer,) = read(cloud, credentials)
    assert customer.properties["unreadable"] == {"people": code}


@pytest.mark.parametrize("parent", ["", "organizations/600000000001"])
def test_people_of_another_organization_are_not_counted_as_the_projects(cloud: Cloud, parent: str) -> None:
    """A consultant's service account sees its own organization, and reads a project that is not in it."""
    project = f"elsewhere-{len(parent)}"
    cloud.admin.put_project(project, parent=parent)
    reader = Credentials(
        "service_account_key",
        {"service_account_json": cloud.admin.put_key(cloud.admin.put_service_account(project, "reader-account"))},
    )
    cloud.admin.let_read_people(address(reader))
    (customer,) = read(cloud, reader, account_id=project)
    assert customer.properties == {"people": None, "unreadable": {"people": "organization_not_seen"}}
    assert asked(cloud) == []
    assert {check.evaluate(customer).verdict for check in checks.CHECKS} == {Verdict.UNKNOWN}


@pytest.mark.parametrize(
    "fault",
    [{"kind": "error", "status": 500}, {"kind": "throttle"}, {"kind": "unreachable"}, {"kind": "expired_token"}],
)
def test_what_was_granted_and_fails_is_a_gap_after_what_is_known(cloud: Cloud, fault: dict[str, Any]) -> None:
    credentials = cloud.key("granted")
    cloud.admin.let_read_people(address(credentials))
    cloud.control.fault(cloud="gcp", service="admin", **fault)
    told: list[Asset] = []
    with pytest.raises(ProviderError) as caught:
        told.extend(cloud.open(credentials).collect(UNIT))
    (customer,) = told
    assert customer.properties["unreadable"] == {"people": caught.value.code}


def test_what_is_not_told_of_a_person_is_neither_best_nor_worst(cloud: Cloud) -> None:
    credentials = cloud.key("odd")
    cloud.admin.let_read_people(address(credentials))
    odd: list[dict[str, Any]] = [
        {"isAdmin": "yes"},
        {"isEnrolledIn2Sv": "true", "isAdmin": True},
        {"suspended": True, "isAdmin": True},
    ]
    cloud.admin.put_people([*odd, person("whole")])
    try:
        (customer,) = read(cloud, credentials)
    finally:
        cloud.admin.put_people(list(PEOPLE))
    assert customer.properties["people"] == {
        "all": 3, "without_second_factor": 0, "second_factor_untold": 2, "role_untold": 1,
        "super_administrators": 1, "super_administrators_without_second_factor": 0,
        "super_administrators_second_factor_untold": 1,
    }  # fmt: skip
    assert {check.evaluate(customer).verdict for check in checks.CHECKS} == {Verdict.UNKNOWN}


@pytest.mark.parametrize("method", METHODS)
def test_set_up_offers_it_as_a_step_of_its_own(method: str) -> None:
    server = ServerIdentity(principal=SERVER)
    context = SetupContext(account_id="p", partition="gcp", regions=(), external_id="x", server=server)
    guides = PROVIDER.setup_guides(method, context)
    if guides[0].key != "server-identity":
        (guide,) = [guide for guide in guides if guide.key == "people"]
        assert guides[-1] is guide
        assert "admin.googleapis.com" in guide.snippets[0].body
        assert "roles/resourcemanager.organizationViewer" in guide.snippets[0].body
    assert UNIT.service == cloud_identity.SERVICE
