"""The cross-account role: the door, and that nobody else's key opens it."""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import example, given
from hypothesis import strategies as st

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, ServerIdentity
from cloudaccounts.contract.report import CheckStatus, CloudValidationResult, ValidationProgress
from cloudaccounts.health.former_external_id import validate_with_both
from cloudaccounts.providers.aws import role, server
from cloudaccounts.providers.aws.provider import PROVIDER
from cloudaccounts.providers.aws.role import AssumableRole, wrong_external_ids
from tests.cloudaccounts.providers.aws.conftest import (
    ACCOUNT,
    EXTERNAL_ID,
    OTHER_ACCOUNT,
    OWN_ACCOUNT,
    Cloud,
    check,
    make_target,
)

WRONG = 9  # calls with an external ID that must be refused, in each validation and delivery


def as_role(arn: str) -> Credentials:
    return Credentials("cross_account_role", {"role_arn": arn})


def test_a_good_role_passes_every_check_and_keeps_its_path(cloud: Cloud) -> None:
    arn = cloud.control.put_role(ACCOUNT, "reader", path="/teams/security/", external_id=EXTERNAL_ID)
    report = cloud.validate(as_role(arn))
    assert report.ok
    assert [item.name for item in report.checks] == [item.name for item in PROVIDER.plan("cross_account_role")]
    assert {item.status for item in report.checks} == {CheckStatus.PASSED}
    assert report.identity == arn
    assert [call["code"] for call in cloud.calls("AssumeRole")] == ["", *["AccessDenied"] * (1 + WRONG)]
    assert len(cloud.calls("SimulatePrincipalPolicy")) == 2  # of a hundred actions at most


def test_a_role_without_the_condition_is_refused_with_what_mends_it(cloud: Cloud) -> None:
    report = cloud.validate(as_role(cloud.control.put_role(ACCOUNT, "open-door")))
    assert report.code == "confused_deputy"
    assert "without any external ID" in report.cause
    statement = json.loads(report.mending)["Statement"][0]
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{OWN_ACCOUNT}:root"}


def test_of_an_account_whose_role_is_open_nothing_is_read(cloud: Cloud) -> None:
    """It is this server's identity that could, whoever asks."""
    report = cloud.validate(as_role(cloud.control.put_role(ACCOUNT, "open-door")))
    assert {item.status for item in report.checks[3:]} == {CheckStatus.SKIPPED}
    assert not report.permissions
    assert not report.regions
    assert {call["action"] for call in cloud.calls()} <= {"AssumeRole", "GetCallerIdentity"}


def trusting(**condition: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{OWN_ACCOUNT}:root"},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | {"Condition": condition}]})


TAIL = EXTERNAL_ID[-12:]


@pytest.mark.parametrize(
    "condition",
    [
        {"StringLike": {"sts:ExternalId": "ca-*"}},
        {"StringLike": {"sts:ExternalId": "ca-*-*-*-*-*"}},
        {"StringLike": {"sts:ExternalId": "ca-*-*-4*-*-*"}},
        {"StringLike": {"sts:ExternalId": "ca-????????-????-????-????-????????????"}},
        {"StringLike": {"sts:ExternalId": f"{EXTERNAL_ID[:12]}*"}},
        {"StringLike": {"sts:ExternalId": f"*{TAIL}"}},
        {"StringLike": {"sts:ExternalId": f"{EXTERNAL_ID[:4]}*{EXTERNAL_ID[-1]}"}},
        {"StringLike": {"sts:ExternalId": f"{EXTERNAL_ID[:11]}-*-{TAIL}"}},
        {"StringLike": {"sts:ExternalId": f"{EXTERNAL_ID[:12]}????{EXTERNAL_ID[16:]}"}},
        {"StringLike": {"sts:ExternalId": [EXTERNAL_ID, "ca-*-*-*-*-*"]}},
        {"ForAnyValue:StringLike": {"sts:ExternalId": "ca-*-*-*-*-*"}},
        {"ForAnyValue:StringLike": {"sts:ExternalId": ["x", "ca-????????-????-4???-*"]}},
        {"StringLikeIfExists": {"sts:ExternalId": "ca-*-*-*-*-*"}},
        {"StringNotEquals": {"sts:ExternalId": "x"}},
        {"Null": {"sts:ExternalId": "false"}},
        {"ForAllValues:StringEquals": {"sts:ExternalId": EXTERNAL_ID}},  # true where no external ID is sent at all
        {"StringEqualsIfExists": {"sts:ExternalId": EXTERNAL_ID}},
    ],
    ids=range(17),
)
def test_a_role_that_takes_other_external_ids_is_refused(cloud: Cloud, condition: dict[str, Any]) -> None:
    role_arn = cloud.control.put_role(ACCOUNT, "wild", trust_policy=trusting(**condition))
    assert cloud.validate(as_role(role_arn)).code == "confused_deputy"


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
        {"StringLike": {"sts:ExternalId": EXTERNAL_ID}},  # a pattern without a wildcard
        {"StringEqualsIgnoreCase": {"sts:ExternalId": EXTERNAL_ID.upper()}},  # fits no other owner's
        {"ForAnyValue:StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
        {"StringEquals": {"sts:ExternalId": [EXTERNAL_ID, "ca-0c6f3d1b-77aa-4f0e-8b1e-2f5d9a4c6e11"]}},
    ],
    ids=range(5),
)
def test_a_role_that_takes_named_external_ids_is_accepted(cloud: Cloud, condition: dict[str, Any]) -> None:
    role_arn = cloud.control.put_role(ACCOUNT, "narrow", trust_policy=trusting(**condition))
    assert cloud.validate(as_role(role_arn)).ok


