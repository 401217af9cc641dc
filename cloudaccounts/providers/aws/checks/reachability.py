"""What the internet reaches: network ACLs by themselves, and instances through all that lies in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    expect,
    not_applicable,
    optional,
    passed,
    required,
    rows,
)
from cloudaccounts.provider_kit.reach import verdicts
from cloudaccounts.provider_kit.reach.addresses import (
    NOBODY,
    PUBLIC_V4,
    PUBLIC_V6,
    UNKNOWN,
    Addresses,
    Reach,
    network,
    union,
)
from cloudaccounts.provider_kit.reach.rules import Rule, reach
from cloudaccounts.provider_kit.reach.spans import UNCLEAR, PartialSet
from cloudaccounts.provider_kit.reach.traffic import ALL_PORTS, TCP, UDP, port_span
from cloudaccounts.provider_kit.reach.traffic import protocol as protocol_of
from cloudaccounts.providers.aws.checks import ingress, internet_block
from cloudaccounts.providers.aws.checks.results import aws_docs, check, security_hub, texts

_ACL, _INSTANCE = "aws.ec2.network_acl", "aws.ec2.instance"
_GONE = ("terminated", "shutting-down")
_ADMINISTRATION = ((TCP, 22), (TCP, 3389), (UDP, 3389))
# Services that are administered or attacked through their port, and are made for a network of one's own.
SENSITIVE: Mapping[str, tuple[int, int]] = {
    "SSH": (TCP, 22),
    "Remote Desktop": (TCP, 3389),
    "Windows file sharing": (TCP, 445),
    "NetBIOS": (TCP, 139),
    "Telnet": (TCP, 23),
    "WinRM": (TCP, 5985),
    "Docker": (TCP, 2375),
    "Kubernetes' kubelet": (TCP, 10250),
    "SQL Server": (TCP, 1433),
    "Oracle": (TCP, 1521),
    "MySQL": (TCP, 3306),
    "PostgreSQL": (TCP, 5432),
    "Redis": (TCP, 6379),
    "Elasticsearch": (TCP, 9200),
    "Memcached": (TCP, 11211),
    "MongoDB": (TCP, 27017),
}


def entries(given: Sequence[Mapping[str, Any]]) -> list[Rule]:
    """Of a network ACL: the first entry that matches decides, by its number.

    https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
    """
    return [
        Rule(
            name=f"entry {entry.get('number')}",
            allows={"allow": True, "deny": False}.get(str(entry.get("action"))),
            sources=_sources(entry),
            protocols=(protocols := protocol_of(entry.get("protocol"), everything="-1")),
            ports=_ports(entry, protocols),
            priority=number if isinstance(number := entry.get("number"), int) else None,
        )
        for entry in given
    ]


def _sources(entry: Mapping[str, Any]) -> Addresses:
    cidrs = [cidr for cidr in (entry.get("cidr"), entry.get("ipv6_cidr")) if cidr is not None]
    return union(map(network, cidrs)) if cidrs else UNKNOWN


def _ports(entry: Mapping[str, Any], protocols: PartialSet) -> PartialSet:
    """TCP and UDP have a range; the other protocols, and all of them together, mean every port."""
    if protocols.unclear:
        return UNCLEAR
    has_ports = protocols.sure.size == 1 and (protocols.surely_has(TCP) or protocols.surely_has(UDP))
    return port_span(entry.get("from_port"), entry.get("to_port")) if has_ports else PartialSet(ALL_PORTS)


def _acl(asset: Asset) -> Evaluation:
    own = entries(rows(asset, "ingress"))
    opened = any(reach(own, *place, deny_wins=True).reach is not Reach.CLOSED for place in _ADMINISTRATION)
    given = [*(internet_block.above(asset) if opened else ()), *own]
    results = [reach(given, protocol, port, deny_wins=True) for protocol, port in _ADMINISTRATION]
    reached = next((way for way in (Reach.OPEN, Reach.UNCLEAR) if any(result.reach == way for result in results)), None)
    names = dict.fromkeys(name for result in results if result.reach == reached for name in result.names)
    return verdicts.evaluation(
        reached or Reach.CLOSED,
        f"SSH or Remote Desktop is let in from the whole internet{verdicts.by(names)}.",
        internet_block.KEPT_OUT
        if len(given) > len(own)
        else "Neither SSH nor Remote Desktop is let in from the internet.",
        internet_block.why_unknown(asset)
        if internet_block.blocked(asset) is None
        else "An entry has a form that is not known here.",
    )


def _cifs(asset: Asset) -> Evaluation:
    return ingress.evaluation(
        asset,
        ingress.is_open(asset, (TCP, 445), (TCP, 139)),
        "Windows file sharing (port 445 or 139) is open to the whole internet.",
        "Windows file sharing is not open to the internet.",
    )


def _reachable(asset: Asset) -> Evaluation:
    """A public address, a route, the subnets' network ACLs and the security groups must all let the internet in.

    VPC Block Public Access, which stands above them, must not keep it out.
    """
    if required(asset, "state", str) in _GONE:
        return not_applicable("The instance is being ended.")
    addresses = texts(required(asset, "public_addresses", list))
    if not addresses:
        return passed("The instance has no public address.")
    routed = texts(required(asset, "routed", list))
    of_addresses = {"6" if ":" in address else "4" for address in addresses}
    sure = of_addresses & set(routed)
    # By an appliance on the way, such as a firewall's endpoint: whether it lets anything in is not known here.
    versions = sure | {version for version in of_addresses if f"{version}?" in routed}
    if not versions:
        return passed("No route of its subnet leads to the internet.")
    by_service = {name: _through(asset, versions, *place) for name, place in SENSITIVE.items()}
    names = [name for name, place in SENSITIVE.items() if sure and _through(asset, sure, *place) is Reach.OPEN]
    may_come_in = names or any(reached is not Reach.CLOSED for reached in by_service.values())
    kept_out = internet_block.blocked(asset) if may_come_in else False
    if kept_out:
        return passed(internet_block.KEPT_OUT)
    if may_come_in and not names and versions != sure:
        raise UnknownFactError("A route leads through a firewall or another appliance, whose rules are not read.")
    if may_come_in and not names:
        raise UnknownFactError("A rule on the way has a form that is not known here, or was not read.")
    if kept_out is None:
        raise UnknownFactError(internet_block.why_unknown(asset))
    return expect(
        not names,
        f"The internet reaches it for {', '.join(names)}: address, route, network ACL and security group let it.",
        "The internet reaches no service that is administered or attacked through its port.",
    )


def _through(asset: Asset, versions: set[str], protocol: int, port: int) -> Reach:
    groups = [rule for rule in ingress.rules(asset) if _concerns(rule, protocol, port)]
    let_in = union(
        rule.sources if rule.protocols.surely_has(protocol) and rule.ports.surely_has(port) else UNKNOWN
        for rule in groups
    )
    # An address of IPv6 does not help where only IPv4 is routed, and the other way round.
    let_in = Addresses(
        let_in.v4 if "4" in versions else NOBODY.v4, let_in.v6 if "6" in versions else NOBODY.v6, let_in.unclear
    )
    if let_in == NOBODY:
        return Reach.CLOSED
    acls = required(asset, "acls", list)
    # One interface in one subnet is enough to be reached.
    return max(
        (_meet(let_in, _allowed(acl, protocol, port)) for acl in acls),
        key=(Reach.CLOSED, Reach.UNCLEAR, Reach.OPEN).index,
        default=Reach.UNCLEAR,
    )


def _concerns(rule: Rule, protocol: int, port: int) -> bool:
    return rule.protocols.may_have(protocol) and rule.ports.may_have(port)


def _allowed(acl: Any, protocol: int, port: int) -> Addresses:
    """From where a network ACL lets packets to the port in."""
    if not isinstance(acl, list) or not all(isinstance(entry, Mapping) for entry in acl):
        return UNKNOWN
    left_v4, left_v6, allowed = PUBLIC_V4, PUBLIC_V6, NOBODY
    for rule in sorted(entries(acl), key=lambda rule: rule.priority or 0):
        if not _concerns(rule, protocol, port):
            continue
        sure = rule.protocols.surely_has(protocol) and rule.ports.surely_has(port) and rule.priority is not None
        # What comes behind an entry that is not understood cannot be told, so the walk ends here.
        if not sure or rule.allows is None or rule.sources.unclear:
            return allowed | UNKNOWN
        if rule.allows:
            allowed |= Addresses(rule.sources.v4 & left_v4, rule.sources.v6 & left_v6)
        # Decided for these sources, whichever way: no later entry concerns them.
        left_v4, left_v6 = left_v4 - rule.sources.v4, left_v6 - rule.sources.v6
    return allowed


def _meet(groups: Addresses, acl: Addresses) -> Reach:
    sure = Addresses(groups.v4 & acl.v4, groups.v6 & acl.v6)
    if sure.reach is Reach.OPEN:
        return Reach.OPEN
    widest = Addresses(
        _widest(groups.v4, groups.unclear, PUBLIC_V4) & _widest(acl.v4, acl.unclear, PUBLIC_V4),
        _widest(groups.v6, groups.unclear, PUBLIC_V6) & _widest(acl.v6, acl.unclear, PUBLIC_V6),
    )
    return Reach.UNCLEAR if widest.reach is Reach.OPEN else Reach.CLOSED


def _widest(known: Any, unclear: bool, everything: Any) -> Any:
    return everything if unclear else known


def _profile(asset: Asset) -> Evaluation:
    if required(asset, "state", str) in _GONE:
        return not_applicable("The instance is being ended.")
    return expect(
        bool(optional(asset, "instance_profile", str)),
        "The instance has no role: what it asks of AWS, it asks with keys that somebody keeps on it, if at all.",
        "The instance has a role.",
    )


CHECKS = (
    check(
        "ec2_network_acl_open",
        "Network ACL lets the internet in for administration",
        Severity.MEDIUM,
        _ACL,
        _acl,
        why="A network ACL holds for all that is in its subnets, whatever their security groups allow tomorrow.",
        console="VPC, Network ACLs, the ACL, Inbound rules, Edit: deny 22 and 3389 from everywhere, before what allows "
        "them, or allow named addresses only.",
        command="aws ec2 create-network-acl-entry --network-acl-id <id> --ingress --rule-number 1 --protocol tcp "
        "--port-range From=22,To=22 --cidr-block 0.0.0.0/0 --rule-action deny",
        references=(security_hub("EC2.21"),),
    ),
    check(
        "ec2_cifs_open",
        "Windows file sharing is open to the internet",
        Severity.HIGH,
        "aws.ec2.security_group",
        _cifs,
        why="Worms have spread through it, and files lie behind it: it belongs in a network of one's own.",
        console="EC2, Security Groups, the group, Edit inbound rules: name the addresses that need it.",
        command="aws ec2 revoke-security-group-ingress --group-id <group> --protocol tcp --port 445 --cidr 0.0.0.0/0",
        references=(
            aws_docs(
                "Security group rules", "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"
            ),
        ),
    ),
    check(
        "ec2_instance_reachable",
        "The internet reaches an instance for administration or data",
        Severity.HIGH,
        _INSTANCE,
        _reachable,
        why="Here it is not only a rule that is open: an address, a route and all filters on the way let the internet "
        "through to this machine.",
        console="EC2, Instances, the instance, Security and Networking: narrow the security group, or move it "
        "to a subnet without a public address and use Session Manager.",
        command="aws ec2 modify-instance-attribute --instance-id <instance> --groups <group>",
        references=(
            aws_docs("Internet gateways", "https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html"),
            aws_docs("Network ACLs", "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html"),
        ),
    ),
    check(
        "ec2_instance_role",
        "Instance has no role",
        Severity.LOW,
        _INSTANCE,
        _profile,
        why="AWS changes a role's keys every few hours; keys in files stay, and are copied with the disk.",
        console="EC2, Instances, the instance, Actions, Security, Modify IAM role.",
        command="aws ec2 associate-iam-instance-profile --instance-id <instance> --iam-instance-profile Name=<role>",
        references=(
            aws_docs(
                "IAM roles for EC2",
                "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html",
            ),
        ),
    ),
)
