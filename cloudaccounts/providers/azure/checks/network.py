"""Network security groups: what the internet can reach."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity, Threshold
from cloudaccounts.provider_kit.posture import (
    Rule,
    abridge,
    expect,
    failed,
    flag,
    known,
    mappings,
    not_applicable,
    passed,
    posture_check,
    unknown,
)
from cloudaccounts.provider_kit.reach.addresses import Reach
from cloudaccounts.provider_kit.reach.rules import open_ports, reach
from cloudaccounts.provider_kit.reach.traffic import TCP, UDP
from cloudaccounts.provider_kit.reach.verdicts import by, every_port, reach_by_any
from cloudaccounts.provider_kit.thresholds import limit
from cloudaccounts.providers.azure.checks import security_rules
from cloudaccounts.providers.azure.checks.references import cite

_GROUP = "azure.network.network_security_group"
_NETWORK = "azure.network.virtual_network"


def _open(port: int, *protocols: int) -> Rule:
    def evaluate(asset: Asset) -> Evaluation:
        result = reach_by_any(security_rules.inbound(asset), protocols, port, deny_wins=False)
        return security_rules.verdict(
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
    # Priorities of a group are unique, so two rules never come at the same place and `deny_wins` decides nothing.
    result = every_port(security_rules.inbound(asset), deny_wins=False)
    return security_rules.verdict(
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
    return security_rules.verdict(
        Reach.OPEN if names else Reach.UNCLEAR if Reach.UNCLEAR in by_database.values() else Reach.CLOSED,
        f"Open to the internet: {abridge(names)}.",
        "No port of a usual database is open to the internet.",
        f"Whether a database's port is open to the internet cannot be told: {security_rules.WHY_UNCLEAR}",
    )


@posture_check(
    "azure_nsg_udp_open",
    "UDP is open to the internet",
    Severity.MEDIUM,
    "network",
    _GROUP,
    why="Whoever sends UDP can forge where it comes from, so that services that answer it are used to flood others; "
    "and each open port is one more service to be tried.",
    console="Open the network security group, Inbound security rules; narrow the source of rules with UDP or any "
    "protocol.",
    command="az network nsg rule update --resource-group <group> --nsg-name <nsg> --name <rule> "
    "--source-address-prefixes <your-network>",
    references=cite("virtual-network/network-security-groups-overview"),
)
def udp_open(asset: Asset) -> Evaluation:
    ports = open_ports(security_rules.inbound(asset), UDP, deny_wins=False)
    return security_rules.verdict(
        Reach.OPEN if ports.sure else Reach.UNCLEAR if ports.may else Reach.CLOSED,
        f"UDP ports are open to the internet{by(ports.names)}.",
        "No rule opens a UDP port to the internet.",
        f"Whether a UDP port is open cannot be told: {security_rules.WHY_UNCLEAR}",
    )


@posture_check(
    "azure_nsg_http_open",
    "A web port is open to the internet",
    Severity.LOW,
    "network",
    _GROUP,
    why="Machines that answer the web themselves have no firewall for web applications before them. What is meant to "
    "be public belongs behind a gateway; the rest is not meant to be public.",
    console="Open the network security group, Inbound security rules; narrow the source to the gateway's subnet, or "
    "suppress this finding where the machine is meant to be public.",
    command="az network nsg rule update --resource-group <group> --nsg-name <nsg> --name <rule> "
    "--source-address-prefixes VirtualNetwork",
    references=cite("application-gateway/overview"),
)
def http_open(asset: Asset) -> Evaluation:
    rules = security_rules.inbound(asset)
    by_port = {port: reach(rules, TCP, port, deny_wins=False).reach for port in (80, 443)}
    names = [str(port) for port, reached in by_port.items() if reached == Reach.OPEN]
    return security_rules.verdict(
        Reach.OPEN if names else Reach.UNCLEAR if Reach.UNCLEAR in by_port.values() else Reach.CLOSED,
        f"Open to the internet: port {abridge(names)}.",
        "No rule opens port 80 or 443 to the internet.",
        f"Whether a web port is open cannot be told: {security_rules.WHY_UNCLEAR}",
    )


# Subnets of Azure's own services, which take no group:
# https://learn.microsoft.com/azure/virtual-network/virtual-network-vnet-plan-design-arm (and each service's page)
_WITHOUT_GROUP = frozenset(
    {"gatewaysubnet", "azurefirewallsubnet", "azurefirewallmanagementsubnet", "routeserversubnet"}
)


@posture_check(
    "azure_subnet_without_nsg",
    "Subnet without a network security group",
    Severity.MEDIUM,
    "network",
    _NETWORK,
    why="Without a group, everything in the virtual network reaches every machine of the subnet, and so does the "
    "internet where a machine has an address of its own.",
    console="Open the virtual network, Subnets, the subnet, and choose a network security group.",
    command="az network vnet subnet update --resource-group <group> --vnet-name <network> --name <subnet> "
    "--network-security-group <nsg>",
    references=cite("virtual-network/network-security-groups-overview"),
)
def subnet_without_group(asset: Asset) -> Evaluation:
    known(asset, "subnets")
    own = [row for row in mappings(asset, "subnets") if str(row.get("name")).lower() not in _WITHOUT_GROUP]
    if not own:
        return not_applicable("It has no subnet that takes a group.")
    bare = [str(row.get("name")) for row in own if not row.get("network_security_group")]
    return expect(not bare, f"Without a group: {abridge(bare)}.", "Each subnet has a group.")


@posture_check(
    "azure_network_ddos",
    "Virtual network without DDoS Network Protection",
    Severity.LOW,
    "network",
    _NETWORK,
    why="Azure's basic protection guards its own platform. The plan watches the traffic of your addresses, and is paid "
    "by the month.",
    console="Open the virtual network, DDoS protection, choose Enable and a plan.",
    command="az network vnet update --resource-group <group> --name <network> --ddos-protection true "
    "--ddos-protection-plan <plan-id>",
    references=cite("ddos-protection/ddos-protection-overview"),
    expected={"ddos_protection": True},
)
def ddos(asset: Asset) -> Evaluation:
    on = flag(asset, "ddos_protection", default=None)
    return expect(on, "DDoS Network Protection is off.", "DDoS Network Protection is on.")


FLOW_LOGS = Threshold(
    "azure_flow_log_retention", "Retention of Azure flow logs", default=90, least=1, most=365, stricter="higher"
)


def _flow_retention(identifier: str, what: str, target: str) -> PostureCheck:
    """Of flow logs of one kind of target."""

    def evaluate(asset: Asset) -> Evaluation:
        if target not in str(known(asset, "target")):
            return not_applicable("This flow log is of something else.")
        if not flag(asset, "enabled", default=None):
            return failed("The log is off.")
        limited = flag(asset, "retention_enabled", default=None)
        days = known(asset, "retention_days")
        if not isinstance(days, int) or isinstance(days, bool):
            return unknown("For how long it is kept has a form that is not known here.")
        # 0 days stand for ever: https://learn.microsoft.com/azure/network-watcher/nsg-flow-logs-overview
        if not limited or days == 0:
            return passed("What it wrote is kept without a limit.")
        return expect(days >= limit(FLOW_LOGS), f"It is kept for {days} days.", f"It is kept for {days} days.")

    return posture_check(
        identifier,
        f"Flow log of {what} is kept for a short time",
        Severity.LOW,
        "network",
        "azure.network.flow_log",
        why="Most break-ins are noticed after months. Then the log of who spoke to whom must still be there.",
        console="Network Watcher, Flow logs, the log, set Retention (days) to 90 or more, or to 0 for ever.",
        command="az network watcher flow-log update --location <region> --name <flow-log> --retention 90",
        references=cite("network-watcher/vnet-flow-logs-overview"),
        expected={"retention_days": f"at least {FLOW_LOGS.default}, or 0"},
        thresholds=(FLOW_LOGS,),
    )(evaluate)


nsg_flows = _flow_retention("azure_flow_log_retention_nsg", "a network security group", "/networksecuritygroups/")
network_flows = _flow_retention("azure_flow_log_retention_network", "a virtual network", "/virtualnetworks/")
CHECKS = (
    rdp_open,
    ssh_open,
    all_ports_open,
    database_open,
    udp_open,
    http_open,
    subnet_without_group,
    ddos,
    nsg_flows,
    network_flows,
)
