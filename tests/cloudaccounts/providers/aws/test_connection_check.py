from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.health.state_machine import Event, Observation
from cloudaccounts.providers.aws.provider import PROVIDER
from tests.cloudaccounts.providers.aws.conftest import EXTERNAL_ID, OTHER_ACCOUNT, Cloud, make_target

Fault = Callable[[Cloud], Any]


def light(credentials: Credentials, **target: Any) -> None:
    PROVIDER.check_connection(credentials, make_target(**target))


def refusal(credentials: Credentials, **target: Any) -> Observation:
    with pytest.raises(ProviderError) as caught:
        light(credentials, **target)
    return Observation.of_error(caught.value)


def role(cloud: Cloud, name: str) -> Credentials:
    arn = cloud.control.put_role("123400000001", name, external_id=EXTERNAL_ID)
    return Credentials("cross_account_role", {"role_arn": arn})


def test_a_working_key_costs_one_call(cloud: Cloud) -> None:
    credentials = cloud.keys("light-reader")
    cloud.control.clear_journal()
    light(credentials)
    assert [call["action"] for call in cloud.control.calls("aws")] == ["GetCallerIdentity"]


def test_a_working_role_costs_one_call(cloud: Cloud) -> None:
    credentials = role(cloud, "light-role")
    cloud.control.clear_journal()
    light(credentials)
    assert [call["action"] for call in cloud.control.calls("aws")] == ["AssumeRole"]


def test_an_account_without_any_permission_is_still_the_account(cloud: Cloud) -> None:
    light(cloud.keys("light-nobody", policies=[]))


def test_a_key_made_inactive_is_refused_for_good(cloud: Cloud) -> None:
    credentials = cloud.keys("light-revoked")
    cloud.control.set_key_status(credentials["access_key_id"], "Inactive")
    seen = refusal(credentials)
    assert (seen.code, seen.event) == ("access_key_refused", Event.REFUSED)


def test_another_accounts_key_is_refused_for_good(cloud: Cloud) -> None:
    seen = refusal(cloud.keys("light-other"), account_id=OTHER_ACCOUNT)
    assert (seen.code, seen.event) == ("account_mismatch", Event.REFUSED)


def test_an_expired_session_is_refused_for_good(cloud: Cloud) -> None:
    cloud.control.fault("expired_token", service="sts")
    assert refusal(cloud.keys("light-expired")).event is Event.REFUSED


def test_a_trust_that_was_removed_is_refused_for_good_after_one_try(cloud: Cloud) -> None:
    credentials = role(cloud, "light-trust")
    light(credentials)
    cloud.control.put_role("123400000001", "light-trust", external_id="ca-somebody-elses")
    cloud.control.clear_journal()
    seen = refusal(credentials)
    assert (seen.code, seen.event) == ("role_refused", Event.REFUSED)
    assert len(cloud.calls("AssumeRole")) == 1


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "throttle", "service": "sts"}, id="throttled"),
        pytest.param({"kind": "error", "service": "sts", "status": 503}, id="5xx"),
        pytest.param({"kind": "delay", "service": "sts", "seconds": 4}, id="timeout"),
        pytest.param({"kind": "unreachable", "host": "sts.*", "mode": "drop"}, id="egress drops"),
        pytest.param({"kind": "unreachable", "host": "sts.*", "mode": "refuse"}, id="egress refuses"),
    ],
)
@pytest.mark.parametrize("method", ["keys", "role"])
def test_what_can_pass_by_itself_is_told_as_such(cloud: Cloud, fault: dict[str, Any], method: str) -> None:
    credentials = cloud.keys("light-unlucky") if method == "keys" else role(cloud, "light-unlucky")
    cloud.control.fault(**fault)
    assert refusal(credentials, timeout=1.0).event is Event.OUT_OF_REACH


def test_our_own_identity_being_refused_is_our_trouble(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = role(cloud, "light-ours")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x" * 40)
    assert refusal(credentials).event is Event.OUR_TROUBLE
