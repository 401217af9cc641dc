"""What the internet reaches: network ACLs by their order, instances through all that lies in between."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudaccounts.contract.rules import Verdict
from cloudaccounts.providers.aws.inventory.ec2 import outward, public_addresses
from cloudaccounts.providers.aws.inventory.exposure import leads_outside, versions_of
from tests.cloudaccounts.providers.aws.checks.examples import EVERYTHING_IN, REACHED, entry, judge, rule

PASS, FAIL, OTHER, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE, Verdict.UNKNOWN
ANY = "0.0.0.0/0"


def every(number: int, cidr: str = ANY, action: str = "allow") -> dict[str, Any]:
    return {**entry(number, cidr), "action": action, "protocol": "-1", "from_port": None, "to_port": None}


ACLS: list[tuple[list[dict[str, Any]], Verdict]] = [
    ([], PASS),
    ([every(32767, action="deny")], PASS),
    ([entry(100, "10.0.0.0/8"), every(32767, action="deny")], PASS),
    ([entry(100, ANY, 80, 443)], PASS),
    ([entry(90, ANY, 22, 22, action="deny"), entry(91, ANY, 3389, 3389, action="deny"), entry(100, ANY, 1, 80)], PASS),
    ([entry(100, ANY, 3389, 3389, protocol="1")], PASS),  # ICMP is no Remote Desktop
    ([every(100), every(32767, action="deny")], FAIL),
    ([entry(100, "::/0", 20, 25)], FAIL),
    ([entry(100, "0.0.0.0/1"), entry(101, "128.0.0.0/1")], FAIL),
    ([entry(100, ANY), entry(110, ANY, action="deny")], FAIL),  # the deny comes too late
    ([entry(90, "10.0.0.0/8", action="deny"), entry(100, ANY)], FAIL),  # denies some only
    ([entry(100, ANY, 3389, 3389, protocol="17")], FAIL),
    ([entry(100, ANY, action="consider")], UNKNOWN),
    ([entry(100, "nonsense")], UNKNOWN),
    ([{**entry(100, ANY), "cidr": None}], UNKNOWN),
    ([{**entry(100, ANY), "from_port": None}], UNKNOWN),
    ([{**entry(100, ANY), "number": None}, entry(90, ANY, action="deny")], UNKNOWN),
]


@pytest.mark.parametrize(("ingress", "verdict"), ACLS)
def test_the_first_entry_that_matches_decides(ingress: list[dict[str, Any]], verdict: Verdict) -> None:
    evaluation = judge("aws_ec2_network_acl_open", {"ingress": ingress})
    assert evaluation.verdict == verdict, evaluation.reason


SSH_DENIED = [entry(90, ANY, action="deny"), *EVERYTHING_IN]
HALVES = [rule(22, "0.0.0.0/1", "128.0.0.0/1")]
INSTANCES: list[tuple[dict[str, Any], Verdict]] = [
    ({}, FAIL),
    ({"ingress": HALVES}, FAIL),
    ({"ingress": [rule(22, "::/0")], "acls": [[every(100, "::/0")]]}, FAIL),
    ({"acls": [SSH_DENIED, EVERYTHING_IN]}, FAIL),  # one of its subnets is enough
    ({"ingress": [rule(3306, ANY)]}, FAIL),
    ({"acls": [[entry(90, "10.0.0.0/8", action="deny"), *EVERYTHING_IN]]}, FAIL),
    ({"public_addresses": []}, PASS),
    ({"routed": []}, PASS),
    # Through a firewall's endpoint or an appliance, whose rules are not read.
    ({"routed": ["4?"]}, UNKNOWN),
    ({"routed": ["4?"], "ingress": HALVES}, UNKNOWN),
    ({"routed": ["4", "4?"]}, FAIL),
    ({"routed": ["6?"]}, PASS),
    ({"routed": ["4?"], "ingress": []}, PASS),
    ({"routed": ["4?"], "acls": [[every(32767, action="deny")]]}, PASS),
    ({"routed": ["6"]}, PASS),  # the group lets IPv4 in alone
    ({"public_addresses": ["8.8.4.4"], "ingress": [rule(22, "::/0")], "acls": [[every(1, "::/0")]]}, PASS),
    ({"public_addresses": ["2a05:d018::1"], "routed": ["4"]}, PASS),
    ({"public_addresses": ["8.8.4.4"], "routed": ["4"]}, FAIL),
    ({"ingress": []}, PASS),
    ({"ingress": [rule(22, "198.51.100.0/24")]}, PASS),
    ({"ingress": [rule(443, ANY)]}, PASS),
    ({"acls": [SSH_DENIED]}, PASS),
    ({"acls": [[]]}, PASS),
    ({"ingress": [rule(22, "::/0")]}, PASS),  # the network ACL lets IPv4 in alone
    ({"ingress": HALVES, "acls": [[entry(1, "10.0.0.0/8"), entry(2, "192.0.2.0/24")]]}, PASS),
    ({"state": "terminated"}, OTHER),
    ({"state": "shutting-down"}, OTHER),
    ({"state": None}, UNKNOWN),
    ({"public_addresses": None}, UNKNOWN),
    ({"routed": None}, UNKNOWN),
    ({"ingress": None}, UNKNOWN),
    ({"acls": None}, UNKNOWN),
    ({"acls": [None]}, UNKNOWN),
    ({"acls": []}, UNKNOWN),
    ({"acls": [[entry(1, ANY, action="consider")]]}, UNKNOWN),
    ({"ingress": [{**rule(22), "prefix_lists": ["pl-1"]}], "prefix_list_entries": {"pl-1": None}}, UNKNOWN),
    ({"ingress": [{**rule(22, ANY), "protocol": "carrier pigeon"}]}, UNKNOWN),
    ({"unreadable": {"routed": "permission_denied"}}, UNKNOWN),
]


@pytest.mark.parametrize(("facts", "verdict"), INSTANCES)
def test_address_route_acl_and_group_must_all_let_the_internet_in(facts: dict[str, Any], verdict: Verdict) -> None:
    evaluation = judge("aws_ec2_instance_reachable", REACHED | facts)
    assert evaluation.verdict == verdict, evaluation.reason


def test_the_reason_names_what_is_reached() -> None:
    reason = judge("aws_ec2_instance_reachable", REACHED | {"ingress": [rule(22, ANY), rule(6379, ANY)]}).reason
    assert "SSH, Redis" in reason


ENTRIES = st.builds(
    entry,
    st.integers(1, 200),
    st.sampled_from([ANY, "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "8.0.0.0/7", "::/0"]),
    st.sampled_from([0, 22]),
    st.sampled_from([22, 65_535]),
    action=st.sampled_from(["allow", "deny"]),
    protocol=st.sampled_from(["6", "17"]),
)
SEVERAL = st.lists(ENTRIES, max_size=5, unique_by=lambda item: item["number"])


@settings(deadline=None, max_examples=60)
@given(SEVERAL, st.integers(0, 4))
def test_allowing_more_never_closes_and_denying_more_never_opens(entries: list[dict[str, Any]], place: int) -> None:
    before = judge("aws_ec2_network_acl_open", {"ingress": entries}).verdict
    wider = judge("aws_ec2_network_acl_open", {"ingress": [every(0), *entries]}).verdict
    assert wider == FAIL
    closed = judge("aws_ec2_network_acl_open", {"ingress": [every(0, action="deny"), *entries]})
    assert closed.verdict == PASS or any(item["ipv6_cidr"] for item in entries)
    if before == PASS and entries:
        fewer = [item for number, item in enumerate(entries) if number != place or item["action"] == "deny"]
        assert judge("aws_ec2_network_acl_open", {"ingress": fewer}).verdict == PASS


@settings(deadline=None, max_examples=60)
@given(SEVERAL, st.randoms(use_true_random=False))
def test_the_order_of_the_list_means_nothing_where_entries_have_numbers(
    entries: list[dict[str, Any]], chance: Any
) -> None:
    shuffled = list(entries)
    chance.shuffle(shuffled)
    facts = [REACHED | {"acls": [several]} for several in (entries, shuffled)]
    assert len({judge("aws_ec2_instance_reachable", each).verdict for each in facts}) == 1


V4, V6 = {"DestinationCidrBlock": ANY}, {"DestinationIpv6CidrBlock": "::/0"}


@pytest.mark.parametrize(
    ("route", "versions"),
    [
        ({**V4, "GatewayId": "igw-1", "State": "active"}, {"4"}),
        ({**V6, "GatewayId": "igw-1"}, {"6"}),
        ({"DestinationPrefixListId": "pl-1", "GatewayId": "igw-1"}, {"4"}),
        ({**V4, "GatewayId": "igw-1", "State": "blackhole"}, set()),
        ({"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}, set()),
        ({**V4, "GatewayId": "vgw-1"}, set()),
        ({**V4, "NatGatewayId": "nat-1"}, set()),
        ({**V4, "TransitGatewayId": "tgw-1"}, set()),
        ({**V6, "EgressOnlyInternetGatewayId": "eigw-1"}, set()),
        ({"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1"}, set()),  # S3 or DynamoDB
        ({**V4, "GatewayId": "vpce-1"}, {"4?"}),  # a firewall's endpoint
        ({**V6, "GatewayId": "vpce-1"}, {"6?"}),
        ({**V4, "NetworkInterfaceId": "eni-1", "InstanceId": "i-1"}, {"4?"}),
        ({**V4, "CarrierGatewayId": "cagw-1"}, {"4?"}),
        (V4, {"4?"}),  # a target that is new, or was not told
    ],
)
def test_a_route_leads_outside_by_its_target(route: dict[str, Any], versions: set[str]) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html"""
    assert leads_outside(route) == versions


