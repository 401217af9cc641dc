"""Data Access logs: what the project, its folders and its organization switch on together."""

from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Verdict
from cloudaccounts.providers.gcp.checks import CHECKS
from cloudaccounts.providers.gcp.inventory.auditing import SOMEWHERE_ABOVE, places_above
from tests.cloudaccounts.providers.gcp.conftest import Cloud, by_key

RULE = next(check for check in CHECKS if check.id == "gcp_project_audit_logs")
PROJECT = "gcp.cloudresourcemanager.project"
FOLDER, ORGANIZATION = "folders/733001200201", "organizations/481516234200"
P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
READS, WRITES = ["ADMIN_READ", "DATA_READ"], ["DATA_WRITE"]
ALL = [*READS, *WRITES]


def on(types: list[str], *, service: str = "allServices", exempted: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"service": service, "types": types, "exempted": [*exempted]}


def told(own: Any, configs: Any = (), unread: Any = (), **more: Any) -> dict[str, Any]:
    return {"audit_configs": own, "audit_configs_above": {"configs": [*configs], "unread": [*unread]}, **more}


def evaluated(properties: dict[str, Any]) -> Evaluation:
    return RULE.evaluate(Asset(PROJECT, "cloudresourcemanager", "global", "//x", "x", properties=properties))


@pytest.mark.parametrize(
    ("verdict", "properties"),
    [
        (P, told([on(ALL)])),
        (P, told([], [on(ALL)])),
        (P, told([on(READS)], [on(WRITES)])),
        (P, told([on(ALL)], unread=[FOLDER])),  # nothing above can switch it off
        (P, told([on(READS)], [on(WRITES)], [ORGANIZATION])),
        (F, told([])),
        (F, told([on(READS)], [on(READS)])),
        (F, told([], [on(ALL, service="storage.googleapis.com")])),
        (F, told([on(ALL)], [on(ALL, exempted=("user:a@b.example",))])),
        (F, told([on(ALL, exempted=("user:a@b.example",))])),
        (F, {"audit_configs": []}),  # it has no parent
        (U, told([], unread=[FOLDER, ORGANIZATION])),
        (U, told([on(READS)], [on(READS)], [ORGANIZATION])),
        (U, {"audit_configs": [], "parent": "folders/1"}),  # stored before folders were read
        (U, told(None, unreadable={"audit_configs": "permission_denied"})),
        (U, {"audit_configs": [], "audit_configs_above": "odd"}),
        (U, {"audit_configs": [], "audit_configs_above": {"configs": "odd", "unread": []}}),
    ],
)
def test_what_is_switched_on_anywhere_counts(verdict: Verdict, properties: dict[str, Any]) -> None:
    result = evaluated(properties)
    assert result.verdict == verdict, result.reason


@pytest.mark.parametrize(
    ("properties", "places"),
    [
        ({}, ()),
        ({"ancestors": []}, ()),
        ({"parent": "organizations/1", "ancestors": ["organizations/1"]}, ("organizations/1",)),
        ({"parent": "folders/1", "ancestors": ["folders/1", "organizations/2"]}, ("folders/1", "organizations/2")),
        # A list that does not reach the organization is not whole.
        ({"parent": "folders/1", "ancestors": ["folders/1"]}, ("folders/1", SOMEWHERE_ABOVE)),
        ({"parent": {"type": "folder", "id": "1"}}, (SOMEWHERE_ABOVE,)),
    ],
)
def test_places_above_are_those_of_the_list(properties: dict[str, Any], places: tuple[str, ...]) -> None:
    assert places_above(Asset(PROJECT, "cloudresourcemanager", "global", "//x", "x", properties=properties)) == places


def scanned(cloud: Cloud, email: str, project: str) -> Asset:
    session = cloud.open(by_key(cloud.admin.put_key(email)), account_id=project)
    unit = next(unit for unit in session.units(("europe-west1",)) if unit.service == "cloudresourcemanager")
    (found,) = [asset for asset in session.collect(unit) if asset.type == PROJECT]
    return found


def test_each_place_is_read_as_far_as_it_may_be(cloud: Cloud) -> None:
    team = "meadowlark-team-02"  # in a folder of a folder of the organization
    email = cloud.admin.put_service_account(cloud.project, "above", on=team)
    cloud.admin.set_audit_configs("folders/733001200200", [on(READS)])
    cloud.admin.set_audit_configs(ORGANIZATION, [on(WRITES)])
    try:
        asset = scanned(cloud, email, team)
        assert asset.properties["ancestors"] == [FOLDER, "folders/733001200200", ORGANIZATION]
        assert asset.properties["audit_configs_above"] == {"configs": [], "unread": asset.properties["ancestors"]}
        assert len(cloud.calls("GetIamPolicy")) == 2  # the project and the nearest folder
        assert evaluated(dict(asset.properties)).verdict == U
        cloud.admin.grant_above("folders/733001200200", email, "roles/iam.securityReviewer")
        half = scanned(cloud, email, team)
        assert half.properties["audit_configs_above"]["unread"] == [ORGANIZATION]
        assert evaluated(dict(half.properties)).verdict == U
        cloud.admin.grant_above(ORGANIZATION, email, "roles/iam.securityReviewer")
        whole = scanned(cloud, email, team)
        assert [config["place"] for config in whole.properties["audit_configs_above"]["configs"]] == [
            "folders/733001200200",
            ORGANIZATION,
        ]
        assert evaluated(dict(whole.properties)).verdict == P
        cloud.admin.set_audit_configs(ORGANIZATION, [])
        assert evaluated(dict(scanned(cloud, email, team).properties)).verdict == F
    finally:
        cloud.admin.set_audit_configs("folders/733001200200", [])
        cloud.admin.set_audit_configs(ORGANIZATION, [])
