"""What a heartbeat's probe notices, and what it costs. The sandbox records each call."""

from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.contract.access_probe import KnownPermissions
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.providers.aws.client import LOADER
from cloudaccounts.providers.aws.lean_model import READ
from cloudaccounts.providers.aws.permissions import PERMISSIONS
from cloudaccounts.providers.aws.provider import PROVIDER
from cloudaccounts.providers.aws.signin import caller
from tests.cloudaccounts.providers.aws.conftest import ACCOUNT, EXTERNAL_ID, Cloud, check, keys, make_target

ALL = frozenset(permission.action for permission in PERMISSIONS)
NO_VOLUMES = {"Effect": "Deny", "Action": "ec2:DescribeVolumes", "Resource": "*"}
# Holds in the simulator, which is not told who asks, and for no call of ours.
OF_OTHERS = {"StringNotLike": {"aws:PrincipalArn": "arn:*"}}
NO_SIMULATOR = {"Effect": "Deny", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*"}


def probe(credentials: Credentials, known: KnownPermissions, **target: Any) -> frozenset[str]:
    return PROVIDER.probe_access(credentials, make_target(**target), known)


def deny(cloud: Cloud, name: str, *statements: dict[str, Any]) -> None:
    cloud.keys(name, inline={"denials": list(statements)})


def test_what_is_as_it_was_costs_one_question_more(cloud: Cloud) -> None:
    credentials = cloud.keys("probe-quiet")
    cloud.control.clear_journal()
    assert probe(credentials, KnownPermissions(ALL)) == frozenset()
    assert [call["action"] for call in cloud.control.calls("aws")] == ["GetCallerIdentity", "SimulatePrincipalPolicy"]


def test_nothing_is_asked_where_nothing_is_known(cloud: Cloud) -> None:
    credentials = cloud.keys("probe-new")
    cloud.control.clear_journal()
    assert probe(credentials, KnownPermissions()) == frozenset()
    assert [call["action"] for call in cloud.control.calls("aws")] == ["GetCallerIdentity"]


@pytest.mark.parametrize("turn", range(3))
def test_a_permission_that_was_taken_is_noticed_and_one_that_returned(cloud: Cloud, turn: int) -> None:
    credentials = cloud.keys("probe-taken")
    deny(cloud, "probe-taken", NO_VOLUMES)
    assert probe(credentials, KnownPermissions(ALL, turn=turn)) == {"ec2:DescribeVolumes"}
    lost = KnownPermissions(ALL - {"ec2:DescribeVolumes"}, frozenset({"ec2:DescribeVolumes"}), turn)
    assert probe(credentials, lost) == frozenset()
    deny(cloud, "probe-taken")
    assert probe(credentials, lost) == {"ec2:DescribeVolumes"}


def test_a_role_is_probed_as_a_key_is(cloud: Cloud) -> None:
    deny_all = {"volumes": [NO_VOLUMES]}
    arn = cloud.control.put_role(ACCOUNT, "probe-role", external_id=EXTERNAL_ID, inline=deny_all)
    credentials = Credentials("cross_account_role", {"role_arn": arn})
    assert probe(credentials, KnownPermissions(ALL)) == {"ec2:DescribeVolumes"}


@pytest.mark.parametrize("turn", [0, 1])
def test_elsewhere_worldwide_services_are_asked_about_by_a_question_of_their_own(cloud: Cloud, turn: int) -> None:
    credentials = cloud.keys("probe-abroad")
    deny(cloud, "probe-abroad", NO_VOLUMES, NO_VOLUMES | {"Action": "iam:ListAccessKeys"})
    cloud.control.clear_journal()
    found = probe(credentials, KnownPermissions(ALL, turn=turn), regions=("eu-west-1",))
    assert found == {"ec2:DescribeVolumes", "iam:ListAccessKeys"}
    assert [call["action"] for call in cloud.control.calls("aws")].count("SimulatePrincipalPolicy") == 2


@pytest.mark.parametrize("turn", [0, 1])
def test_what_a_policy_of_the_organization_takes_is_noticed(cloud: Cloud, turn: int) -> None:
    credentials = cloud.keys("probe-organization")
    cloud.control.put_control_policies(ACCOUNT, NO_VOLUMES)
    try:
        assert probe(credentials, KnownPermissions(ALL, turn=turn)) == {"ec2:DescribeVolumes"}
    finally:
        cloud.control.put_control_policies(ACCOUNT)
    lost = KnownPermissions(ALL - {"ec2:DescribeVolumes"}, frozenset({"ec2:DescribeVolumes"}), turn)
    assert probe(credentials, lost) == {"ec2:DescribeVolumes"}


@pytest.mark.parametrize("turn", range(4))
def test_several_losses_at_once_are_noticed_in_every_turn(cloud: Cloud, turn: int) -> None:
    """One of the doubtful is read, another each turn: whichever it is, all of them are told."""
    taken = {"ec2:DescribeVolumes", "s3:ListAllMyBuckets", "iam:GetAccountSummary"}
    credentials = cloud.keys("probe-several")
    deny(cloud, "probe-several", *(NO_VOLUMES | {"Action": action} for action in sorted(taken)))
    assert probe(credentials, KnownPermissions(ALL, turn=turn)) == taken


def test_the_simulators_no_is_not_believed_where_the_read_works(cloud: Cloud) -> None:
    """The organization denies it under a condition that no call of ours fulfils."""
    credentials = cloud.keys("probe-doubt")
    known = KnownPermissions(ALL)
    cloud.control.put_control_policies(ACCOUNT, NO_VOLUMES | {"Condition": OF_OTHERS})
    cloud.control.clear_journal()
    try:
        assert probe(credentials, known) == frozenset()
        assert cloud.calls("DescribeVolumes"), "the simulator denies it, so it was tried"
    finally:
        cloud.control.put_control_policies(ACCOUNT)


def test_without_the_simulator_one_read_takes_its_turn(cloud: Cloud) -> None:
    credentials = cloud.keys("probe-reads")
    deny(cloud, "probe-reads", NO_SIMULATOR, NO_VOLUMES)
    cloud.control.clear_journal()
    found = [probe(credentials, KnownPermissions(ALL, turn=turn)) for turn in range(3)]
    assert found == [frozenset()] * 3
    assert len({call["action"] for call in cloud.control.calls("aws")}) == 2 + 3
    assert len(cloud.control.calls("aws")) == 3 * 3
    volumes = KnownPermissions(frozenset({"ec2:DescribeVolumes", "ec2:DescribeInstances"}))
    seen = [probe(credentials, KnownPermissions(volumes.granted, turn=turn)) for turn in range(2)]
    assert sorted(map(sorted, seen)) == [[], ["ec2:DescribeVolumes"]]


def test_a_probe_without_an_answer_fails_nothing_and_says_nothing(cloud: Cloud) -> None:
    credentials = cloud.keys("probe-busy")
    cloud.control.fault("error", service="iam", status=500)
    assert probe(credentials, KnownPermissions(ALL)) == frozenset()


def test_the_probes_small_model_decides_as_the_whole_one(cloud: Cloud) -> None:
    """Refusals of each kind: by the identity's own policy, by the organization, and by nothing that allows it."""
    credentials = cloud.keys("probe-lean")
    deny(cloud, "probe-lean", NO_VOLUMES)
    identity = caller(credentials, make_target())
    cloud.control.put_control_policies(ACCOUNT, {"Effect": "Deny", "Action": "ec2:DescribeVpcs", "Resource": "*"})
    actions = [*sorted(ALL)[:20], "ec2:DescribeVolumes", "ec2:DescribeVpcs", "ec2:TerminateInstances"]
    asked: dict[str, Any] = {"PolicySourceArn": identity.stored_arn, "ActionNames": actions, "MaxItems": 1000}
    try:
        clients = (identity.connection.simulator(), identity.connection.client("iam"))
        lean, whole = (client.simulate_principal_policy(**asked)["EvaluationResults"] for client in clients)
    finally:
        cloud.control.put_control_policies(ACCOUNT)
        identity.connection.close()
    assert [set(result) - READ for result in lean] == [set()] * len(actions)
    assert lean == [{name: value for name, value in result.items() if name in READ} for result in whole]
    assert {result["EvalDecision"] for result in lean} == {"allowed", "explicitDeny", "implicitDeny"}
    assert {result["OrganizationsDecisionDetail"]["AllowedByOrganizations"] for result in lean} == {True, False}


def test_the_small_model_is_a_part_of_the_sdks_own() -> None:
    shapes = LOADER.load_service_model("iam", "service-2")["shapes"]
    assert set(shapes["EvaluationResult"]["members"]) > READ


@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("as_role", [False, True])
@pytest.mark.parametrize("how", ["explicit", "left out"])
def test_what_a_permissions_boundary_takes_is_noticed(cloud: Cloud, turn: int, as_role: bool, how: str) -> None:
    name = f"probe-bounded-{how[:4]}"
    if as_role:
        arn = cloud.control.put_role(ACCOUNT, name, external_id=EXTERNAL_ID)
        credentials = Credentials("cross_account_role", {"role_arn": arn})
    else:
        credentials = cloud.keys(name)
        arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    without = {"Effect": "Allow", "NotAction": "ec2:DescribeVolumes", "Resource": "*"}
    cloud.control.put_boundary(ACCOUNT, arn, [everything])
    assert probe(credentials, KnownPermissions(ALL, turn=turn)) == frozenset()
    cloud.control.put_boundary(ACCOUNT, arn, [without] if how == "left out" else [everything, NO_VOLUMES])
    assert probe(credentials, KnownPermissions(ALL, turn=turn)) == {"ec2:DescribeVolumes"}
    [found] = [r for r in cloud.validate(credentials).permissions if r.permission == "ec2:DescribeVolumes"]
    assert (found.status, "boundary" in found.reason) == ("denied", True)
    cloud.control.put_boundary(ACCOUNT, arn, None)
    lost = KnownPermissions(ALL - {"ec2:DescribeVolumes"}, frozenset({"ec2:DescribeVolumes"}), turn)
    assert probe(credentials, lost) == {"ec2:DescribeVolumes"}


def told(cloud: Cloud, credentials: Credentials) -> str:
    return check(cloud.validate(credentials), "permissions").detail


def test_the_report_says_where_a_loss_waits_for_the_next_one_and_what_mends_that(cloud: Cloud) -> None:
    """With a session policy too: it is told from all others by nothing, and the simulator does not know it."""
    whole = cloud.keys("probe-told")
    assert "daily report" not in told(cloud, whole)
    cannot = cloud.keys("probe-told-not", inline={"denials": [NO_SIMULATOR]})
    assert "may be told only by the daily report. Grant iam:SimulatePrincipalPolicy" in told(cloud, cannot)
    everything = {"Effect": "Allow", "NotAction": "ec2:DescribeVolumes", "Resource": "*"}
    made = cloud.control.open_session(ACCOUNT, user="probe-told", statements=[everything])
    session = keys(made["access_key_id"], made["secret_access_key"], made["session_token"])
    assert "may be told only by the daily report. Connect with a role" in told(cloud, session)
    [found] = [r for r in cloud.validate(session).permissions if r.permission == "ec2:DescribeVolumes"]
    assert (found.status, "session policy" in found.reason) == ("denied", True)
    volumes = KnownPermissions(frozenset({"ec2:DescribeVolumes"}))
    assert probe(session, volumes) == {"ec2:DescribeVolumes"}


def test_the_report_says_where_the_simulator_denies_what_works(cloud: Cloud) -> None:
    credentials = cloud.keys("probe-told-doubt")
    cloud.control.put_control_policies(ACCOUNT, NO_VOLUMES | {"Condition": OF_OTHERS})
    try:
        detail = told(cloud, credentials)
    finally:
        cloud.control.put_control_policies(ACCOUNT)
    assert "It denies 1 that work." in detail
    assert "may be told only by the daily report" in detail
