"""One resource hides no other: what fails for one costs that one's facts, and the rest is told as ever."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from google.cloud import asset_v1
from google.protobuf import struct_pb2

from cloudaccounts.contract.inventory import UNREADABLE, Asset
from cloudaccounts.contract.rules import Verdict
from cloudaccounts.providers.gcp.checks import CHECKS
from cloudaccounts.providers.gcp.errors import explain
from cloudaccounts.providers.gcp.inventory import overview
from cloudaccounts.providers.gcp.inventory.firewall_policies import Effective
from cloudaccounts.providers.gcp.inventory.held import Held
from cloudaccounts.providers.gcp.inventory.joins import with_overview_facts
from cloudaccounts.providers.gcp.inventory.resources import normalize
from cloudaccounts.providers.gcp.permissions import PERMISSIONS
from tests.cloudaccounts.providers.gcp.conftest import Cloud

REGIONS = ("europe-west1",)
DATA = "meadowlark-data-prod"
PROJECT = "gcp.cloudresourcemanager.project"


def collect(cloud: Cloud, service: str, **more: Any) -> list[Asset]:
    session = cloud.open(more.pop("credentials", None) or cloud.scenario("Everything granted"), **more)
    unit = next(unit for unit in session.units(REGIONS) if unit.service == service)
    return list(session.collect(unit))


def only(assets: list[Asset], kind: str, name: str = "") -> Asset:
    return next(asset for asset in assets if asset.type == kind and name in asset.name)


@pytest.mark.parametrize(
    ("permission", "fact", "rule"),
    [
        ("essentialcontacts.contacts.list", "essential_contacts", "gcp_project_essential_contacts"),
        ("resourcemanager.projects.getIamPolicy", "audit_configs", "gcp_project_audit_logs"),
    ],
)
def test_a_call_that_is_denied_costs_its_own_fact(cloud: Cloud, permission: str, fact: str, rule: str) -> None:
    permissions = [item.name for item in PERMISSIONS if item.name != permission]
    project = only(collect(cloud, "cloudresourcemanager", credentials=cloud.key(permissions=permissions)), PROJECT)
    assert project.properties[UNREADABLE] == {fact: "permission_denied"}
    verdicts = {check.id: check.evaluate(project).verdict for check in CHECKS if check.asset_type == PROJECT}
    unknown = {identifier for identifier, verdict in verdicts.items() if verdict == Verdict.UNKNOWN}
    # What the organization's sinks take is never visible here, and what it logs where it may be read.
    above = {"gcp_project_log_sink", "gcp_project_audit_logs"}
    assert unknown | above == {rule} | above


@pytest.mark.parametrize(("service", "unit"), [("essentialcontacts", "cloudresourcemanager"), ("compute", "compute")])
def test_throttling_of_one_call_is_waited_out(cloud: Cloud, service: str, unit: str) -> None:
    cloud.control.fault("error", service=service, status=429, times=1)
    assets = collect(cloud, unit, account_id=DATA)
    assert [asset.properties[UNREADABLE] for asset in assets if UNREADABLE in asset.properties] == []


def test_an_api_that_is_off_has_a_code_of_its_own(cloud: Cloud) -> None:
    credentials = cloud.key()
    cloud.admin.set_api(cloud.project, "essentialcontacts.googleapis.com", False)
    project = only(collect(cloud, "cloudresourcemanager", credentials=credentials), PROJECT)
    assert project.properties[UNREADABLE] == {"essential_contacts": "api_disabled"}


def test_what_is_gone_when_it_is_asked_for_has_a_code_of_its_own(cloud: Cloud) -> None:
    cloud.control.fault("error", service="essentialcontacts", status=404)
    project = only(collect(cloud, "cloudresourcemanager", account_id=DATA), PROJECT)
    assert project.properties[UNREADABLE] == {"essential_contacts": "resource_gone"}
    assert project.properties["audit_configs"]


def test_a_list_of_related_resources_that_fails_costs_the_facts_from_it(cloud: Cloud) -> None:
    cloud.control.fault("deny", action="ListAssets", resource=",".join(overview.TYPES))
    assets = collect(cloud, "compute", account_id=DATA)
    machine = only(assets, "gcp.compute.instance", "airflow")
    assert machine.properties[UNREADABLE] == {"project_metadata": "permission_denied"}
    assert only(assets, "gcp.compute.disk").properties["sizeGb"]


def test_all_pages_of_contacts_are_read_and_addresses_are_not_kept(cloud: Cloud) -> None:
    project = only(collect(cloud, "cloudresourcemanager", account_id=DATA), PROJECT)
    assert [contact["categories"] for contact in project.properties["essential_contacts"]] == [["ALL"], ["LEGAL"]]
    assert "security@" not in str(project)


def numbered(value: float) -> asset_v1.Asset:
    data = struct_pb2.Struct()
    data.update({"name": "odd", "parts": [{"value": 1.0}], "none": None})
    data.fields["size"].number_value = value
    resource = asset_v1.Resource(data=data, location="europe-west1")
    return asset_v1.Asset(name="//x/odd", asset_type="compute.googleapis.com/Disk", resource=resource)


@pytest.mark.parametrize(("value", "told"), [(5.0, 5), (float("nan"), "nan"), (float("inf"), "inf")])
def test_a_number_that_json_does_not_have_is_a_text(value: float, told: object) -> None:
    properties = normalize("compute", numbered(value)).properties
    assert properties["size"] == told
    assert (properties["parts"], properties["none"]) == ([{"value": 1}], None)


def test_versions_are_counted_on_their_key_wherever_they_stand() -> None:
    held = Held(Effective(lambda network: [], "p"))
    key = Asset("gcp.cloudkms.crypto_key", "cloudkms", "europe-west1", "//kms/cryptoKeys/a", "a")
    for number, state in enumerate(["DESTROYED", "ENABLED", "DESTROYED"]):
        version = Asset("gcp.cloudkms.crypto_key_version", "cloudkms", "europe-west1",
                        f"//kms/cryptoKeys/a/cryptoKeyVersions/{number}", "1", properties={"state": state})  # fmt: skip
        assert not held.takes(version)
        if number == 1:
            assert held.takes(key)
    (told,) = held.release()
    assert told.properties["version_states"] == {"DESTROYED": 2, "ENABLED": 1}
    (unread,) = held.release(unread="throttled")
    assert unread.properties[UNREADABLE] == {"version_states": "throttled"}


@pytest.mark.parametrize("answer", [["odd"], [None], [{"rules": [{"priority": {}, "match": None}]}, 7], 7])
def test_odd_policies_of_a_network_are_told_as_unread(answer: Any) -> None:
    """Firewall rules and networks wait for them: none is lost."""
    held = Held(Effective(lambda network: answer, "p"))
    network = Asset("gcp.compute.network", "compute", "global", "//c/projects/p/global/networks/n", "n")
    held.takes(network)
    (told,) = held.release()
    assert told.properties[UNREADABLE] == {
        "firewall_policies": "unexpected_answer",
        "classic_denies": "unexpected_answer",
    }


def test_an_odd_resource_costs_the_facts_that_are_made_of_it() -> None:
    bucket = Asset("gcp.storage.bucket", "storage", "eu", "//b", "b")
    sink = Asset("gcp.logging.log_sink", "logging", "eu", "//t", "t", {}, {"destination": "storage.googleapis.com/b"})
    nameless: Any = None
    sinks = [sink, replace(sink, name=nameless)]
    overview: Any = SimpleNamespace(kinds=lambda: {"gcp.logging.log_sink": sinks})
    told = with_overview_facts(bucket, overview, explain)
    assert told.properties == {"sinks": None, UNREADABLE: {"sinks": "unexpected_answer"}}
