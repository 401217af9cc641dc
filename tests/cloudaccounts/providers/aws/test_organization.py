"""An AWS Organization on the wire: its tree, who may list it, and the way into its members."""

from __future__ import annotations

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.identity import ServerIdentity as Server
from cloudaccounts.contract.organizations import MemberPage, NodeKind, NodeState
from cloudaccounts.contract.setup import SetupContext
from cloudaccounts.provider_kit import tree_walk
from cloudaccounts.providers.aws.provider import PROVIDER
from tests.cloudaccounts.providers.aws.conftest import EXTERNAL_ID, Cloud, check, make_target

MANAGEMENT = "301030103010"
FIRST = "301030200001"


@pytest.fixture
def management(cloud: Cloud) -> Credentials:
    return cloud.scenario("Organization")


def pages(credentials: Credentials, cursor: str = "", account: str = MANAGEMENT) -> list[MemberPage]:
    return list(PROVIDER.organization_pages(credentials, make_target(account_id=account), {}, cursor))


def member(connection: Credentials, account_id: str, role: str = "") -> Credentials:
    return PROVIDER.member_credentials(
        connection, account_id=account_id, partition="aws", options={"role_name": role} if role else {}
    )


def test_the_whole_tree_is_told_with_states_and_empty_pages(cloud: Cloud, management: Credentials) -> None:
    found = pages(management)
    nodes = {node.node_id: node for page in found for node in page.nodes}
    assert next(node for node in nodes.values() if not node.parent_id).name == "AWS Organization o-larkfield01"
    assert {node.parent_id for node in nodes.values()} - {""} <= set(nodes)
    accounts = [node for node in nodes.values() if node.kind == NodeKind.ACCOUNT]
    assert len(accounts) == 60 + 2 + 3 + 2
    states = {node.name: node.state for node in accounts}
    assert (states["former-shop"], states["old-hackathon"]) == (NodeState.SUSPENDED, NodeState.CLOSED)
    assert any(not page.nodes and page.cursor for page in found), "the emulator gave no empty page"
    assert found[-1].cursor == ""
    assert all(call["status"] == 200 for call in cloud.calls("ListAccountsForParent"))


