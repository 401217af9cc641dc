"""Networks: which ports security groups open to the internet, and whether traffic is recorded."""

from __future__ import annotations

from collections.abc import Callable

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    expect,
    failed,
    not_applicable,
    passed,
    required,
    rows,
)
from cloudaccounts.provider_kit.reach.addresses import Reach
from cloudaccounts.provider_kit.reach.traffic import TCP, UDP
from cloudaccounts.providers.aws.checks import ingress
from cloudaccounts.providers.aws.checks.results import aws_docs, check, security_hub

_GROUP, _VPC = "aws.ec2.security_group", "aws.ec2.vpc"
_DATABASES = {
    "SQL Server": (TCP, 1433),
    "Oracle": (TCP, 1521),
    "MySQL": (TCP, 3306),
    "PostgreSQL": (TCP, 5432),
    "Redshift": (TCP, 5439),
    "Redis": (TCP, 6379),
    "Elasticsearch": (TCP, 9200),
    "Memcached": (TCP, 11211),
    "Memcached by UDP": (UDP, 11211),
    "MongoDB": (TCP, 27017),
}
_GROUPS_GUIDE = aws_docs(
    "Security group rules", "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"
)


def _closed(port: int, name: str, *protocols: int) -> Callable[[Asset], Evaluation]:
    def rule(asset: Asset) -> Evaluation:
        return ingress.evaluation(
            asset,
            ingress.is_open(asset, *((protocol, port) for protocol in protocols)),
            f"{name} (port {port}) is open to the whole internet.",
            f"{name} is not open to the internet.",
        )

    return rule


def _all_ports(asset: Asset) -> Evaluation:
    reached = ingress.every_port_is_open(asset)
    return ingress.evaluation(asset, reached, "Every port is open to the whole internet.", "Not all ports are open.")


def _databases(asset: Asset) -> Evaluation:
    # All of them, so that the reason names each: who closes one port should see the others at once.
    by_database = {name: ingress.is_open(asset, place) for name, place in _DATABASES.items()}
    names = [name for name, reach in by_database.items() if reach == Reach.OPEN]
    return ingress.evaluation(
        asset,
        Reach.OPEN if names else Reach.UNCLEAR if Reach.UNCLEAR in by_database.values() else Reach.CLOSED,
        f"Open to the whole internet: {', '.join(names)}.",
        "No database port is open to the internet.",
    )


def _default_group(asset: Asset) -> Evaluation:
    if required(asset, "group_name", str) != "default":
        return not_applicable("This is not a VPC's default security group.")
    if not rows(asset, "ingress") and not rows(asset, "egress"):
        return passed("The default group lets nothing through.")
    return expect(False, "The default group lets traffic through: whatever is started without a group gets that.", "")


def _flow_logs(asset: Asset) -> Evaluation:
    """Rejected packets at least, by a log that arrives where it is sent."""
    logs = [
        tuple(log.get(name) for name in ("traffic", "status", "delivery"))
        for log in rows(asset, "flow_logs")
        if log.get("status") in ("ACTIVE", None)
    ]
    whole = [log for log in logs if log[0] in ("ALL", "REJECT")]
    if any(log[1:] == ("ACTIVE", "SUCCESS") for log in whole):
        return passed("Flow logs record rejected traffic.")
    # What may be good, and is not known to be: a state or kind that was not told, or is new.
    if any(kind not in ("ACCEPT",) and delivery != "FAILED" for kind, _, delivery in logs):
        raise UnknownFactError("Whether a flow log records rejected traffic, and delivers it, was not told.")
    if whole:
        return failed("The flow log's records do not arrive: their delivery fails.")
    return failed("Only accepted traffic is recorded." if logs else "No flow log records this network's traffic.")


_CLOSE = (
    "EC2, Security Groups, the group, Edit inbound rules: name the addresses that need it, or use Session Manager and "
    "delete the rule."
)
_REVOKE = "aws ec2 revoke-security-group-ingress --group-id <group> --protocol tcp --port {} --cidr 0.0.0.0/0"

CHECKS = (
    check(
        "ec2_ssh_open",
        "SSH is open to the internet",
        Severity.HIGH,
        _GROUP,
        _closed(22, "SSH", TCP),
        why="Open SSH is tried by bots day and night; one weak or leaked key is enough.",
        console=_CLOSE,
        command=_REVOKE.format(22),
        references=(_GROUPS_GUIDE,),
    ),
    check(
        "ec2_rdp_open",
        "Remote Desktop is open to the internet",
        Severity.HIGH,
        _GROUP,
        _closed(3389, "Remote Desktop", TCP, UDP),
        why="Open Remote Desktop is the way in of most extortion attacks.",
        console=_CLOSE,
        command=_REVOKE.format(3389),
        references=(_GROUPS_GUIDE,),
    ),
    check(
        "ec2_all_ports_open",
        "Every port is open to the internet",
        Severity.CRITICAL,
        _GROUP,
        _all_ports,
        why="Then every service on the machine is public, also those that nobody thought of.",
        console=_CLOSE,
        command="aws ec2 revoke-security-group-ingress --group-id <group> --ip-permissions "
        "'IpProtocol=-1,IpRanges=[{CidrIp=0.0.0.0/0}]'",
        references=(_GROUPS_GUIDE,),
    ),
    check(
        "ec2_database_ports_open",
        "A database's port is open to the internet",
        Severity.HIGH,
        _GROUP,
        _databases,
        why="Databases are made for the servers beside them; many let everybody in who reaches the port.",
        console="EC2, Security Groups, the group, Edit inbound rules: name the security group of the application "
        "instead.",
        command=_REVOKE.format("<port>"),
        references=(_GROUPS_GUIDE,),
    ),
    check(
        "ec2_default_security_group",
        "Default security group lets traffic through",
        Severity.MEDIUM,
        _GROUP,
        _default_group,
        why="What is started without thought gets the default group, so that must be the strictest one.",
        console="EC2, Security Groups, the group named default: delete all inbound and outbound rules.",
        command="aws ec2 revoke-security-group-ingress --group-id <group> --security-group-rule-ids <rule>; aws ec2 "
        "revoke-security-group-egress --group-id <group> --security-group-rule-ids <rule>",
        references=(security_hub("EC2.2"),),
    ),
    check(
        "ec2_vpc_flow_logs",
        "Network does not record its traffic",
        Severity.MEDIUM,
        _VPC,
        _flow_logs,
        why="Flow logs show who tried what, and what left the network after a break-in.",
        console="VPC, Your VPCs, the VPC, Flow logs, Create flow log: filter Reject or All.",
        command="aws ec2 create-flow-logs --resource-type VPC --resource-ids <vpc> --traffic-type REJECT "
        "--log-destination-type s3 --log-destination <bucket arn>",
        references=(security_hub("EC2.6"),),
    ),
)
