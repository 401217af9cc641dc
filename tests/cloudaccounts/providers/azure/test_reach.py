"""What the internet reaches in Azure: answers as Azure Resource Manager gives them, taken apart by the inventory.

Shapes: https://github.com/Azure/azure-rest-api-specs, network/…/networkSecurityGroup.json and each type's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Verdict
from cloudaccounts.providers.azure.checks import CHECKS
from cloudaccounts.providers.azure.inventory import extract
from cloudaccounts.providers.azure.inventory.common import at
from cloudaccounts.providers.azure.inventory.details import DETAILS
from tests.cloudaccounts.provider_kit.reach.strategies import on_any_machine

BY_ID = {check.id: check for check in CHECKS}
P, F, N, U = Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE, Verdict.UNKNOWN
RANK = [P, U, F]
ALL, ZERO, LAST = "0.0.0.0/0", "0.0.0.0", "255.255.255.255"  # noqa: S104 # no address to listen on
HALVES = ("0.0.0.0/1", "128.0.0.0/1")
APPS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/applicationSecurityGroups/"
GROUP_RULES = ("azure_nsg_ssh_open", "azure_nsg_rdp_open", "azure_nsg_all_ports_open", "azure_nsg_database_open")


def many(name: str, told: str | Sequence[str]) -> dict[str, Any]:
    """Azure writes one value in one property and several in another."""
    return {name: told} if isinstance(told, str) else {_plural(name): [*told]}


def _plural(name: str) -> str:
    return name + ("es" if name.endswith("Prefix") else "s")


def rule(
    ports: str | Sequence[str] = "22",
    sources: str | Sequence[str] = "*",
    to: str | Sequence[str] = "*",
    *,
    priority: Any = 200,
    access: str = "Allow",
    protocol: str = "Tcp",
    **more: Any,
) -> dict[str, Any]:
    properties = {
        "direction": "Inbound",
        "access": access,
        "protocol": protocol,
        "priority": priority,
        "sourcePortRange": "*",
        **many("sourceAddressPrefix", sources),
        **many("destinationAddressPrefix", to),
        **many("destinationPortRange", ports),
        **more,
    }
    return {"name": f"rule-{priority}", "properties": {key: one for key, one in properties.items() if one is not None}}


def deny(*ends: Any, priority: Any = 100, **more: Any) -> dict[str, Any]:
    return rule(*ends, **{"access": "Deny", "priority": priority, "protocol": "*", **more})


def group(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"rules": extract.rules({"properties": {"securityRules": [*rules]}})}


def app(*names: str) -> list[dict[str, str]]:
    return [{"id": APPS + name} for name in names]


def picked(kind: str, **properties: Any) -> dict[str, Any]:
    """What the inventory takes out of a resource's answer."""
    answer = {"properties": properties}
    return {
        name: source(answer) if callable(source) else at(answer, source)
        for name, source in DETAILS[kind].sources.items()
    }


