"""Organization policies that override resources: asked once, where it is granted; else told as unread."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core import exceptions as api

from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.inventory import UNREADABLE, Asset
from cloudaccounts.providers.gcp.inventory.policies_above import NAME, OF_TYPE, PoliciesAbove, enforced
from cloudaccounts.providers.gcp.permissions import KEY_CONSTRAINTS, PUBLIC_ACCESS, ROLES, SERIAL_PORT
from tests.cloudaccounts.providers.gcp.conftest import Cloud

ORG_POLICY = "orgpolicy.googleapis.com"
BUCKET, MACHINE = (
    Asset("gcp.storage.bucket", "storage", "eu", "//b", "b"),
    Asset("gcp.compute.instance", "compute", "eu", "//i", "i"),
)


def spec(*rules: Any) -> dict[str, Any]:
    """As the API has it: a policy that nobody set has a rule that enforces nothing."""
    return {"name": "projects/1/policies/x", "spec": {"rules": [*rules]}}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (spec({"enforce": True}), True),
        (spec({"enforce": False}), False),
        (spec(), False),
        (spec({}), False),
        ({}, False),
        ({"spec": {}}, False),
        # Of a dry run nothing is enforced.
        ({"dryRunSpec": {"rules": [{"enforce": True}]}}, False),
        (spec({"enforce": True, "condition": {"expression": "resource.matchTag('1/env', 'dev')"}}), "depends_on_tags"),
        (spec({"enforce": False}, {"enforce": True, "condition": {"expression": "x"}}), "depends_on_tags"),
        (spec({"enforce": "yes"}), "unexpected_answer"),
        (spec("odd"), "unexpected_answer"),
        ({"spec": {"rules": "odd"}}, "unexpected_answer"),
        ({"spec": "odd"}, "unexpected_answer"),
    ],
)
def test_a_policy_is_enforced_as_its_rules_say(policy: dict[str, Any], expected: Any) -> None:
    assert enforced(policy) == expected


def test_each_is_asked_once_and_none_where_it_may_not_be_asked() -> None:
    asked: list[str] = []

    def ask(constraint: str) -> dict[str, Any]:
        asked.append(constraint)
        return spec({"enforce": True})

    above = PoliciesAbove(ask)
    assert [above.added(BUCKET).properties[NAME] for _ in range(2)] == [{PUBLIC_ACCESS: True}] * 2
    assert above.added(MACHINE).properties[NAME] == {SERIAL_PORT: True}
    assert above.added(Asset("gcp.pubsub.topic", "pubsub", "eu", "//t", "t")).properties == {}
    assert asked == [PUBLIC_ACCESS, SERIAL_PORT]

    def refuse(constraint: str) -> dict[str, Any]:
        asked.append(constraint)
        raise api.PermissionDenied("no")

    refused = PoliciesAbove(refuse)
    told = [refused.added(one).properties for one in (BUCKET, MACHINE)]
    assert told == [{NAME: {PUBLIC_ACCESS: "permission_denied"}}, {NAME: {SERIAL_PORT: "permission_denied"}}]
    assert asked[2:] == [PUBLIC_ACCESS]
    assert UNREADABLE not in told[0]  # nothing of the set-up is missing


def test_an_incremental_scan_notices_what_changed_above() -> None:
    above = PoliciesAbove(lambda _: spec({"enforce": False}))
    stored = [above.added(BUCKET)]
    assert above.are_as_stored(stored)
    assert above.are_as_stored([])
    assert not PoliciesAbove(lambda _: spec({"enforce": True})).are_as_stored(stored)
    assert not above.are_as_stored([BUCKET])  # stored before it was read


def test_constraints_on_what_is_made_from_now_on_are_left_alone() -> None:
    """They leave what exists as it is, and so say nothing of it."""
    assert set(OF_TYPE.values()) == {PUBLIC_ACCESS, SERIAL_PORT}
    assert not {*KEY_CONSTRAINTS, "sql.restrictPublicIp", "compute.vmExternalIpAccess"} & set(OF_TYPE.values())


def machine(cloud: Cloud, credentials: Credentials) -> Asset:
    session = cloud.open(credentials)
    unit = next(unit for unit in session.units(("europe-west1",)) if unit.service == "compute")
    found = [asset for asset in session.collect(unit) if asset.type == MACHINE.type]
    session.close()
    return found[0]


@pytest.mark.parametrize(("enforces", "expected"), [(True, True), (False, False)])
def test_it_is_read_where_the_role_is_granted(cloud: Cloud, enforces: bool, expected: bool) -> None:
    cloud.admin.put_instances(cloud.project, 2)
    cloud.admin.set_api(cloud.project, ORG_POLICY, True)
    cloud.admin.set_policy(cloud.project, SERIAL_PORT, enforces)
    found = machine(cloud, cloud.key(roles=[*ROLES, "roles/orgpolicy.policyViewer"]))
    assert found.properties[NAME] == {SERIAL_PORT: expected}
    assert len(cloud.calls("projects.policies.getEffectivePolicy")) == 1


def test_what_set_up_grants_does_without(cloud: Cloud) -> None:
    cloud.admin.put_instances(cloud.project, 2)
    cloud.admin.set_api(cloud.project, ORG_POLICY, True)
    found = machine(cloud, cloud.key())
    assert found.properties[NAME] == {SERIAL_PORT: "permission_denied"}
    assert NAME not in found.properties.get(UNREADABLE, {})