def test_it_goes_on_from_any_page(cloud: Cloud, management: Credentials) -> None:
    whole = pages(management)
    every = {node.node_id for page in whole for node in page.nodes}
    for stop in (0, len(whole) // 2, len(whole) - 2):
        before = {node.node_id for page in whole[: stop + 1] for node in page.nodes}
        after = {node.node_id for page in pages(management, whole[stop].cursor) for node in page.nodes}
        assert before | after == every


def test_a_cursor_that_aws_does_not_know_asks_for_a_new_beginning(cloud: Cloud, management: Credentials) -> None:
    stale = '[["r-lark"],1,"not-a-token",1]'
    for cursor in (stale, "nonsense", "[1"):
        with pytest.raises(ProviderError) as caught:
            pages(management, cursor)
        assert caught.value.code == "cursor_expired"


def test_a_delegated_administrator_may_list_too(cloud: Cloud) -> None:
    user = cloud.control.put_user("301030103020", "delegate", policies=["SecurityAudit"])
    keys = Credentials("access_keys", {k: user[k] for k in ("access_key_id", "secret_access_key")})
    assert sum(len(page.nodes) for page in pages(keys, account="301030103020")) > 60


def test_a_member_account_explains_itself(cloud: Cloud) -> None:
    with pytest.raises(ProviderError) as caught:
        pages(cloud.scenario("Everything granted"), account="111122223333")
    assert caught.value.code == "organization_not_manager"
    assert MANAGEMENT in caught.value.cause
    assert "register-delegated-administrator" in caught.value.remedy


def test_an_account_outside_of_any_organization_is_told(cloud: Cloud) -> None:
    with pytest.raises(ProviderError) as caught:
        pages(cloud.keys("lonely"), account="123400000001")
    assert caught.value.code == "organization_missing"


def test_a_missing_permission_is_named(cloud: Cloud) -> None:
    user = cloud.control.put_user(MANAGEMENT, "without-rights", policies=[])
    keys = Credentials("access_keys", {k: user[k] for k in ("access_key_id", "secret_access_key")})
    with pytest.raises(ProviderError) as caught:
        pages(keys)
    assert caught.value.code == "organization_denied"
    assert "organizations:DescribeOrganization" in caught.value.cause


def test_throttling_is_waited_out(cloud: Cloud, management: Credentials) -> None:
    cloud.control.fault("throttle", action="ListAccountsForParent", times=5)
    assert sum(len(page.nodes) for page in pages(management)) > 60
    assert len([one for one in cloud.calls("ListAccountsForParent") if one["status"] != 200]) == 5


def test_throttling_without_end_ends_within_bounded_time(
    cloud: Cloud, management: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_walk, "PATIENCE", 0.1)
    cloud.control.fault("throttle", action="ListRoots")
    with pytest.raises(ProviderError) as caught:
        pages(management)
    assert (caught.value.code, caught.value.permanent) == ("throttled", False)


def test_a_member_is_entered_with_the_connections_session_and_proven(cloud: Cloud, management: Credentials) -> None:
    cloud.control.open_members(EXTERNAL_ID)
    report = cloud.validate(member(management, FIRST), account_id=FIRST)
    assert report.ok, report.cause
    assert check(report, "external_id_proof").status == "passed"
    assert report.identity == f"arn:aws:iam::{FIRST}:role/cloud-accounts-reader"
    assert {call["account"] for call in cloud.calls("AssumeRole")} == {MANAGEMENT}


def test_three_broken_members_are_each_told(cloud: Cloud, management: Credentials) -> None:
    cloud.control.open_members(EXTERNAL_ID, broken=True)
    codes = []
    for number in (1, 2, 3):
        account = f"30103020000{number}"
        codes.append(cloud.validate(member(management, account), account_id=account))
    assert [report.ok for report in codes] == [False] * 3
    assert [report.code for report in codes] == ["role_refused", "role_refused", "no_permissions"]
    assert MANAGEMENT in codes[0].remedy
    cloud.control.open_members(EXTERNAL_ID)
    assert cloud.validate(member(management, FIRST), account_id=FIRST).ok


def test_a_trust_without_the_external_id_is_refused_in_members_as_well(cloud: Cloud, management: Credentials) -> None:
    cloud.control.open_members(EXTERNAL_ID)
    cloud.control.put_role(FIRST, principal=f"arn:aws:iam::{MANAGEMENT}:root")
    report = cloud.validate(member(management, FIRST), account_id=FIRST)
    assert (report.ok, report.code) == (False, "confused_deputy")
    assert MANAGEMENT in report.mending


def test_a_role_as_connection_is_chained(cloud: Cloud) -> None:
    cloud.control.open_members(EXTERNAL_ID)
    inline = {"in": [{"Effect": "Allow", "Action": ["sts:AssumeRole", "organizations:*"], "Resource": "*"}]}
    arn = cloud.control.put_role(MANAGEMENT, "hub", external_id=EXTERNAL_ID, inline=inline)
    hub = Credentials("cross_account_role", {"role_arn": arn})
    assert sum(len(page.nodes) for page in pages(hub)) > 60
    report = cloud.validate(member(hub, FIRST), account_id=FIRST)
    assert report.ok, report.cause


def test_a_member_is_scanned(cloud: Cloud, management: Credentials) -> None:
    cloud.control.open_members(EXTERNAL_ID)
    target = make_target(account_id=FIRST)
    session = PROVIDER.open_session(member(management, FIRST), target)
    unit = next(unit for unit in session.units(target.regions) if unit.service == "iam")
    assert [asset.name for asset in session.collect(unit) if asset.type == "aws.iam.role"] == ["cloud-accounts-reader"]
    session.close()


@pytest.mark.parametrize("name", ["OrganizationAccountAccessRole", "organizationaccountaccessrole"])
def test_the_administrators_role_is_never_used(name: str) -> None:
    with pytest.raises(ProviderError) as caught:
        member(Credentials("access_keys", {}), FIRST, name)
    assert caught.value.code == "role_too_powerful"
    assert "administrator" in caught.value.cause
    form = PROVIDER.organization_form({"role_name": name})
    assert not form.is_valid()


@pytest.mark.parametrize("name", ["a/b", "arn:aws:iam::1:role/x", "x" * 65, "rôle", "a\nb"])
def test_hostile_role_names_are_refused(name: str) -> None:
    with pytest.raises(ProviderError) as caught:
        member(Credentials("access_keys", {}), FIRST, name)
    assert caught.value.code == "role_name_invalid"


def test_a_members_credentials_show_no_secret(management: Credentials) -> None:
    made = member(management, FIRST)
    assert management["secret_access_key"] not in repr(made)
    assert management["secret_access_key"] not in repr(PROVIDER.describe(made))


def test_the_guides_name_the_connection_and_the_external_id() -> None:
    context = SetupContext(MANAGEMENT, "aws", ("us-east-1",), EXTERNAL_ID, Server(account_id="999900001111"))
    first, second = PROVIDER.organization_guides(context, {"root_id": "r-lark"})
    template, command, policy, published = (snippet.body for snippet in first.snippets)
    assert EXTERNAL_ID in template
    assert f'"{MANAGEMENT}"' in template
    assert "999900001111" not in template
    assert "AWS::CloudFormation::StackSet" in published
    assert "SERVICE_MANAGED" in command
    assert "r-lark" in command
    assert "role/cloud-accounts-reader" in policy
    assert "aws_cloudformation_stack_set" in second.snippets[1].body
    hostile = PROVIDER.organization_guides(context, {"root_id": "r-x'; rm -rf ~"})
    assert "rm -rf" not in "".join(snippet.body for guide in hostile for snippet in guide.snippets)
