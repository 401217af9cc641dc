"""What the internet reaches in Google Cloud: resources as their APIs tell them, held to the discovery documents."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from googleapiclient.discovery_cache import get_static_doc  # type: ignore[import-untyped] # Google ships no types
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Verdict
from cloudaccounts.providers.gcp.checks import CHECKS
from cloudaccounts.providers.gcp.inventory.firewalls import related
from tests.cloudaccounts.provider_kit.reach.strategies import on_any_machine
from tests.cloudaccounts.providers.gcp.conftest import Cloud

BY_ID = {check.id: check for check in CHECKS}
P, F, N, U = Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE, Verdict.UNKNOWN
RANK = [P, U, F]
ALL = "0.0.0.0/0"
HALVES = ["0.0.0.0/1", "128.0.0.0/1"]
NETWORK = "https://www.googleapis.com/compute/v1/projects/p/global/networks/shop"
FIREWALL_RULES = ("gcp_firewall_ssh_open", "gcp_firewall_rdp_open", "gcp_firewall_all_open")


@cache
def schemas(api: str, version: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(get_static_doc(api, version))["schemas"]
    return found


def known(told: Any, schema: dict[str, Any], all_schemas: dict[str, Any]) -> bool:
    """Whether each field is one that the API has."""
    schema = all_schemas[schema["$ref"]] if "$ref" in schema else schema
    if isinstance(told, dict):
        fields = schema.get("properties", {})
        return all(name in fields and known(one, fields[name], all_schemas) for name, one in told.items())
    return not isinstance(told, list) or all(known(one, schema["items"], all_schemas) for one in told)


def of(api: str, version: str, kind: str, **told: Any) -> dict[str, Any]:
    assert known(told, {"$ref": kind}, schemas(api, version)), told
    return told


def traffic(*ports: str, protocol: str = "tcp") -> list[dict[str, Any]]:
    return [{"IPProtocol": protocol, **({"ports": [*ports]} if ports else {})}]


def firewall(*ports: str, protocol: str = "tcp", **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"name": "allow", "network": NETWORK, "direction": "INGRESS", "priority": 1000}
    told |= {"sourceRanges": [ALL], "allowed": traffic(*ports, protocol=protocol)} | more
    return of("compute", "v1", "Firewall", **{key: one for key, one in told.items() if one is not None})


def denial(*ports: str, protocol: str = "all", **more: Any) -> dict[str, Any]:
    denied = {"name": "deny", "allowed": None, "denied": traffic(*ports, protocol=protocol), "priority": 900}
    return firewall(**{**denied, **more})


def behind(rule: dict[str, Any], *others: dict[str, Any], unread: str = "") -> dict[str, Any]:
    """The rule as the inventory tells it, in a project with the others."""
    assets = [
        Asset("gcp.compute.firewall", "compute", "global", f"//{n}", f"{n}", properties=one)
        for n, one in enumerate([*others, rule])
    ]
    return dict([*related(assets, unread=unread)][-1].properties)


def cluster(*blocks: Any, enabled: Any = True, **more: Any) -> dict[str, Any]:
    networks = {"enabled": enabled, "cidrBlocks": [{"cidrBlock": one} for one in blocks], **more}
    return of("container", "v1", "Cluster", masterAuthorizedNetworksConfig=networks)


def endpoints(*blocks: str, **more: Any) -> dict[str, Any]:
    networks = {"enabled": bool(blocks), "cidrBlocks": [{"cidrBlock": one} for one in blocks]}
    told = {"ipEndpointsConfig": {"enabled": True, "authorizedNetworksConfig": networks, **more}}
    return of("container", "v1", "Cluster", controlPlaneEndpointsConfig=told)


def by_name(told: dict[str, Any], allowed: Any = True) -> dict[str, Any]:
    """The cluster, with an endpoint that is reached by its DNS name."""
    config = {**told.get("controlPlaneEndpointsConfig", {}), "dnsEndpointConfig": {"allowExternalTraffic": allowed}}
    return {**told, "controlPlaneEndpointsConfig": config}


def database(*values: Any, **more: Any) -> dict[str, Any]:
    network = {"ipv4Enabled": True, "authorizedNetworks": [{"value": one} for one in values], **more}
    return of("sqladmin", "v1", "DatabaseInstance", settings={"ipConfiguration": network})


def key(*addresses: Any) -> dict[str, Any]:
    restrictions = {"serverKeyRestrictions": {"allowedIps": [*addresses]}}
    return of("apikeys", "v2", "V2Key", restrictions=restrictions)


SSH = firewall("22")
WEB: dict[str, Any] = {"targetTags": ["web"]}
DB: dict[str, Any] = {"targetTags": ["db"]}

CASES: list[tuple[str, Verdict, dict[str, Any]]] = [
    ("gcp_firewall_ssh_open", P, firewall("22", sourceRanges=["10.0.0.0/8", "203.0.113.0/24"])),
    ("gcp_firewall_ssh_open", P, firewall("22", sourceRanges=["35.235.240.0/20"])),
    ("gcp_firewall_ssh_open", P, firewall("22", sourceRanges=None, sourceTags=["bastion"])),
    ("gcp_firewall_ssh_open", P, firewall("22", sourceRanges=None, sourceServiceAccounts=["a@p"])),
    ("gcp_firewall_ssh_open", P, firewall("443")),
    ("gcp_firewall_ssh_open", P, firewall("22", protocol="udp")),
    ("gcp_firewall_ssh_open", P, firewall(protocol="icmp")),
    ("gcp_firewall_ssh_open", P, behind(SSH, denial("22"))),
    ("gcp_firewall_ssh_open", P, behind(SSH, denial("22", priority=1000))),
    ("gcp_firewall_ssh_open", P, behind(SSH, denial(sourceRanges=HALVES))),
    ("gcp_firewall_ssh_open", P, behind(SSH, *(denial(sourceRanges=[one]) for one in HALVES))),
    ("gcp_firewall_ssh_open", P, behind({**SSH, **WEB}, denial("22", targetTags=["db", "web"]))),
    ("gcp_firewall_ssh_open", P, behind(firewall("22", destinationRanges=["10.0.0.4/32"]), denial("22"))),
    ("gcp_firewall_ssh_open", P, behind(firewall("22", sourceRanges=["10.0.0.0/8"]), unread="throttled")),
    ("gcp_firewall_ssh_open", F, SSH),
    ("gcp_firewall_ssh_open", F, firewall("22", sourceRanges=HALVES)),
    ("gcp_firewall_ssh_open", F, firewall("22", sourceRanges=[HALVES[1]])),
    ("gcp_firewall_ssh_open", F, firewall("22", sourceRanges=["::/1", "8000::/1"])),
    ("gcp_firewall_ssh_open", F, firewall("22", sourceRanges=None)),
    ("gcp_firewall_ssh_open", F, firewall("22", sourceTags=["bastion"])),
    ("gcp_firewall_ssh_open", F, firewall("20-25", direction=None)),
    ("gcp_firewall_ssh_open", F, firewall(protocol="all")),
    ("gcp_firewall_ssh_open", F, behind(SSH)),
    ("gcp_firewall_ssh_open", F, behind(SSH, denial("22", priority=1001))),
    ("gcp_firewall_ssh_open", F, behind(SSH, denial("23"))),
    ("gcp_firewall_ssh_open", F, behind(SSH, denial("22", protocol="udp"))),
    ("gcp_firewall_ssh_open", F, behind(SSH, denial("22", sourceRanges=["203.0.113.7/32"]))),
    ("gcp_firewall_ssh_open", F, behind(SSH, denial("22", sourceRanges=["::/0"]))),
    ("gcp_firewall_ssh_open", F, behind(SSH, denial("22", destinationRanges=["10.0.0.4/32"]))),
    ("gcp_firewall_ssh_open", F, behind(SSH, denial("22", **DB))),
    ("gcp_firewall_ssh_open", F, behind({**SSH, **WEB}, denial("22", **DB))),
    ("gcp_firewall_ssh_open", F, behind({**SSH, "targetTags": ["db", "web"]}, denial("22", **DB))),
    ("gcp_firewall_ssh_open", F, behind(SSH, denial("22", disabled=True))),
    ("gcp_firewall_ssh_open", F, behind(SSH, denial("22", direction="EGRESS"))),
    ("gcp_firewall_ssh_open", F, behind(SSH, denial("22", network=f"{NETWORK}-two"))),
    ("gcp_firewall_ssh_open", F, behind(SSH, denial("22", sourceRanges=None, sourceTags=["bastion"]))),
    ("gcp_firewall_ssh_open", N, firewall("22", direction="EGRESS", sourceRanges=None)),
    ("gcp_firewall_ssh_open", N, firewall("22", disabled=True)),
    ("gcp_firewall_ssh_open", N, denial("22")),
    ("gcp_firewall_ssh_open", U, firewall("22", direction="BOTH")),
    ("gcp_firewall_ssh_open", U, firewall("22", protocol="quic")),
    ("gcp_firewall_ssh_open", U, firewall("ssh")),
    ("gcp_firewall_ssh_open", U, firewall("22", allowed=None)),
    ("gcp_firewall_ssh_open", U, firewall("22", sourceRanges=["everywhere"])),
    ("gcp_firewall_ssh_open", U, firewall("22", sourceRanges=ALL)),
    ("gcp_firewall_ssh_open", U, behind(SSH, unread="throttled")),
    ("gcp_firewall_ssh_open", U, behind(SSH, denial("22", sourceRanges=["everywhere"]))),
    ("gcp_firewall_ssh_open", U, behind({**SSH, "priority": "high"}, denial("22"))),
    ("gcp_firewall_ssh_open", U, {**SSH, "earlier_denies": "odd"}),
    ("gcp_firewall_rdp_open", P, firewall("22")),
    ("gcp_firewall_rdp_open", P, firewall("3389", sourceRanges=["192.168.0.0/16"])),
    ("gcp_firewall_rdp_open", P, behind(firewall("3389"), denial("3000-4000"))),
    ("gcp_firewall_rdp_open", F, firewall("3389")),
    ("gcp_firewall_rdp_open", F, firewall("3389", protocol="udp")),
    ("gcp_firewall_rdp_open", F, behind(firewall("3389", protocol="all"), denial("3389", protocol="tcp"))),
    ("gcp_firewall_rdp_open", N, firewall("3389", disabled=True)),
    ("gcp_firewall_rdp_open", U, firewall("3389", protocol="new")),
    ("gcp_firewall_all_open", P, firewall("0-1024")),
    ("gcp_firewall_all_open", P, firewall(sourceRanges=["10.0.0.0/8"])),
    ("gcp_firewall_all_open", P, behind(firewall(), denial("1-20000"))),
    ("gcp_firewall_all_open", F, firewall()),
    ("gcp_firewall_all_open", F, firewall("0-30000", "30001-65535", sourceRanges=HALVES)),
    ("gcp_firewall_all_open", F, behind(firewall(protocol="all"), denial("22"))),
    ("gcp_firewall_all_open", N, denial()),
    ("gcp_firewall_all_open", U, firewall(protocol="new")),
    ("gcp_gke_api_open", P, cluster()),
    ("gcp_gke_api_open", P, cluster("203.0.113.0/24", "10.0.0.0/8")),
    ("gcp_gke_api_open", P, endpoints("203.0.113.0/24")),
    ("gcp_gke_api_open", P, endpoints(enablePublicEndpoint=False)),
    ("gcp_gke_api_open", P, endpoints(enabled=False)),
    ("gcp_gke_api_open", P, {"privateClusterConfig": {"enablePrivateEndpoint": True}}),
    # Authorized networks and private addresses are of the other endpoints.
    ("gcp_gke_api_open", U, by_name(cluster("203.0.113.0/24"))),
    ("gcp_gke_api_open", U, by_name(endpoints("203.0.113.0/24"))),
    ("gcp_gke_api_open", U, by_name(endpoints(enablePublicEndpoint=False))),
    ("gcp_gke_api_open", U, by_name(endpoints(enabled=False))),
    ("gcp_gke_api_open", U, by_name({"privateClusterConfig": {"enablePrivateEndpoint": True}})),
    ("gcp_gke_api_open", U, by_name(cluster("203.0.113.0/24"), allowed=["odd"])),
    ("gcp_gke_api_open", P, by_name(cluster("203.0.113.0/24"), allowed=False)),
    ("gcp_gke_api_open", P, by_name(endpoints(enabled=False), allowed=None)),
    ("gcp_gke_api_open", F, by_name(cluster(ALL))),
    ("gcp_gke_api_open", F, by_name({})),
    ("gcp_gke_api_open", F, {}),
    ("gcp_gke_api_open", F, cluster(enabled=None)),
    ("gcp_gke_api_open", F, cluster(ALL)),
    ("gcp_gke_api_open", F, cluster("203.0.113.0/24", *HALVES)),
    ("gcp_gke_api_open", F, cluster("203.0.113.0/24", gcpPublicCidrsAccessEnabled=True)),
    ("gcp_gke_api_open", F, endpoints()),
    ("gcp_gke_api_open", F, endpoints(*HALVES)),
    ("gcp_gke_api_open", U, cluster("office")),
    ("gcp_gke_api_open", U, cluster(None)),
    ("gcp_gke_api_open", U, cluster(enabled="yes")),
    ("gcp_sql_open_network", P, database()),
    ("gcp_sql_open_network", P, database("203.0.113.0/24", "198.51.100.7", "10.0.0.0/8")),
    ("gcp_sql_open_network", P, database(ALL, ipv4Enabled=False)),
    ("gcp_sql_open_network", F, database(ALL)),
    ("gcp_sql_open_network", F, database(*HALVES)),
    ("gcp_sql_open_network", F, database(*(f"{number}.0.0.0/9" for number in range(11, 20)))),
    ("gcp_sql_open_network", U, database("office")),
    ("gcp_sql_open_network", U, database(None)),
    ("gcp_sql_open_network", U, {}),
    ("gcp_api_key_clients", P, key("203.0.113.1")),
    ("gcp_api_key_clients", P, key("203.0.113.0/24", "2001:db8::/32")),
    ("gcp_api_key_clients", P, {"restrictions": {"browserKeyRestrictions": {"allowedReferrers": ["example.com/*"]}}}),
    ("gcp_api_key_clients", F, key(ALL)),
    ("gcp_api_key_clients", F, key("0.0.0.0")),  # noqa: S104 # compared, not listened on
    ("gcp_api_key_clients", F, key("203.0.113.1", "::")),
    ("gcp_api_key_clients", F, key("::0")),
    ("gcp_api_key_clients", P, key("0.0.0.1")),
    ("gcp_api_key_clients", F, key("203.0.113.1", *HALVES)),
    ("gcp_api_key_clients", F, {"restrictions": {}}),
    ("gcp_api_key_clients", N, {**key(ALL), "deleteTime": "2026-01-01T00:00:00Z"}),
    ("gcp_api_key_clients", U, key("office")),
]


def judge(identifier: str, properties: dict[str, Any]) -> Evaluation:
    check = BY_ID[identifier]
    return check.evaluate(Asset(check.asset_type, check.service, "global", "//x", "x", properties=properties))


@pytest.mark.parametrize(("identifier", "verdict", "properties"), CASES)
def test_reach_is_judged_by_the_set_of_addresses(identifier: str, verdict: Verdict, properties: dict[str, Any]) -> None:
    result = judge(identifier, properties)
    assert result.verdict == verdict, result.reason
    assert result.reason.endswith(".")


# Properties ----------------------------------------------------------------------------------------------------------

ranges = st.lists(
    st.sampled_from([ALL, *HALVES, "8.0.0.0/9", "8.128.0.0/9", "10.0.0.0/8", "::/0", "odd"]), min_size=1, max_size=2
)
ends: dict[str, st.SearchStrategy[Any]] = {
    "sourceRanges": ranges,
    "priority": st.integers(998, 1002),
    "targetTags": st.none() | st.lists(st.sampled_from(["web", "db"]), min_size=1, max_size=2),
    "protocol": st.sampled_from(["tcp", "udp", "all", "new"]),
}
port_lists = st.lists(st.sampled_from(["22", "3389", "0-30000", "30001-65535"]), max_size=2)
allows = st.builds(lambda ports, **more: firewall(*ports, **more), port_lists, **ends)
denials = st.builds(lambda ports, **more: denial(*ports, **more), port_lists, **ends)


def rank(identifier: str, rule: dict[str, Any], denying: list[dict[str, Any]]) -> int:
    return RANK.index(judge(identifier, behind(rule, *denying)).verdict)


@on_any_machine
@given(st.sampled_from(FIREWALL_RULES), allows, st.lists(denials, max_size=3), denials, ranges)
def test_a_deny_never_makes_it_worse_and_more_sources_never_better(
    identifier: str, rule: dict[str, Any], denying: list[dict[str, Any]], more: dict[str, Any], wider: list[str]
) -> None:
    before = rank(identifier, rule, denying)
    assert rank(identifier, rule, [*denying, more]) <= before
    assert rank(identifier, {**rule, "sourceRanges": [*rule["sourceRanges"], *wider]}, denying) >= before


@on_any_machine
@given(st.sampled_from(FIREWALL_RULES), allows, st.lists(denials, max_size=3))
def test_neither_order_nor_prefixes_change_a_verdict(
    identifier: str, rule: dict[str, Any], denying: list[dict[str, Any]]
) -> None:
    expected = rank(identifier, rule, denying)
    assert rank(identifier, rule, denying[::-1]) == expected
    split = [
        {**one, "sourceRanges": [part for told in one["sourceRanges"] for part in (HALVES if told == ALL else [told])]}
        for one in (rule, *denying)
    ]
    assert rank(identifier, split[0], split[1:]) == expected


@on_any_machine
@given(
    st.sampled_from(FIREWALL_RULES),
    allows,
    st.lists(denials, max_size=3),
    st.sampled_from(["direction", "sourceRanges", "priority", "allowed", "earlier_denies"]),
)
def test_what_is_forgotten_never_becomes_a_pass(
    identifier: str, rule: dict[str, Any], denying: list[dict[str, Any]], name: str
) -> None:
    told = behind(rule, *denying)
    before = judge(identifier, told).verdict
    after = judge(identifier, {**told, name: "odd"}).verdict
    assert after in (before, U)


def test_rules_that_deny_stand_on_those_that_they_precede(cloud: Cloud) -> None:
    session = cloud.open(cloud.scenario("Everything granted"), account_id="meadowlark-data-prod")
    unit = next(unit for unit in session.units(("europe-west1",)) if unit.service == "compute")
    rules = {one.name: one.properties for one in session.collect(unit) if one.type == "gcp.compute.firewall"}
    denying = {"name": "deny-ssh-of-scanners", "priority": 900, "sourceRanges": ["192.88.99.0/24"]}
    assert rules["allow-ssh-from-anywhere"]["earlier_denies"] == [{**denying, "denied": traffic("22")}]
    assert "earlier_denies" not in rules["deny-ssh-of-scanners"]
