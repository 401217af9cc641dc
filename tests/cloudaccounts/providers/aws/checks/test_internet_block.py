"""VPC Block Public Access: what stands above groups, access lists and routes, with its exclusions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.contract.inventory import UNREADABLE, ScanUnit
from cloudaccounts.contract.rules import Verdict
from cloudaccounts.providers.aws.inventory import open_session
from cloudaccounts.providers.aws.inventory.common import Properties, Scope
from cloudaccounts.providers.aws.inventory.internet_block import NAME, InternetBlock
from tests.cloudaccounts.provider_kit.reach.strategies import on_any_machine
from tests.cloudaccounts.providers.aws.checks.examples import EVERYTHING_IN, REACHED, judge, rule
from tests.cloudaccounts.providers.aws.conftest import Cloud, make_target

MODEL = botocore.session.get_session().get_service_model("ec2")
P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
ANY = "0.0.0.0/0"
OPEN: dict[str, dict[str, Any]] = {
    "aws_ec2_ssh_open": {"ingress": [rule(22, ANY)]},
    "aws_ec2_rdp_open": {"ingress": [rule(3389, "::/0")]},
    "aws_ec2_cifs_open": {"ingress": [rule(445, ANY)]},
    "aws_ec2_database_ports_open": {"ingress": [rule(5432, ANY)]},
    "aws_ec2_all_ports_open": {"ingress": [{**rule(0, ANY), "to_port": 65_535}]},
    "aws_ec2_network_acl_open": {"ingress": EVERYTHING_IN},
    "aws_ec2_instance_reachable": REACHED,
}
CLOSED: dict[str, dict[str, Any]] = {
    **{name: {"ingress": [rule(443, "10.0.0.0/8")]} for name in OPEN},
    "aws_ec2_network_acl_open": {"ingress": []},
    "aws_ec2_instance_reachable": REACHED | {"ingress": []},
}


def block(mode: Any = "block-ingress", state: Any = "update-complete", *exclusions: Any) -> dict[str, Any]:
    return {"mode": mode, "state": state, "managed_by": "account", "exclusions": [*exclusions]}


def but(mode: Any = "allow-bidirectional", state: Any = "create-complete", of: str = "vpc-1") -> dict[str, Any]:
    return {"of": of, "mode": mode, "state": state}


CASES: list[tuple[Any, Verdict]] = [
    (block("off", "default-state"), F),
    (block("off", "update-complete"), F),
    ({"mode": "off", "exclusions": []}, F),
    (block("block-ingress"), P),
    (block("block-bidirectional"), P),
    (block("block-bidirectional", "default-state"), P),
    (block("block-ingress", "update-in-progress"), U),
    (block("off", "update-in-progress"), U),
    (block("block-ingress", None), U),
    (block("block-everything"), U),
    (block(None), U),
    ({"mode": None}, U),
    (None, U),
    ("block-ingress", U),
    (block("block-ingress", "update-complete", but()), F),
    (block("block-ingress", "update-complete", but(state="update-complete")), F),
    (block("block-bidirectional", "update-complete", but("allow-egress")), P),
    (block("block-bidirectional", "update-complete", but("allow-egress"), but(of="subnet-1")), F),
    *((block("block-ingress", "update-complete", but(state=each)), P) for each in ("create-failed", "delete-complete")),
    (block("block-ingress", "update-complete", but(state="disable-complete")), P),
    *(
        (block("block-ingress", "update-complete", but(state=each)), U)
        for each in ("create-in-progress", "update-in-progress", "update-failed", "delete-in-progress", "new", None)
    ),
    (block("block-ingress", "update-complete", but("allow-some")), U),
    (block("block-ingress", "update-complete", but(of="")), U),
    (block("block-ingress", "update-complete", "vpc-1"), U),
    ({**block(), "exclusions": None}, U),
]


@pytest.mark.parametrize("identifier", OPEN)
@pytest.mark.parametrize(("told", "verdict"), CASES)
def test_the_block_stands_above_what_lets_the_internet_in(identifier: str, told: Any, verdict: Verdict) -> None:
    # Absent is None for `mapping`, and a block that is no object is one of a form that is not known.
    unreadable = {UNREADABLE: {NAME: "permission_denied"}} if told is None else {}
    result = judge(identifier, OPEN[identifier] | {NAME: told} | unreadable)
    assert result.verdict == verdict, result.reason
    assert verdict == F or "VPC Block Public Access" in result.reason, result.reason
    assert judge(identifier, CLOSED[identifier] | {NAME: told} | unreadable).verdict == P


def test_what_blocks_and_does_not_keep_out_is_in_the_evidence() -> None:
    told = judge(
        "aws_ec2_ssh_open", OPEN["aws_ec2_ssh_open"] | {NAME: block("block-ingress", "update-complete", but())}
    )
    shown = {fact.path: fact.value for fact in told.evidence}
    assert "vpc-1" in str(shown), shown


def test_what_was_stored_before_is_judged_by_its_rules() -> None:
    assert {judge(name, facts).verdict for name, facts in OPEN.items()} == {F}


@on_any_machine
@given(st.sampled_from(sorted(OPEN)), st.lists(st.sampled_from([but(), but("allow-egress"), but(state="new")])))
def test_one_more_exclusion_never_makes_it_better(identifier: str, exclusions: list[Any]) -> None:
    rank = [P, U, F]
    before = judge(identifier, OPEN[identifier] | {NAME: block("block-ingress", "update-complete", *exclusions[1:])})
    after = judge(identifier, OPEN[identifier] | {NAME: block("block-ingress", "update-complete", *exclusions)})
    assert rank.index(after.verdict) >= rank.index(before.verdict)


# How it is read ------------------------------------------------------------------------------------------------------


def told_by_aws(operation: str, **answer: Any) -> dict[str, Any]:
    shape = MODEL.operation_model(operation).output_shape
    assert shape is not None
    report = ParamValidator().validate(answer, shape)
    assert not report.has_errors(), report.generate_report()
    return answer


class Ec2:
    """Answers as botocore gives them; one that is an error is raised."""

    def __init__(self, mode: str, *pages: Any, error: str = "") -> None:
        self.calls: list[str] = []
        self.error = error
        told = {"InternetGatewayBlockMode": mode, "State": "update-complete", "ManagedBy": "declarative-policy"}
        self.options = told_by_aws("DescribeVpcBlockPublicAccessOptions", VpcBlockPublicAccessOptions=told)
        self.pages = pages

    def describe_vpc_block_public_access_options(self) -> Any:
        self.calls.append("options")
        if self.error:
            raise ClientError({"Error": {"Code": self.error}}, "DescribeVpcBlockPublicAccessOptions")
        return self.options

    def describe_vpc_block_public_access_exclusions(self, NextToken: str = "0") -> Any:  # noqa: N803 — AWS's name
        self.calls.append("exclusions")
        at = int(NextToken)
        more = {"NextToken": str(at + 1)} if at + 1 < len(self.pages) else {}
        listed = [
            {"ResourceArn": arn, "InternetGatewayExclusionMode": mode, "State": state}
            for arn, mode, state in self.pages[at]
        ]
        name = "DescribeVpcBlockPublicAccessExclusions"
        return told_by_aws(name, VpcBlockPublicAccessExclusions=listed, **more)


def excluded(identifier: str) -> tuple[str, str, str]:
    return f"arn:aws:ec2:eu-west-1:1:{identifier}", "allow-bidirectional", "create-complete"


@pytest.fixture
def read(cloud: Cloud) -> Callable[..., dict[str, Any]]:
    session: Any = open_session(cloud.scenario("Everything granted"), make_target(account_id="111122223333"))

    def reading(client: Ec2, *, own: bool | None = True, times: int = 1) -> dict[str, Any]:
        scope = Scope(session._connection, "111122223333", "eu-west-1", "vpc")
        reader, properties = InternetBlock(scope, client), Properties(scope.connection)
        for _ in range(times):
            reader.add(properties, own=own, concerns=lambda name: name == "vpc-1")
        return properties.to_dict()

    return reading


def test_it_is_asked_once_and_exclusions_only_where_it_is_on(read: Callable[..., dict[str, Any]]) -> None:
    off = Ec2("off")
    assert read(off, times=3)[NAME]["mode"] == "off"
    assert off.calls == ["options"]
    on = Ec2("block-ingress", [excluded("vpc/vpc-2"), excluded("vpc/vpc-1")], [excluded("odd")])
    assert [each["of"] for each in read(on, times=3)[NAME]["exclusions"]] == ["", "vpc-1"]
    assert on.calls == ["options", "exclusions", "exclusions"]


def test_another_accounts_network_is_left_to_its_rules(read: Callable[..., dict[str, Any]]) -> None:
    assert read(Ec2("block-ingress", []), own=False) == {}
    assert read(Ec2("block-ingress", []), own=None) == {NAME: {"mode": None}}
    assert read(Ec2("off"), own=None)[NAME]["mode"] == "off"


def test_a_region_without_the_operation_blocks_nothing(read: Callable[..., dict[str, Any]]) -> None:
    assert read(Ec2("off", error="InvalidAction"))[NAME] == {"mode": "off", "exclusions": []}
    refused = read(Ec2("off", error="UnauthorizedOperation"))
    assert (refused[NAME], list(refused[UNREADABLE])) == (None, [NAME])


def test_a_denied_look_costs_this_fact_alone(cloud: Cloud) -> None:
    target = make_target(account_id="111122223333")
    cloud.control.fault("deny", permission="ec2:DescribeVpcBlockPublicAccessOptions")
    session = open_session(cloud.scenario("Everything granted"), target)
    groups = [each for each in session.collect(ScanUnit("vpc", "us-east-1")) if each.name == "bastion"]
    session.close()
    assert groups[0].properties["ingress"]
    told = judge("aws_ec2_ssh_open", dict(groups[0].properties))
    assert (told.verdict, "permission denied" in told.reason) == (U, True)