def storage(*addresses: Any, action: Any = "Deny", v6: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    acls = {"defaultAction": action, "ipRules": [{"value": one, "action": "Allow"} for one in addresses]}
    acls["ipv6Rules"] = [{"value": one, "action": "Allow"} for one in v6]
    return picked("microsoft.storage/storageaccounts", networkAcls=acls, **more)


def vault(*addresses: str, action: Any = "Deny", **more: Any) -> dict[str, Any]:
    acls = {"defaultAction": action, "ipRules": [{"value": one} for one in addresses]}
    return picked("microsoft.keyvault/vaults", networkAcls=acls, **more)


def server(*ranges: tuple[Any, Any], v6: Sequence[tuple[Any, Any]] = (), **more: Any) -> dict[str, Any]:
    rules = [
        {"name": f"r{n}", "properties": {"startIpAddress": a, "endIpAddress": b}} for n, (a, b) in enumerate(ranges)
    ]
    of_v6 = [{"name": "v6", "properties": {"startIPv6Address": a, "endIPv6Address": b}} for a, b in v6]
    return {"firewall_rules": extract.firewall(rules), "ipv6_firewall_rules": extract.firewall_v6(of_v6), **more}


def cluster(*ranges: Any, private: bool | None = None, **more: Any) -> dict[str, Any]:
    profile = {"authorizedIPRanges": [*ranges], "enablePrivateCluster": private}
    return picked("microsoft.containerservice/managedclusters", apiServerAccessProfile=profile, **more)


OFFICE = ("203.0.113.1", "203.0.113.9")
PERIMETER = {"publicNetworkAccess": "SecuredByPerimeter"}

CASES: list[tuple[str, Verdict, dict[str, Any]]] = [
    ("azure_nsg_ssh_open", P, group()),
    ("azure_nsg_ssh_open", P, group(rule("22", ["10.0.0.0/8", "203.0.113.0/24"]))),
    ("azure_nsg_ssh_open", P, group(rule(["80", "443"]))),
    ("azure_nsg_ssh_open", P, group(rule("22", "VirtualNetwork"), rule("*", "AzureLoadBalancer", priority=300))),
    ("azure_nsg_ssh_open", P, group(rule(sourceApplicationSecurityGroups=app("web"), sourceAddressPrefix=None))),
    ("azure_nsg_ssh_open", P, group(rule(direction="Outbound"))),
    ("azure_nsg_ssh_open", P, group(rule(protocol="Udp"), rule(protocol="Icmp", priority=300))),
    ("azure_nsg_ssh_open", P, group(rule(), deny("22"))),
    ("azure_nsg_ssh_open", P, group(rule(), deny("0-1023", [*HALVES, "::/0"]))),
    ("azure_nsg_ssh_open", P, group(rule(), deny("22", HALVES[0]), deny("*", [HALVES[1], "::/0"], priority=110))),
    ("azure_nsg_ssh_open", P, group(rule(to="10.0.0.4"), deny("22", "*", "10.0.0.0/24"))),
    ("azure_nsg_ssh_open", P, group(rule(), deny("22", "*", "VirtualNetwork"))),
    ("azure_nsg_ssh_open", P, group(rule("22", "Internet"), deny("22", "Internet"))),
    ("azure_nsg_ssh_open", P, group(rule("22", "AzureCloud"), deny("22", "Internet"))),
    ("azure_nsg_ssh_open", P, group(rule("443", "AzureFrontDoor.Backend"))),
    ("azure_nsg_ssh_open", F, group(rule())),
    ("azure_nsg_ssh_open", F, group(rule("20-25", "Internet"))),
    ("azure_nsg_ssh_open", F, group(rule("22", "internet"))),
    ("azure_nsg_ssh_open", F, group(rule("22", HALVES))),
    ("azure_nsg_ssh_open", F, group(rule("22", HALVES[0]), rule("22", HALVES[1], priority=210))),
    ("azure_nsg_ssh_open", F, group(rule("22", HALVES[0]))),
    ("azure_nsg_ssh_open", F, group(rule("22", "::/0"))),
    ("azure_nsg_ssh_open", F, group(rule(["80", "20-30"], protocol="*"))),
    ("azure_nsg_ssh_open", F, group(rule(), deny("22", priority=300))),
    ("azure_nsg_ssh_open", F, group(rule(), deny("22", "*", "10.0.0.4"))),
    ("azure_nsg_ssh_open", F, group(rule(), deny("22", "203.0.113.7"))),
    ("azure_nsg_ssh_open", F, group(rule(), deny("22", ALL))),  # IPv6 remains
    ("azure_nsg_ssh_open", F, group(rule(), deny("22", protocol="Udp"))),
    ("azure_nsg_ssh_open", F, group(rule(), deny("23"))),
    ("azure_nsg_ssh_open", F, group(rule(), deny("22", direction="Outbound"))),
    ("azure_nsg_ssh_open", F, group(rule(), deny("22", sourcePortRange="22"))),
    ("azure_nsg_ssh_open", F, group(rule(), deny("22", "VirtualNetwork"))),
    (
        "azure_nsg_ssh_open",
        F,
        group(rule(), deny("22", "*", destinationAddressPrefix=None, destinationApplicationSecurityGroups=app("db"))),
    ),
    ("azure_nsg_ssh_open", U, group(rule("22", "AzureCloud"))),
    ("azure_nsg_ssh_open", U, group(rule("22", "Storage.WestEurope"))),
    ("azure_nsg_ssh_open", U, group(rule("22", "NewTag"))),
    ("azure_nsg_ssh_open", U, group(rule(), deny("22", "AzureCloud"))),
    ("azure_nsg_ssh_open", U, group(rule(), deny("22", "*", "Sql"))),
    ("azure_nsg_ssh_open", U, group(rule(access="Audit"))),
    ("azure_nsg_ssh_open", U, group(rule(direction="Both"))),
    ("azure_nsg_ssh_open", U, group(rule(protocol="Quic"))),
    ("azure_nsg_ssh_open", U, group(rule("ssh"))),
    ("azure_nsg_ssh_open", U, group(rule(sourceAddressPrefix=None))),
    ("azure_nsg_ssh_open", U, group(rule(destinationAddressPrefix=None))),
    ("azure_nsg_ssh_open", U, group(rule(priority=None), deny("22"))),
    ("azure_nsg_ssh_open", U, group(rule(priority=100), deny("22"))),
    ("azure_nsg_ssh_open", U, {"rules": extract.rules({"properties": {}})}),
    ("azure_nsg_ssh_open", U, {"rules": extract.rules({"properties": {"securityRules": None}})}),
    ("azure_nsg_rdp_open", P, group(rule("22"))),
    ("azure_nsg_rdp_open", P, group(rule("3389", "192.168.0.0/16", protocol="Udp"))),
    ("azure_nsg_rdp_open", P, group(rule("3389"), deny("3000-4000"))),
    ("azure_nsg_rdp_open", F, group(rule("3389"))),
    ("azure_nsg_rdp_open", F, group(rule("3389", protocol="Udp"))),
    ("azure_nsg_rdp_open", F, group(rule("3389", protocol="*"), deny("3389", protocol="Tcp"))),
    ("azure_nsg_rdp_open", U, group(rule("3389", "AzureCloud", protocol="Udp"))),
    ("azure_nsg_all_ports_open", P, group(rule("0-1024"))),
    ("azure_nsg_all_ports_open", P, group(rule("*", "10.0.0.0/8"))),
    ("azure_nsg_all_ports_open", P, group(rule("*"), deny("1-10000"))),
    ("azure_nsg_all_ports_open", F, group(rule("*"))),
    ("azure_nsg_all_ports_open", F, group(rule(["0-30000", "30001-65535"], HALVES))),
    ("azure_nsg_all_ports_open", F, group(rule("0-30000"), rule("30001-65535", priority=210))),
    ("azure_nsg_all_ports_open", F, group(rule("*"), deny("22"))),
    ("azure_nsg_all_ports_open", U, group(rule("*", "AzureCloud"))),
    ("azure_nsg_database_open", P, group(rule("443"))),
    ("azure_nsg_database_open", P, group(rule("5432", "VirtualNetwork"))),
    ("azure_nsg_database_open", P, group(rule("1433", "*"), deny("1433"))),
    ("azure_nsg_database_open", F, group(rule("5432", HALVES))),
    ("azure_nsg_database_open", F, group(rule(["80", "6379"], "Internet"))),
    ("azure_nsg_database_open", F, group(rule("3000-4000"), deny("3306", "*", "10.0.0.4"))),
    ("azure_nsg_database_open", U, group(rule("1433", "Sql"))),
    ("azure_storage_network_open", P, storage()),
    ("azure_storage_network_open", P, storage("203.0.113.0/24", "198.51.100.7")),
    ("azure_storage_network_open", P, storage(action="Allow", publicNetworkAccess="Disabled")),
    ("azure_storage_network_open", F, storage(action="Allow")),
    ("azure_storage_network_open", F, storage(action=None)),
    ("azure_storage_network_open", F, storage(*HALVES)),
    ("azure_storage_network_open", F, storage("203.0.113.0/24", v6=["::/0"])),
    ("azure_storage_network_open", U, storage("somewhere")),
    ("azure_storage_network_open", U, storage(7)),
    ("azure_storage_network_open", U, storage(action="Audit")),
    ("azure_storage_network_open", U, storage(**PERIMETER)),
    ("azure_storage_network_open", U, storage(publicNetworkAccess="Perhaps")),
    ("azure_keyvault_network_open", P, vault()),
    ("azure_keyvault_network_open", P, vault("203.0.113.0/24")),
    ("azure_keyvault_network_open", P, vault(*HALVES, publicNetworkAccess="disabled")),
    ("azure_keyvault_network_open", F, vault(action="Allow")),
    ("azure_keyvault_network_open", F, picked("microsoft.keyvault/vaults")),
    ("azure_keyvault_network_open", F, vault(*HALVES)),
    ("azure_keyvault_network_open", U, vault("somewhere")),
    ("azure_keyvault_network_open", U, vault(**PERIMETER)),
    ("azure_sql_firewall_open", P, server()),
    ("azure_sql_firewall_open", P, server(OFFICE, ("10.0.0.0", "10.255.255.255"))),
    ("azure_sql_firewall_open", P, server(OFFICE, v6=[("2001:db8::1", "2001:db8::9")])),
    ("azure_sql_firewall_open", P, server((ZERO, LAST), public_network_access="Disabled")),
    ("azure_sql_firewall_open", F, server((ZERO, LAST))),
    ("azure_sql_firewall_open", F, server((ZERO, "127.255.255.255"), ("128.0.0.0", LAST))),
    ("azure_sql_firewall_open", F, server(*((f"{n}.0.0.0", f"{n}.127.255.255") for n in range(11, 20)))),
    ("azure_sql_firewall_open", F, server(OFFICE, (ZERO, ZERO))),
    ("azure_sql_firewall_open", F, server(OFFICE, v6=[("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")])),
    ("azure_sql_firewall_open", F, server(OFFICE, v6=[("::ffff:0.0.0.0", "::ffff:255.255.255.255")])),
    ("azure_sql_firewall_open", P, server(OFFICE, v6=[("2000::", "3fff::")], ipv6="Disabled")),
    ("azure_sql_firewall_open", F, server(OFFICE, v6=[("2000::", "3fff::")], ipv6="Enabled")),
    ("azure_sql_firewall_open", F, server(OFFICE, v6=[("2000::", "3fff::")], ipv6="SomethingNew")),
    ("azure_sql_firewall_open", F, server((ZERO, LAST), ipv6="Disabled")),
    ("azure_sql_firewall_open", F, server((ZERO, LAST), ("x", "y"))),
    ("azure_sql_firewall_open", U, server(OFFICE, ("x", "y"))),
    ("azure_sql_firewall_open", U, server((LAST, ZERO))),
    ("azure_sql_firewall_open", U, server((None, None))),
    ("azure_sql_firewall_open", U, server((ZERO, LAST), public_network_access="SecuredByPerimeter")),
    (
        "azure_sql_firewall_open",
        U,
        server(OFFICE) | {"ipv6_firewall_rules": None, "unreadable": {"ipv6_firewall_rules": "permission_denied"}},
    ),
    (
        "azure_sql_firewall_open",
        F,
        server((ZERO, LAST)) | {"unreadable": {"ipv6_firewall_rules": "permission_denied"}},
    ),
    ("azure_postgresql_firewall_open", P, server(OFFICE)),
    ("azure_postgresql_firewall_open", P, server(("172.16.0.0", "172.31.255.255"))),
    ("azure_postgresql_firewall_open", P, server((ZERO, ZERO), public_network_access="Disabled")),
    ("azure_postgresql_firewall_open", F, server((ZERO, "127.255.255.255"))),
    ("azure_postgresql_firewall_open", F, server((ZERO, ZERO))),
    ("azure_postgresql_firewall_open", F, server(("1.0.0.0", "100.0.0.0"), ("100.0.0.1", "223.255.255.255"))),
    ("azure_postgresql_firewall_open", U, server(("", LAST))),
    ("azure_aks_api_open", P, cluster(private=True)),
    ("azure_aks_api_open", P, cluster("203.0.113.0/24", "198.51.100.7")),
    ("azure_aks_api_open", P, cluster("0.0.0.0/32")),
    ("azure_aks_api_open", P, cluster(publicNetworkAccess="Disabled")),
    ("azure_aks_api_open", F, cluster(publicNetworkAccess="Enabled")),
    ("azure_aks_api_open", P, cluster("203.0.113.0/24", publicNetworkAccess="Enabled")),
    ("azure_aks_api_open", U, cluster(publicNetworkAccess="SecuredByPerimeter")),
    ("azure_aks_api_open", U, cluster(publicNetworkAccess="SomethingNew")),
    ("azure_aks_api_open", F, cluster()),
    ("azure_aks_api_open", F, cluster(ALL)),
    ("azure_aks_api_open", F, cluster("203.0.113.0/24", *HALVES)),
    ("azure_aks_api_open", U, cluster("AzureCloud")),
    ("azure_aks_api_open", U, cluster(7)),
]


def judge(identifier: str, properties: dict[str, Any]) -> Evaluation:
    check = BY_ID[identifier]
    return check.evaluate(Asset(check.asset_type, check.service, "westeurope", "/x", "x", properties=properties))


OPEN_RULES = sorted(name for name in BY_ID if name.startswith("azure_nsg_") and name.endswith("_open"))


@pytest.mark.parametrize("identifier", OPEN_RULES)
def test_what_comes_before_a_group_is_named_in_the_evidence(identifier: str) -> None:
    """Of what is open: rules of a network manager, which Reader may not read, could close it."""
    unread = "virtual_network_manager_security_admin_rules"
    opened = judge(identifier, group(rule("*", "Internet", protocol="*")))
    assert opened.verdict == F
    assert unread in {fact.path for fact in opened.evidence}
    closed = judge(identifier, group(deny("*", "Internet")))
    assert closed.verdict == P
    assert unread not in {fact.path for fact in closed.evidence}


@pytest.mark.parametrize(("identifier", "verdict", "properties"), CASES)
def test_reach_is_judged_by_the_set_of_addresses(identifier: str, verdict: Verdict, properties: dict[str, Any]) -> None:
    result = judge(identifier, properties)
    assert result.verdict == verdict, result.reason
    assert result.reason.endswith(".")


def test_the_rules_that_open_a_port_are_named() -> None:
    assert judge("azure_nsg_ssh_open", group(rule(), deny("22", "*", "10.0.0.4"))).reason.endswith("by rule-200.")
    both = group(rule("22", "8.0.0.0/9"), rule("22", "8.128.0.0/9", priority=210))
    assert judge("azure_nsg_ssh_open", both).reason.endswith("by rule-200 and rule-210.")
    assert "by rule-200 cannot be told" in judge("azure_nsg_ssh_open", group(rule("22", "AzureCloud"))).reason


# Properties ----------------------------------------------------------------------------------------------------------

prefixes = st.sampled_from(
    ["*", "Internet", ALL, *HALVES, "::/0", "8.0.0.0/9", "8.128.0.0/9", "10.0.0.0/8", "VirtualNetwork", "AzureCloud"]
)
made = st.builds(
    rule,
    st.lists(st.sampled_from(["22", "3389", "*", "0-30000", "30001-65535", "odd"]), min_size=1, max_size=2),
    st.lists(prefixes, min_size=1, max_size=2),
    st.sampled_from(["*", "10.0.0.4", "10.0.0.0/24", "VirtualNetwork", "Sql"]),
    access=st.sampled_from(["Allow", "Deny", "Audit"]),
    protocol=st.sampled_from(["Tcp", "Udp", "*", "Icmp", "Quic"]),
)


@st.composite
def groups(draw: st.DrawFn) -> list[dict[str, Any]]:
    """As in Azure, no two rules have one priority."""
    rules = draw(st.lists(made, max_size=5))
    for priority, one in zip(draw(st.permutations(range(100, 100 + len(rules)))), rules, strict=True):
        one["properties"]["priority"] = priority
    return rules


def rank(identifier: str, rules: list[dict[str, Any]]) -> int:
    return RANK.index(judge(identifier, group(*rules)).verdict)


@on_any_machine
@given(st.sampled_from(GROUP_RULES), groups(), made, st.integers(100, 110).map(lambda one: one + 0.5))
def test_an_allow_never_makes_it_better_and_a_deny_never_worse(
    identifier: str, rules: list[dict[str, Any]], more: dict[str, Any], priority: float
) -> None:
    numbered = [
        {**one, "properties": {**one["properties"], "priority": int(one["properties"]["priority"] * 2)}}
        for one in rules
    ]
    before = rank(identifier, numbered)
    for access, better in (("Allow", False), ("Deny", True)):
        added = {**more, "properties": {**more["properties"], "access": access, "priority": int(priority * 2)}}
        after = rank(identifier, [*numbered, added])
        assert after <= before if better else after >= before


@on_any_machine
@given(st.sampled_from(GROUP_RULES), groups())
def test_neither_order_nor_prefixes_change_a_verdict(identifier: str, rules: list[dict[str, Any]]) -> None:
    expected = rank(identifier, rules)
    assert rank(identifier, rules[::-1]) == expected
    split = []
    for one in rules:
        told = [*one["properties"]["sourceAddressPrefixes"]]
        if ALL in told:
            told = [source for source in told if source != ALL] + [*HALVES]
        split.append({**one, "properties": {**one["properties"], "sourceAddressPrefixes": told}})
    assert rank(identifier, split) == expected


@on_any_machine
@given(
    st.sampled_from(GROUP_RULES),
    groups(),
    st.integers(0, 4),
    st.sampled_from(["access", "protocol", "direction", "sourceAddressPrefixes", "destinationPortRanges", "priority"]),
)
def test_what_is_forgotten_never_becomes_a_pass(
    identifier: str, rules: list[dict[str, Any]], at: int, name: str
) -> None:
    before = rank(identifier, rules)
    for value in (None, "odd"):
        odd = [
            {**one, "properties": {**one["properties"], name: value}} if index == at else one
            for index, one in enumerate(rules)
        ]
        after = rank(identifier, odd)
        assert after == before or after == RANK.index(U) or before == RANK.index(U)
        assert not (before == RANK.index(F) and after == RANK.index(P))
