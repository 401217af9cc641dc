"""Who reaches a bucket that its policy opens: what an organization policy prevents, and what a filter lets through."""

from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Verdict
from cloudaccounts.providers.gcp.checks import CHECKS

BY_ID = {check.id: check for check in CHECKS}
P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
PUBLIC, PREVENTED = "gcp_storage_public", "gcp_storage_public_access_prevention"
MACHINE, PROJECT = "gcp_vm_serial_port", "gcp_project_serial_port"
PREVENTION, SERIAL = "storage.publicAccessPrevention", "compute.disableSerialPortAccess"
OPEN = ["roles/storage.objectViewer"]
ALL = "0.0.0.0/0"


def bucket(roles: list[str], prevention: Any = "inherited", *, above: Any = "permission_denied", **more: Any) -> Any:
    uniform = {"uniformBucketLevelAccess": {"enabled": True}}
    told = {"iamConfiguration": {**uniform, "publicAccessPrevention": prevention}, "public_roles": roles}
    return told | {"policies_above": {PREVENTION: above}} | more


def ip_filter(*ranges: str, mode: str = "Enabled") -> dict[str, Any]:
    return {"ipFilter": {"mode": mode, "publicNetworkSource": {"allowedIpCidrRanges": [*ranges]}}}


def serial(holder: str, value: str | None, above: Any = "permission_denied") -> dict[str, Any]:
    items = [{"key": "serial-port-enable", "value": value}] if value else []
    return {holder: {"items": items}, "project_metadata": {}, "policies_above": {SERIAL: above}}


CASES: list[tuple[str, Verdict, bool, dict[str, Any]]] = [  # the boolean: the reason names what was not read
    (PUBLIC, F, True, bucket(OPEN)),
    (PUBLIC, F, True, bucket(OPEN, above="depends_on_tags")),
    (PUBLIC, F, True, bucket(OPEN, "unspecified", above="api_disabled")),
    (PUBLIC, F, True, bucket(OPEN) | {"policies_above": {}}),
    (PUBLIC, F, True, bucket(OPEN) | {"policies_above": "odd"}),
    (PUBLIC, F, False, bucket(OPEN, above=False)),
    (PUBLIC, F, False, bucket([], above=False, acl=[{"entity": "allUsers"}], iamConfiguration={})),
    (PUBLIC, P, False, bucket(OPEN, above=True)),
    (PUBLIC, P, False, bucket([], above=True, acl=[{"entity": "allUsers"}], iamConfiguration={})),
    (PUBLIC, P, False, bucket(OPEN, "enforced")),
    (PUBLIC, P, False, bucket([])),
    (PUBLIC, U, False, bucket(OPEN, "partly", above=False)),
    (PUBLIC, P, False, bucket(OPEN, "partly", above=True)),
    # A filter of addresses: https://cloud.google.com/storage/docs/ip-filtering-overview
    (PUBLIC, P, False, bucket(OPEN, **ip_filter("203.0.113.0/24", "2001:db8::/48"))),
    (PUBLIC, P, False, bucket(OPEN, **ip_filter())),
    (PUBLIC, F, True, bucket(OPEN, **ip_filter(ALL))),
    (PUBLIC, F, True, bucket(OPEN, **ip_filter("0.0.0.0/1", "128.0.0.0/1"))),
    (PUBLIC, F, True, bucket(OPEN, **ip_filter("::/0"))),
    (PUBLIC, F, True, bucket(OPEN, **ip_filter("203.0.113.0/24", mode="Disabled"))),
    (PUBLIC, U, False, bucket(OPEN, **ip_filter("office"))),
    (PUBLIC, U, False, bucket(OPEN, **ip_filter(mode="Audit"))),
    (PREVENTED, P, False, bucket([], "enforced")),
    (PREVENTED, P, False, bucket([], above=True)),
    (PREVENTED, F, False, bucket([], above=False)),
    (PREVENTED, F, True, bucket([])),
    (PREVENTED, U, False, bucket([], "partly")),
    (MACHINE, F, True, serial("metadata", "TRUE")),
    (MACHINE, F, False, serial("metadata", "1", above=False)),
    (MACHINE, P, False, serial("metadata", "1", above=True)),
    (MACHINE, P, False, serial("metadata", None)),
    (MACHINE, P, False, serial("metadata", "false", above=True)),
    (MACHINE, P, False, serial("metadata", None, above=True) | {"project_metadata": {"serial-port-enable": "true"}}),
    (MACHINE, F, True, serial("metadata", None) | {"project_metadata": {"serial-port-enable": "true"}}),
    (PROJECT, F, True, serial("commonInstanceMetadata", "true")),
    (PROJECT, F, False, serial("commonInstanceMetadata", "true", above=False)),
    (PROJECT, P, False, serial("commonInstanceMetadata", "true", above=True)),
    (PROJECT, P, False, serial("commonInstanceMetadata", None)),
]


@pytest.mark.parametrize(("identifier", "verdict", "names_the_policy", "told"), CASES)
def test_what_is_open_may_be_closed_from_above(
    identifier: str, verdict: Verdict, names_the_policy: bool, told: dict[str, Any]
) -> None:
    check = BY_ID[identifier]
    result = check.evaluate(Asset(check.asset_type, "x", "eu", "//x", "x", properties=told))
    assert result.verdict == verdict, result.reason
    assert ("which is not read" in result.reason) == names_the_policy