def test_a_subnet_without_a_table_uses_its_networks_main_one() -> None:
    tables = {"subnet-1": ["6"], "vpc-1": ["4"]}
    assert versions_of(tables, "vpc-1", ["subnet-1"]) == ["6"]
    assert versions_of(tables, "vpc-1", ["subnet-1", "subnet-2"]) == ["4", "6"]
    assert versions_of(tables, "vpc-2", ["subnet-1", "subnet-2"]) is None  # its main table was not listed


def interface(group: str, *, v4: str = "", second: str = "", v6: str = "") -> dict[str, Any]:
    """As DescribeInstances tells it."""
    told: dict[str, Any] = {"SubnetId": "subnet-1", "Groups": [{"GroupId": group}], "PrivateIpAddresses": [{}]}
    told |= {"Association": {"PublicIp": v4}} if v4 else {}
    told["PrivateIpAddresses"] += [{"Association": {"PublicIp": second}}] if second else []
    return told | {"Ipv6Addresses": [{"Ipv6Address": v6}] if v6 else []}


@pytest.mark.parametrize(
    ("told", "addresses", "groups"),
    [
        ({"PublicIpAddress": "8.8.4.4", "NetworkInterfaces": [interface("a", v4="8.8.4.4")]}, ["8.8.4.4"], ["a"]),
        # Groups of an interface without a public address let nobody in from outside.
        ({"NetworkInterfaces": [interface("a", v4="8.8.4.4"), interface("b")]}, ["8.8.4.4"], ["a"]),
        ({"NetworkInterfaces": [interface("a"), interface("b", second="8.8.4.4")]}, ["8.8.4.4"], ["b"]),
        ({"NetworkInterfaces": [interface("a", v6="2a05:d018::1"), interface("b")]}, ["2a05:d018::1"], ["a"]),
        # A private address of IPv6: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-ip-addressing.html
        ({"NetworkInterfaces": [interface("a", v6="fd12:3456::1")]}, [], ["a"]),
        ({"NetworkInterfaces": [interface("a", v6="fd12::1"), interface("b", v4="8.8.4.4")]}, ["8.8.4.4"], ["b"]),
        (
            {"PublicIpAddress": "8.8.4.4", "NetworkInterfaces": [interface("a"), interface("b")]},
            ["8.8.4.4"],
            ["a", "b"],
        ),
        ({}, [], []),
    ],
)
def test_only_interfaces_with_a_public_address_let_the_internet_in(
    told: Any, addresses: list[str], groups: list[str]
) -> None:
    assert public_addresses(told) == addresses
    assert [one["GroupId"] for part in outward(told) for one in part["Groups"]] == groups
