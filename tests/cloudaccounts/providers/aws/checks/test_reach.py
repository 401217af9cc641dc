"""What the internet reaches in AWS: rules of security groups as the API tells them, clusters, and conditions."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.contract.rules import Evaluation, Verdict
from cloudaccounts.providers.aws.checks import CHECKS
from cloudaccounts.providers.aws.inventory import open_session
from cloudaccounts.providers.aws.inventory import rules as rules_of_vpc
from tests.cloudaccounts.provider_kit.reach.strategies import on_any_machine
from tests.cloudaccounts.providers.aws.conftest import Cloud, make_target

BY_ID = {check.id: check for check in CHECKS}
SHAPE = botocore.session.get_session().get_service_model("ec2").shape_for("SecurityGroup")
P, F, N, U = Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE, Verdict.UNKNOWN
RANK = [P, U, F]
ALL = "0.0.0.0/0"
HALVES = ("0.0.0.0/1", "128.0.0.0/1")
GROUP_RULES = ("aws_ec2_ssh_open", "aws_ec2_rdp_open", "aws_ec2_all_ports_open", "aws_ec2_database_ports_open")


def permission(first: int | None, last: int | None = None, *cidrs: str, protocol: str = "tcp", **more: Any) -> Any:
    """As DescribeSecurityGroups tells it: ports are left out for all protocols."""
    told: dict[str, Any] = {"IpProtocol": protocol, "UserIdGroupPairs": [{"GroupId": "sg-1"}], "PrefixListIds": []}
    told["IpRanges"] = [{"CidrIp": one} for one in cidrs if ":" not in one]
    told["Ipv6Ranges"] = [{"CidrIpv6": one} for one in cidrs if ":" in one]
    return told | ({} if first is None else {"FromPort": first, "ToPort": first if last is None else last}) | more


def group(*permissions: Any, **entries: Any) -> dict[str, Any]:
    report = ParamValidator().validate({"IpPermissions": [*permissions]}, SHAPE)
    assert not report.has_errors(), report.generate_report()
    named = {name.replace("_", "-"): value for name, value in entries.items()}
    return {"ingress": rules_of_vpc.group_rules(permissions), **({"prefix_list_entries": named} if named else {})}


def judge(identifier: str, properties: dict[str, Any]) -> Evaluation:
    check = BY_ID[identifier]
    return check.evaluate(Asset(check.asset_type, check.service, "eu-west-1", "arn:aws:x::1:y", "y", {}, properties))


def lists(*names: str) -> dict[str, Any]:
    return {"PrefixListIds": [{"PrefixListId": name} for name in names]}


SSH, RDP = permission(22, 22, ALL), permission(3389, 3389, ALL)
ODD_PORTS = {"protocol": "tcp", "from_port": "22", "to_port": 22, "cidrs": [ALL], "ipv6_cidrs": []}
CLUSTER = {"public_endpoint": True}
EIGHTHS = tuple(f"{32 * number}.0.0.0/3" for number in range(8))
MOST = tuple(str(one) for one in IPv4Network(ALL).address_exclude(IPv4Network("198.51.100.7/32")))

CASES: list[tuple[str, Verdict, dict[str, Any]]] = [
    ("aws_ec2_ssh_open", P, group()),
    ("aws_ec2_ssh_open", P, group(permission(22, 22, "10.0.0.0/8", "203.0.113.0/24", "fd00::/8"))),
    ("aws_ec2_ssh_open", P, group(RDP)),
    ("aws_ec2_ssh_open", P, group(permission(22, 22, ALL, protocol="udp"))),
    ("aws_ec2_ssh_open", P, group(permission(-1, -1, ALL, protocol="icmp"))),
    ("aws_ec2_ssh_open", P, group(permission(None, None, ALL, protocol="50"))),
    ("aws_ec2_ssh_open", P, group(permission(22, UserIdGroupPairs=[{"GroupId": "sg-1", "UserId": "1"}]))),
    ("aws_ec2_ssh_open", P, group(permission(22, **lists("pl-1")), pl_1=["203.0.113.0/24"])),
    ("aws_ec2_ssh_open", P, group(permission(443, **lists("pl-1")), pl_1=None)),
    ("aws_ec2_ssh_open", F, group(SSH)),
    ("aws_ec2_ssh_open", F, group(permission(22, 22, *HALVES))),
    ("aws_ec2_ssh_open", F, group(permission(22, 22, HALVES[0]), permission(20, 30, HALVES[1]))),
    ("aws_ec2_ssh_open", F, group(permission(22, 22, HALVES[0]))),
    ("aws_ec2_ssh_open", F, group(permission(22, 22, *EIGHTHS))),
    ("aws_ec2_ssh_open", F, group(permission(22, 22, *MOST))),
    ("aws_ec2_ssh_open", F, group(permission(22, 22, "::/0"))),
    ("aws_ec2_ssh_open", F, group(permission(22, 22, "2000::/3"))),
    ("aws_ec2_ssh_open", F, group(permission(None, None, ALL, protocol="-1"))),
    ("aws_ec2_ssh_open", F, group(permission(0, 65_535, ALL, protocol="6"))),
    ("aws_ec2_ssh_open", F, group(permission(22, **lists("pl-1")), pl_1=[*HALVES])),
    ("aws_ec2_ssh_open", F, group(permission(22, 22, HALVES[0], **lists("pl-1")), pl_1=None)),
    ("aws_ec2_ssh_open", U, group(permission(22, **lists("pl-1")))),
    ("aws_ec2_ssh_open", U, group(permission(22, **lists("pl-1", "pl-2")), pl_1=["10.0.0.0/8"], pl_2=None)),
    ("aws_ec2_ssh_open", U, group(permission(22, **lists("pl-1")), pl_1=["everywhere"])),
    ("aws_ec2_ssh_open", U, group(permission(22, 22, ALL, protocol="quic"))),
    ("aws_ec2_ssh_open", F, group(permission(22, 22, ALL, UserIdGroupPairs=[]))),
    # Every rule has a source: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    ("aws_ec2_ssh_open", U, group(permission(22, UserIdGroupPairs=[]))),
    ("aws_ec2_ssh_open", P, group(permission(443, UserIdGroupPairs=[]))),
    ("aws_ec2_ssh_open", U, group({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22})),
    ("aws_ec2_ssh_open", U, group({"IpRanges": [{"CidrIp": ALL}]})),
    ("aws_ec2_ssh_open", U, group(permission(22, IpRanges=[{"Description": "office"}]))),
    ("aws_ec2_ssh_open", U, {"ingress": None}),
    ("aws_ec2_ssh_open", U, {"ingress": [ODD_PORTS]}),
    ("aws_ec2_ssh_open", U, {"ingress": [{**ODD_PORTS, "from_port": None, "to_port": None}]}),
    ("aws_ec2_ssh_open", U, {"ingress": [{"protocol": "tcp", "from_port": 22, "to_port": 22}]}),
    ("aws_ec2_ssh_open", U, {}),
    ("aws_ec2_rdp_open", P, group(SSH)),
    ("aws_ec2_rdp_open", P, group(permission(3389, 3389, "192.168.0.0/16"))),
    ("aws_ec2_rdp_open", P, group(permission(3390, 65_535, ALL), permission(0, 3388, ALL))),
    ("aws_ec2_rdp_open", F, group(RDP)),
    ("aws_ec2_rdp_open", F, group(permission(3389, 3389, ALL, protocol="udp"))),
    ("aws_ec2_rdp_open", F, group(permission(3000, 4000, *HALVES, protocol="17"))),
    ("aws_ec2_rdp_open", U, group(permission(3389, **lists("pl-1")))),
    ("aws_ec2_all_ports_open", P, group(permission(0, 1024, ALL))),
    ("aws_ec2_all_ports_open", P, group(permission(0, 65_535, "10.0.0.0/8"))),
    ("aws_ec2_all_ports_open", P, group(permission(0, 40_000, ALL), permission(40_001, 65_535, ALL, protocol="udp"))),
    ("aws_ec2_all_ports_open", F, group(permission(0, 65_535, ALL))),
    ("aws_ec2_all_ports_open", F, group(permission(1, 65_535, *HALVES))),
    ("aws_ec2_all_ports_open", F, group(permission(0, 30_000, ALL), permission(30_001, 65_535, ALL))),
    ("aws_ec2_all_ports_open", F, group(permission(0, 65_535, ALL, protocol="udp"))),
    ("aws_ec2_all_ports_open", F, group(permission(None, None, *HALVES, protocol="-1"))),
    ("aws_ec2_all_ports_open", U, group(permission(0, 65_535, **lists("pl-1")))),
    ("aws_ec2_database_ports_open", P, group(permission(443, 443, ALL))),
    ("aws_ec2_database_ports_open", P, group(permission(5432, 5432, "172.16.0.0/12"))),
    ("aws_ec2_database_ports_open", P, group(permission(5432, 5432, ALL, protocol="udp"))),
    ("aws_ec2_database_ports_open", F, group(permission(3306, 3306, *HALVES))),
    ("aws_ec2_database_ports_open", F, group(permission(11_211, 11_211, ALL, protocol="udp"))),
    ("aws_ec2_database_ports_open", F, group(permission(27_000, 28_000, "::/1", "8000::/1"))),
    ("aws_ec2_database_ports_open", U, group(permission(6379, **lists("pl-1")))),
    ("aws_eks_endpoint_public", P, {"public_endpoint": False, "public_cidrs": [ALL]}),
    ("aws_eks_endpoint_public", P, CLUSTER | {"public_cidrs": ["203.0.113.0/24", "198.51.100.7/32"]}),
    ("aws_eks_endpoint_public", P, CLUSTER | {"public_cidrs": ["2001:db8::/32"]}),
    ("aws_eks_endpoint_public", F, CLUSTER | {"public_cidrs": [ALL]}),
    ("aws_eks_endpoint_public", F, CLUSTER | {"public_cidrs": ["203.0.113.0/24", *HALVES]}),
    ("aws_eks_endpoint_public", F, CLUSTER | {"public_cidrs": ["::/0"]}),
    ("aws_eks_endpoint_public", U, CLUSTER | {"public_cidrs": []}),
    ("aws_eks_endpoint_public", U, CLUSTER | {"public_cidrs": ["corp"]}),
    ("aws_eks_endpoint_public", U, CLUSTER | {"public_cidrs": [None]}),
    ("aws_eks_endpoint_public", U, CLUSTER),
]


@pytest.mark.parametrize(("identifier", "verdict", "properties"), CASES)
def test_reach_is_judged_by_the_set_of_addresses(identifier: str, verdict: Verdict, properties: dict[str, Any]) -> None:
    result = judge(identifier, properties)
    assert result.verdict == verdict, result.reason
    assert result.reason.endswith(".")


def test_an_unread_prefix_list_is_named_with_the_reason() -> None:
    told = group(permission(22, **lists("pl-1")), pl_1=None) | {"unreadable": {"prefix_list_entries": "access_denied"}}
    result = judge("aws_ec2_ssh_open", told)
    assert (result.verdict, result.reason) == (U, "The entries of pl-1 could not be read: access denied.")


@pytest.mark.parametrize(
    ("addresses", "verdict"),
    [
        ("203.0.113.0/24", P),
        (["10.0.0.0/8", "198.51.100.7"], P),
        ("2001:db8::/32", P),
        (ALL, F),
        ([*HALVES], F),
        (["::/0"], F),
        ("*", F),
        ("corp", U),
        (["203.0.113.0/24", "everywhere"], U),
    ],
)
def test_a_condition_on_addresses_narrows_by_which_they_are(addresses: Any, verdict: Verdict) -> None:
    condition = {"IpAddress": {"aws:SourceIp": addresses}}
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*", "Condition": condition}
    assert judge("aws_sqs_queue_public", {"policy": {"Statement": [statement]}}).verdict == verdict


# Properties ----------------------------------------------------------------------------------------------------------

sources = st.sampled_from(
    [ALL, *HALVES, "8.0.0.0/9", "8.128.0.0/9", "10.0.0.0/8", "203.0.113.7/32", "::/0", "2a00::/12"]
)
made = st.builds(
    lambda cidrs, first, width, protocol, named: permission(
        first, min(first + width, 65_535), *cidrs, protocol=protocol, **lists(*named)
    ),
    st.lists(sources, max_size=3),
    st.sampled_from([0, 22, 3000, 3389, 5432]),
    st.sampled_from([0, 400, 65_535]),
    st.sampled_from(["tcp", "udp", "icmp", "-1", "new"]),
    st.lists(st.sampled_from(["pl-1", "pl-2"]), max_size=1),
)
ENTRIES = {"pl_1": ["8.0.0.0/7"], "pl_2": None}


def rank(identifier: str, permissions: list[Any]) -> int:
    return RANK.index(judge(identifier, group(*permissions, **ENTRIES)).verdict)


def in_halves(told: Any) -> Any:
    split = [half for one in told["IpRanges"] for half in _halves(one["CidrIp"])]
    return told | {"IpRanges": [{"CidrIp": one} for one in split]}


def _halves(cidr: str) -> list[str]:
    found = IPv4Network(cidr)
    return [cidr] if found.prefixlen == 32 else [str(one) for one in found.subnets()]


@on_any_machine
@given(st.sampled_from(GROUP_RULES), st.lists(made, max_size=4), made)
def test_one_more_rule_never_makes_it_better(identifier: str, permissions: list[Any], more: Any) -> None:
    assert rank(identifier, [*permissions, more]) >= rank(identifier, permissions)


@on_any_machine
@given(st.sampled_from(GROUP_RULES), st.lists(made, max_size=4))
def test_neither_order_nor_prefixes_change_a_verdict(identifier: str, permissions: list[Any]) -> None:
    expected = rank(identifier, permissions)
    assert rank(identifier, permissions[::-1]) == expected
    assert rank(identifier, [in_halves(in_halves(one)) for one in permissions]) == expected
    alone = [one | {"IpRanges": [source], "PrefixListIds": []} for one in permissions for source in one["IpRanges"]]
    others = [one | {"IpRanges": []} for one in permissions]
    assert rank(identifier, [*others, *alone]) == expected


@on_any_machine
@given(st.sampled_from(GROUP_RULES), st.lists(made, max_size=4), st.integers(0, 3))
def test_what_is_forgotten_never_becomes_a_pass(identifier: str, permissions: list[Any], at: int) -> None:
    known = group(*permissions, **ENTRIES)
    before = judge(identifier, known).verdict
    for name in ("protocol", "from_port", "to_port", "cidrs", "ipv6_cidrs"):
        odd = [{**row, name: ["odd"]} if index == at else row for index, row in enumerate(known["ingress"])]
        after = judge(identifier, known | {"ingress": odd}).verdict
        assert after == before or before == P or after != P, name


# On the wire ---------------------------------------------------------------------------------------------------------


def ssh_of_operators(cloud: Cloud) -> Evaluation:
    """Their group names one prefix list, of two offices."""
    session = open_session(cloud.scenario("Everything granted"), make_target(account_id="111122223333"))
    groups = [
        asset
        for asset in session.collect(ScanUnit("vpc", "us-east-1"))
        if asset.properties.get("group_name") in ("operators", "bastion")
    ]
    session.close()
    by_name = {asset.name: BY_ID["aws_ec2_ssh_open"].evaluate(asset) for asset in groups}
    assert by_name["bastion"].verdict == F
    return by_name["operators"]


def test_prefix_lists_are_read_and_a_denied_one_costs_its_groups_only(cloud: Cloud) -> None:
    assert ssh_of_operators(cloud).verdict == P
    assert len(cloud.calls("GetManagedPrefixListEntries")) == 1
    cloud.control.fault("deny", permission="ec2:GetManagedPrefixListEntries")
    denied = ssh_of_operators(cloud)
    assert denied.verdict == U
    assert denied.reason.endswith("could not be read: permission denied.")
