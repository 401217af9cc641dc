"""The cross-account role: the door, and that nobody else's key opens it."""

from __future__ import annotations

import json
import threading
import time

import pytest
from botocore.exceptions import ClientError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, ServerIdentity
from cloudaccounts.contract.report import CheckStatus
from cloudaccounts.providers.aws import role, server
from cloudaccounts.providers.aws.provider import PROVIDER
from cloudaccounts.providers.aws.role import AssumableRole, wrong_external_id
from tests.cloudaccounts.providers.aws.conftest import (
    ACCOUNT,
    EXTERNAL_ID,
    OTHER_ACCOUNT,
    OWN_ACCOUNT,
    Cloud,
    check,
    make_target,
)


def as_role(arn: str) -> Credentials:
    return Credentials("cross_account_role", {"role_arn": arn})


def test_a_good_role_passes_every_check_and_keeps_its_path(cloud: Cloud) -> None:
    arn = cloud.control.put_role(ACCOUNT, "reader", path="/teams/security/", external_id=EXTERNAL_ID)
    report = cloud.validate(as_role(arn))
    assert report.ok
    assert [item.name for item in report.checks] == [item.name for item in PROVIDER.plan("cross_account_role")]
    assert {item.status for item in report.checks} == {CheckStatus.PASSED}
    assert report.identity == arn
    assert [call["code"] for call in cloud.calls("AssumeRole")] == ["", "AccessDenied", "AccessDenied"]
    assert len(cloud.calls("SimulatePrincipalPolicy")) == 1


def test_a_role_without_the_condition_is_refused_with_what_mends_it(cloud: Cloud) -> None:
    report = cloud.validate(as_role(cloud.control.put_role(ACCOUNT, "open-door")))
    assert report.code == "confused_deputy"
    assert "without any external ID" in report.cause
    statement = json.loads(report.mending)["Statement"][0]
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{OWN_ACCOUNT}:root"}
    assert check(report, "permissions").status == CheckStatus.PASSED


def test_a_role_that_takes_any_external_id_of_ours_is_refused(cloud: Cloud) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{OWN_ACCOUNT}:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringLike": {"sts:ExternalId": "ca-*"}},
            }
        ],
    }
    report = cloud.validate(as_role(cloud.control.put_role(ACCOUNT, "wild", trust_policy=json.dumps(trust))))
    assert report.code == "confused_deputy"
    assert "with a wrong external ID" in report.cause


@pytest.mark.parametrize("external_id", ["x", "ca", EXTERNAL_ID, "a" * 63])
def test_the_wrong_external_id_is_wrong_and_one_that_aws_takes(external_id: str) -> None:
    wrong = wrong_external_id(external_id)
    assert wrong != external_id
    assert 2 <= len(wrong) <= 1224


@pytest.mark.parametrize("cause", ["another external ID", "another principal", "no such role"])
def test_a_closed_door_is_told_with_its_causes_and_the_right_policy(cloud: Cloud, cause: str) -> None:
    arn = {
        "another external ID": lambda: cloud.control.put_role(ACCOUNT, "closed", external_id="ca-somebody-else"),
        "another principal": lambda: cloud.control.put_role(
            ACCOUNT, "closed", external_id=EXTERNAL_ID, principal=f"arn:aws:iam::{OTHER_ACCOUNT}:root"
        ),
        "no such role": lambda: f"arn:aws:iam::{ACCOUNT}:role/nobody-made-this",
    }[cause]()
    report = cloud.validate(as_role(arn))
    assert (report.ok, report.code) == (False, "role_refused")
    assert "external ID is another one" in report.cause
    assert EXTERNAL_ID in report.remedy
    assert json.loads(report.mending)["Statement"][0]["Action"] == "sts:AssumeRole"
    assert {item.status for item in report.checks[1:]} == {CheckStatus.SKIPPED}


