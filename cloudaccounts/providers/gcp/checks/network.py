"""Firewalls, networks and zones."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity
from cloudaccounts.provider_kit.posture import (
    Rule,
    expect,
    flag,
    list_of_texts,
    mappings,
    not_applicable,
    passed,
    posture_check,
    text,
    texts,
)
from cloudaccounts.providers.gcp.checks.references import cite

_FIREWALL = "gcp.compute.firewall"
ALL_PORTS = range(65_536)
_ANYWHERE = ("0.0.0.0/0", "::/0")
_TCP = ("tcp", "6", "all")
_RESTRICT = "gcloud compute firewall-rules update <rule> --source-ranges=<your-network>"


def _reason_closed(asset: Asset) -> Evaluation | None:
    """Why a rule lets nobody in from the internet; None where it does."""
    if text(asset, "direction").upper() == "EGRESS":
        return not_applicable("This rule is about what leaves.")
    if flag(asset, "disabled"):
        return not_applicable("This rule is disabled.")
    if not mappings(asset, "allowed"):
        return not_applicable("This rule denies.")
    if not any(source in _ANYWHERE for source in texts(asset, "sourceRanges")):
        return passed("It does not let in the whole internet.")
    return None


def _ports(asset: Asset, protocols: tuple[str, ...]) -> list[range]:
    """What the rule allows of these protocols; without ports it is all of them."""
    ranges: list[range] = []
    for allowed in mappings(asset, "allowed"):
        if str(allowed.get("IPProtocol")).lower() not in protocols:
            continue
        port_texts = list_of_texts(allowed.get("ports"), "allowed.ports")
        if not port_texts:
            ranges.append(ALL_PORTS)
        for ports in port_texts:
            first, _, last = ports.partition("-")
            if all(end.isascii() and end.isdigit() for end in (first, last or first)):
                ranges.append(range(int(first), int(last or first) + 1))
    return ranges


def _open(port: int) -> Rule:
    def evaluate(asset: Asset) -> Evaluation:
        closed = _reason_closed(asset)
        if closed is not None:
            return closed
        opened = any(port in ports for ports in _ports(asset, _TCP))
        return expect(not opened, f"It opens port {port} to the internet.", f"It does not open port {port}.")

    return evaluate


def _administration(port: int, name: str, cis: str) -> PostureCheck:
    return posture_check(
        f"gcp_firewall_{name.lower()}_open",
        f"{name} is open to the internet",
        Severity.HIGH,
        "compute",
        _FIREWALL,
        why=f"Every address on the internet is tried for {name} within minutes. A guessed or leaked credential, or a "
        "new flaw in the service, then is enough to get into the machines that the rule targets.",
        console="VPC network, Firewall, choose the rule, Edit: narrow the source ranges; better, delete it and use "
        "Identity-Aware Proxy (35.235.240.0/20).",
        command=_RESTRICT,
        references=cite("iap/docs/using-tcp-forwarding", cis),
    )(_open(port))


ssh_open = _administration(22, "SSH", "3.6")
rdp_open = _administration(3389, "RDP", "3.7")


@posture_check(
    "gcp_firewall_all_open",
    "Every port is open to the internet",
    Severity.CRITICAL,
    "compute",
    _FIREWALL,
    why="A rule for all ports opens what runs today and whatever will be started tomorrow: databases, agents, "
    "administration.",
    console="VPC network, Firewall, choose the rule, Edit: name the protocols and ports that are meant to be public.",
    command="gcloud compute firewall-rules update <rule> --rules=tcp:443",
    references=cite("firewall/docs/firewalls"),
)
def all_open(asset: Asset) -> Evaluation:
    closed = _reason_closed(asset)
    if closed is not None:
        return closed
    wide = any(len(ports) >= len(ALL_PORTS) - 1 for ports in _ports(asset, ("tcp", "6", "udp", "17", "all")))
    return expect(not wide, "It opens all ports to the internet.", "It opens some ports only.")


@posture_check(
    "gcp_default_network",
    "The default network is in use",
    Severity.MEDIUM,
    "compute",
    "gcp.compute.network",
    why="The network that Google makes automatically has a subnet in every region and rules that open SSH and RDP to "
    "the world. A network of one's own has what is meant.",
    console="VPC network, VPC networks: move what runs in it to a network of your own, then delete default.",
    command="gcloud compute networks delete default",
    references=cite("vpc/docs/vpc#default-network", "3.1"),
)
def default_network(asset: Asset) -> Evaluation:
    return expect(asset.name != "default", "This is the default network.", "This network was made on purpose.")


@posture_check(
    "gcp_legacy_network",
    "Network of the old kind",
    Severity.LOW,
    "compute",
    "gcp.compute.network",
    why="A legacy network is one range for the whole world: no subnets, so no borders between what runs in it.",
    console="VPC network, VPC networks: make a VPC network and move what runs here.",
    command="gcloud compute networks create <name> --subnet-mode=custom",
    references=cite("vpc/docs/legacy", "3.2"),
)
def legacy_network(asset: Asset) -> Evaluation:
    old = bool(text(asset, "IPv4Range"))
    return expect(not old, "It has one range and no subnets.", "It has subnets.")


@posture_check(
    "gcp_subnet_flow_logs",
    "Subnet without flow logs",
    Severity.LOW,
    "compute",
    "gcp.compute.subnetwork",
    why="Flow logs show who talked to whom: without them neither a break-in's way nor a leak's size can be told.",
    console="VPC network, VPC networks, choose the subnet, Edit, set Flow logs to On.",
    command="gcloud compute networks subnets update <subnet> --region=<region> --enable-flow-logs",
    references=cite("vpc/docs/flow-logs", "3.8"),
)
def flow_logs(asset: Asset) -> Evaluation:
    purpose = text(asset, "purpose")
    if purpose not in ("", "PRIVATE", "NONE"):
        return not_applicable("Subnets of load balancers and proxies have no flow logs.")
    # logConfig replaced enableFlowLogs.
    on = flag(asset, "logConfig.enable") or flag(asset, "enableFlowLogs")
    return expect(on, "Flow logs are off.", "Flow logs are on.")


@posture_check(
    "gcp_dns_dnssec",
    "Zone is not signed",
    Severity.MEDIUM,
    "dns",
    "gcp.dns.managed_zone",
    why="Without DNSSEC a resolver cannot tell a forged answer from yours: visitors and mail can be led elsewhere.",
    console="Network services, Cloud DNS, choose the zone, set DNSSEC to On, and add the DS record at your registrar.",
    command="gcloud dns managed-zones update <zone> --dnssec-state=on",
    references=cite("dns/docs/dnssec", "3.3"),
)
def dnssec(asset: Asset) -> Evaluation:
    if text(asset, "visibility").lower() == "private":
        return not_applicable("A private zone cannot be signed.")
    # A zone stays signed while it moves to another operator, in the state transfer.
    on = text(asset, "dnssecConfig.state").lower() in ("on", "transfer")
    return expect(on, "DNSSEC is off.", "DNSSEC is on.")


CHECKS = (ssh_open, rdp_open, all_open, default_network, legacy_network, flow_logs, dnssec)
