"""Network security groups: what the internet can reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity
from cloudaccounts.provider_kit.posture import Rule, abridge, expect, known, list_of_texts, mappings, posture_check
from cloudaccounts.providers.azure.checks.references import cite

_GROUP = "azure.network.network_security_group"
_ANYWHERE = frozenset({"*", "0.0.0.0/0", "internet", "any", "::/0"})
ALL_PORTS = range(65_536)


def open_rules(asset: Asset, covers: Callable[[list[range]], bool], protocols: frozenset[str]) -> list[str]:
    """Names of the inbound rules that allow everybody, unless a rule of higher priority denies the same."""
    known(asset, "rules")
    names: list[str] = []
    for security_rule in sorted(mappings(asset, "rules"), key=_priority):
        if str(security_rule.get("direction")).lower() != "inbound" or not _from_anywhere(security_rule):
            continue
        if str(security_rule.get("protocol")).lower() not in protocols or not covers(_ports(security_rule)):
            continue
        # Azure applies the first rule that matches. Rules after a denial of everybody no longer count.
        if str(security_rule.get("access")).lower() == "deny":
            break
        names.append(str(security_rule.get("name")))
    return names


def _priority(security_rule: Mapping[str, Any]) -> int:
    priority = security_rule.get("priority")
    # Behind all custom rules, whose priorities end at 4096.
    return priority if isinstance(priority, int) else 65_000


def _from_anywhere(security_rule: Mapping[str, Any]) -> bool:
    return any(source.lower() in _ANYWHERE for source in list_of_texts(security_rule.get("sources"), "rules.sources"))


def _ports(security_rule: Mapping[str, Any]) -> list[range]:
    """``22``, ``20-25`` and ``*``; what is none of these covers nothing."""
    ranges: list[range] = []
    for text in list_of_texts(security_rule.get("ports"), "rules.ports"):
        first, _, last = text.partition("-")
        if text == "*":
            ranges.append(ALL_PORTS)
        elif first.isascii() and first.isdigit() and (not last or (last.isascii() and last.isdigit())):
            ranges.append(range(int(first), int(last or first) + 1))
    return ranges


def _open(port: int) -> Rule:
    def evaluate(asset: Asset) -> Evaluation:
        names = open_rules(
            asset, lambda ports: any(port in port_range for port_range in ports), frozenset({"tcp", "*"})
        )
        return expect(
            not names,
            f"Port {port} is open to the internet by {abridge(names)}.",
            f"No rule opens port {port} to the internet.",
        )

    return evaluate


def _administration(port: int, name: str, cis: str) -> PostureCheck:
    return posture_check(
        f"azure_nsg_{name.lower()}_open",
        f"{name} is open to the internet",
        Severity.HIGH,
        "network",
        _GROUP,
        why=f"Every address on the internet is tried for {name} within minutes. A guessed or leaked password, or a "
        "new flaw in the service, then is enough to get into the machines behind this group.",
        console="Open the network security group, Inbound security rules, and narrow the source of the rule to your "
        "own addresses; better, delete it and use Azure Bastion or just-in-time access.",
        command="az network nsg rule update --resource-group <group> --nsg-name <nsg> --name <rule> "
        "--source-address-prefixes <your-network>",
        references=cite("bastion/bastion-overview", cis),
    )(_open(port))


rdp_open = _administration(3389, "RDP", "6.1")
ssh_open = _administration(22, "SSH", "6.2")


@posture_check(
    "azure_nsg_all_ports_open",
    "Every port is open to the internet",
    Severity.CRITICAL,
    "network",
    _GROUP,
    why="A rule for all ports opens what runs today and whatever will be started tomorrow: databases, agents, "
    "administration.",
    console="Open the network security group, Inbound security rules; replace the rule by one for the ports that are "
    "meant to be public.",
    command="az network nsg rule update --resource-group <group> --nsg-name <nsg> --name <rule> "
    "--destination-port-ranges 443",
    references=cite("virtual-network/network-security-groups-overview"),
)
def all_ports_open(asset: Asset) -> Evaluation:
    # Either protocol alone opens all ports of it.
    protocols = frozenset({"tcp", "udp", "*"})
    names = open_rules(
        asset, lambda ports: any(len(port_range) >= len(ALL_PORTS) - 1 for port_range in ports), protocols
    )
    return expect(
        not names,
        f"All ports are open to the internet by {abridge(names)}.",
        "No rule opens all ports to the internet.",
    )


_DATABASES = {1433: "SQL Server", 3306: "MySQL", 5432: "PostgreSQL", 6379: "Redis", 27017: "MongoDB"}


@posture_check(
    "azure_nsg_database_open",
    "A database's port is open to the internet",
    Severity.HIGH,
    "network",
    _GROUP,
    why="Databases are made for the inside of a network: many have weak defaults, and what they hold is what thieves "
    "want.",
    console="Open the network security group, Inbound security rules; narrow the rule's source to the application's "
    "subnet.",
    command="az network nsg rule update --resource-group <group> --nsg-name <nsg> --name <rule> "
    "--source-address-prefixes VirtualNetwork",
    references=cite("virtual-network/network-security-groups-overview"),
)
def database_open(asset: Asset) -> Evaluation:
    protocols = frozenset({"tcp", "*"})
    databases = [
        label
        for port, label in _DATABASES.items()
        if open_rules(asset, lambda ports, port=port: any(port in port_range for port_range in ports), protocols)  # type: ignore[misc] # binds the loop's value
    ]
    return expect(
        not databases,
        f"Open to the internet: {abridge(databases)}.",
        "No port of a usual database is open to the internet.",
    )


CHECKS = (rdp_open, ssh_open, all_ports_open, database_open)