def test_a_role_that_is_not_everywhere_yet_is_tried_again(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(role, "RETRY_WAITS", (0.1, 0.1, 0.1))
    arn = cloud.control.put_role(ACCOUNT, "new", external_id=EXTERNAL_ID)
    cloud.control.fault("deny", action="AssumeRole", times=2)
    assert cloud.validate(as_role(arn)).ok


def test_waiting_for_a_new_role_is_bounded() -> None:
    assert sum(role.RETRY_WAITS) <= 8


def test_a_broken_proof_is_no_proof(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = cloud.control.put_role(ACCOUNT, "reader", external_id=EXTERNAL_ID)
    refuses = AssumableRole.refuses

    def broken(role: AssumableRole, external_id: str | None) -> bool:
        fault = cloud.control.fault("error", action="AssumeRole", status=503)
        try:
            return refuses(role, external_id)
        finally:
            cloud.control.clear_faults(fault)

    monkeypatch.setattr(AssumableRole, "refuses", broken)
    report = cloud.validate(as_role(arn))
    assert (report.ok, report.code, report.permanent) == (False, "aws_unavailable", False)
    assert check(report, "external_id_proof").status == CheckStatus.FAILED


def test_a_server_without_an_identity_says_so(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    report = cloud.validate(as_role(f"arn:aws:iam::{ACCOUNT}:role/reader"))
    assert report.code == "server_identity_missing"
    assert "operator" in report.remedy
    identity = PROVIDER.server_identity(5.0)
    assert isinstance(identity, ServerIdentity)
    assert (identity.account_id, identity.error_code) == ("", "server_identity_missing")


def test_a_server_with_a_dead_identity_blames_neither_role_nor_customer(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x" * 40)
    report = cloud.validate(as_role(f"arn:aws:iam::{ACCOUNT}:role/reader"))
    assert report.code == "server_identity_invalid"
    assert "nothing is wrong with the role" in report.remedy
    assert PROVIDER.server_identity(5.0).error_code == "server_identity_invalid"


def test_a_profile_that_does_not_exist_is_a_broken_identity(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert PROVIDER.server_identity(5.0).error_code == "server_identity_invalid"


def test_the_server_knows_who_it_is_and_asks_once(cloud: Cloud) -> None:
    first, second = PROVIDER.server_identity(5.0), PROVIDER.server_identity(5.0)
    assert first == second
    assert first.account_id == OWN_ACCOUNT
    assert first.principal.startswith(f"arn:aws:iam::{OWN_ACCOUNT}:user/")
    assert len(cloud.calls("GetCallerIdentity")) == 1


def test_asking_who_the_server_is_is_bounded(cloud: Cloud) -> None:
    cloud.control.fault("unreachable", host="sts.*", mode="hang", seconds=60)
    began = time.monotonic()
    assert PROVIDER.server_identity(0.5).error_code in ("deadline_exceeded", "aws_timeout", "proxy_refused")
    assert time.monotonic() - began < 20


def test_an_identity_of_another_partition_cannot_assume_the_role(cloud: Cloud) -> None:
    target = make_target(account_id="555566667777", partition="aws-cn", regions=("cn-north-1",))
    with pytest.raises(ProviderError) as caught:
        PROVIDER.open_session(as_role("arn:aws-cn:iam::555566667777:role/reader"), target)
    assert caught.value.code == "server_partition_mismatch"


def test_a_server_that_may_assume_no_role_is_the_operators_to_mend(cloud: Cloud) -> None:
    message = "is not authorized because no identity-based policy allows the sts:AssumeRole action"
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": message}}, "AssumeRole")
    told = AssumableRole(f"arn:aws:iam::{ACCOUNT}:role/reader", make_target())._explain(refused)
    assert told.code == "server_not_allowed"
    assert "operator" in told.remedy


def test_a_session_renews_itself_but_not_for_ever(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(role, "MOST_RENEWALS", 2)
    arn = cloud.control.put_role(ACCOUNT, "reader", external_id=EXTERNAL_ID)
    renew = AssumableRole(arn, make_target())._renewer()
    assert renew()["access_key"] != renew()["access_key"]
    with pytest.raises(ProviderError, match="session_too_long"):
        renew()


def test_many_threads_share_one_server_connection(cloud: Cloud) -> None:
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(server.connect("aws", 5.0))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(connection) for connection in found}) == 1
