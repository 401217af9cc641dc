"""Network security groups: what the internet can reach."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity
from cloudaccounts.provider_kit.posture import Rule, abridge, posture_check
from cloudaccounts.provider_kit.reach.addresses import Reach
from cloudaccounts.provider_kit.reach.rules import reach
from cloudaccounts.provider_kit.reach.traffic import TCP, UDP
from cloudaccounts.provider_kit.reach.verdicts import by, evaluation, every_port, reach_by_any
from cloudaccounts.providers.azure.checks import security_rules
from cloudaccounts.providers.azure.checks.references import cite

_GROUP = "azure.network.network_security_group"


def _open(port: int, *protocols: int) -> Rule:
    def evaluate(asset: Asset) -> Evaluation:
        result = reach_by_any(security_rules.inbound(asset), protocols, port, deny_wins=False)
        return evaluation(
            result.reach,
            f"Port {port} is open to the internet{by(result.names)}.",
            f"No rule opens port {port} to the internet.",
            f"Whether port {port} is open{by(result.names)} cannot be told: {security_rules.WHY_UNCLEAR}",
        )

    return evaluate


def _administration(port: int, name: str, *protocols: int) -> PostureCheck:
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
        references=cite("bastion/bastion-overview"),
    )(_open(port, *protocols))


rdp_open = _administration(3389, "RDP", TCP, UDP)
ssh_open = _administration(22, "SSH", TCP)


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
    result = every_port(security_rules.inbound(asset), deny_wins=False)
    return evaluation(
        result.reach,
        f"All ports are open to the internet{by(result.names)}.",
        "The rules do not open all ports to the internet.",
        f"Whether all ports are open to the internet cannot be told: {security_rules.WHY_UNCLEAR}",
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
    rules = security_rules.inbound(asset)
    by_database = {label: reach(rules, TCP, port, deny_wins=False).reach for port, label in _DATABASES.items()}
    names = [label for label, reached in by_database.items() if reached == Reach.OPEN]
    return evaluation(
        Reach.OPEN if names else Reach.UNCLEAR if Reach.UNCLEAR in by_database.values() else Reach.CLOSED,
        f"Open to the internet: {abridge(names)}.",
        "No port of a usual database is open to the internet.",
        f"Whether a database's port is open to the internet cannot be told: {security_rules.WHY_UNCLEAR}",
    )


CHECKS = (rdp_open, ssh_open, all_ports_open, database_open)