@pytest.mark.parametrize("external_id", [EXTERNAL_ID, "ca-ABC-123-def-456-ghi", "a" * 63])
def test_the_wrong_external_ids_have_the_shape_of_the_right_one(external_id: str) -> None:
    def shape(text: str) -> str:
        return re.sub("[a-z]", "a", re.sub("[A-Z]", "A", re.sub("[0-9]" if "ABC" in text else "[0-9a-f]", "0", text)))

    first, second = (wrong_external_ids(external_id) for _ in range(2))
    assert len({external_id, *first}) == 1 + WRONG
    assert len({first[0], second[0]}) == 2
    if external_id == EXTERNAL_ID:
        assert {shape(wrong) for wrong in first} == {shape(external_id)}
        assert all(uuid.UUID(wrong.removeprefix("ca-")).version == 4 for wrong in first)
    assert {len(wrong) for wrong in first} == {len(external_id)}
    assert {re.sub("[^-]", "", wrong) for wrong in first} == {re.sub("[^-]", "", external_id)}


RANDOM = [place for place in range(3, 39) if place not in (11, 16, 17, 21, 26)]  # without dashes and the version
IDS = st.uuids(version=4).map("ca-{}".format)


@st.composite
def patterns(draw: st.DrawFn) -> tuple[str, str]:
    """An external ID and a pattern that fits it: some stretches of it are one ``*``, some characters a ``?``."""
    external_id = draw(IDS)
    places: list[str] = list(external_id)
    for place in draw(st.sets(st.integers(0, 38), max_size=38)):
        places[place] = "?"
    for start, length in draw(st.lists(st.tuples(st.integers(0, 38), st.integers(1, 39)), max_size=4)):
        end = min(start + length, len(places))
        places[start:end] = ["*", *[""] * (end - start - 1)]
    return external_id, "".join(places)


@given(patterns())
@example(("ca-8f14e45f-ceea-467f-9d2b-1c0f5a7e3b20", "ca-8*0"))
@example(("ca-8f14e45f-ceea-467f-9d2b-1c0f5a7e3b20", "ca-8f14e45f-????-467f-9d2b-1c0f5a7e3b20"))
def test_what_no_wrong_external_id_fits_fixes_a_character_of_every_piece(drawn: tuple[str, str]) -> None:
    """So it fixes eight random ones at least, and of the product's own IDs fits a share that is bounded."""
    external_id, pattern = drawn
    wrong = wrong_external_ids(external_id)
    if any(like(pattern, one) for one in wrong):
        return
    # From the pattern alone, without what the product takes for a piece: it fits nothing with another character at
    # all of the four.
    assert len(re.sub("[^0-9a-f]", "", pattern.removeprefix("ca-"))) >= 8
    for piece in (
        RANDOM[0:4],
        RANDOM[4:8],
        RANDOM[8:12],
        RANDOM[12:15],
        *(RANDOM[n : n + 4] for n in (15, 19, 23, 27)),
    ):
        other = "".join("_" if place in piece else character for place, character in enumerate(external_id))
        assert not like(pattern, other)


@given(IDS)
def test_every_random_character_differs_in_one_wrong_external_id_and_stays_in_all_but_two(external_id: str) -> None:
    fresh, *others = wrong_external_ids(external_id)
    for place in RANDOM:
        assert [one[place] != external_id[place] for one in others].count(True) == 1
    assert like("ca-????????-????-4???-????-????????????", fresh)


def like(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text) is not None


@pytest.mark.parametrize("external_id", ["x", "ca"])
def test_a_short_external_id_is_not_met_by_chance(external_id: str) -> None:
    for wrong in wrong_external_ids(external_id):
        assert wrong != external_id
        assert 16 <= len(wrong) <= 1224


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


FORMER = "ca-0d9a7c52-51f7-4c1c-8a44-6a2f0be1c7d3"


def asked(cloud: Cloud, arn: str) -> tuple[CloudValidationResult, bool]:
    return validate_with_both(
        make_target(former_external_id=FORMER),
        lambda target: PROVIDER.validate(as_role(arn), target, ValidationProgress()),
    )


def test_a_role_that_still_trusts_the_former_external_id_is_proven_with_it(cloud: Cloud) -> None:
    report, used_former = asked(cloud, cloud.control.put_role(ACCOUNT, "former", external_id=FORMER))
    assert (report.ok, used_former) == (True, True)
    # One refusal of the present one and no waiting, then the proof: none, and the wrong ones.
    assert [call["code"] for call in cloud.calls("AssumeRole")] == ["AccessDenied", "", *["AccessDenied"] * (1 + WRONG)]
    report, used_former = asked(cloud, cloud.control.put_role(ACCOUNT, "present", external_id=EXTERNAL_ID))
    assert (report.ok, used_former) == (True, False)


def test_the_former_external_id_opens_no_role_that_is_open_to_all(cloud: Cloud) -> None:
    report, _ = asked(cloud, cloud.control.put_role(ACCOUNT, "open-to-all"))
    assert report.code == "confused_deputy"
    report, _ = asked(cloud, cloud.control.put_role(ACCOUNT, "others", external_id="ca-somebody-elses"))
    assert report.code == "role_refused"
    assert EXTERNAL_ID in report.remedy
