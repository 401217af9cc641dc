from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.health.state_machine import Event, Observation
from cloudaccounts.providers.azure.provider import PROVIDER
from tests.cloudaccounts.providers.azure.conftest import EXTERNAL_ID, OTHERS_ID, TAG, Cloud


def light(cloud: Cloud, credentials: Credentials, place: str = "data-platform", **target: Any) -> None:
    PROVIDER.check_connection(credentials, cloud.target(place, **target))


def refusal(cloud: Cloud, credentials: Credentials, place: str = "data-platform", **target: Any) -> Observation:
    with pytest.raises(ProviderError) as caught:
        light(cloud, credentials, place, **target)
    return Observation.of_error(caught.value)


def test_a_working_app_costs_a_token_and_one_look(cloud: Cloud) -> None:
    credentials = cloud.app()
    cloud.control.clear_journal()
    light(cloud, credentials)
    actions = [call["action"] for call in cloud.control.calls("azure")]
    assert len(actions) == 3
    assert actions[1:] == ["token", "Microsoft.Resources/subscriptions/read"]


def test_an_expired_secret_is_refused_for_good(cloud: Cloud) -> None:
    credentials, place = cloud.scenario("Expired secret")
    assert refusal(cloud, credentials, place).event is Event.REFUSED


def test_an_app_that_was_disabled_is_refused_for_good(cloud: Cloud) -> None:
    credentials = cloud.app()
    light(cloud, credentials)
    cloud.control.set_app(credentials["client_id"], enabled=False)
    assert refusal(cloud, credentials).event is Event.REFUSED


def test_roles_that_were_taken_away_are_a_refusal(cloud: Cloud) -> None:
    seen = refusal(cloud, cloud.app(actions=[]))
    assert (seen.code, seen.event) == ("no_permissions", Event.REFUSED)


def test_a_disabled_subscription_is_a_refusal(cloud: Cloud) -> None:
    credentials, place = cloud.scenario("Disabled subscription")
    assert refusal(cloud, credentials, place).code == "subscription_disabled"


def test_a_mark_that_names_somebody_else_is_a_refusal(cloud: Cloud, token_file: Path) -> None:
    place = cloud.places["legacy-reporting"]
    credentials = cloud.federated()
    cloud.control.put_tag(place, TAG, EXTERNAL_ID)
    light(cloud, credentials, "legacy-reporting")
    cloud.control.put_tag(place, TAG, OTHERS_ID)
    assert refusal(cloud, credentials, "legacy-reporting").event is Event.REFUSED


def test_our_own_token_missing_is_our_trouble(cloud: Cloud, token_file: Path) -> None:
    credentials = cloud.federated()
    token_file.unlink()
    assert refusal(cloud, credentials, "legacy-reporting").event is Event.OUR_TROUBLE


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "throttle", "service": "entra", "seconds": 60}, id="sign-in throttled"),
        pytest.param({"kind": "throttle", "service": "arm", "seconds": 60}, id="throttled"),
        pytest.param({"kind": "error", "service": "arm", "status": 503}, id="5xx"),
        pytest.param({"kind": "delay", "service": "arm", "seconds": 4}, id="timeout"),
        pytest.param({"kind": "unreachable", "host": "management.azure.com", "mode": "drop"}, id="egress drops"),
        pytest.param({"kind": "unreachable", "host": "login.*", "mode": "refuse"}, id="egress refuses"),
    ],
)
def test_what_can_pass_by_itself_is_told_as_such(cloud: Cloud, fault: dict[str, Any]) -> None:
    credentials = cloud.app()
    cloud.control.fault(**fault)
    assert refusal(cloud, credentials, timeout=1.0).event is Event.OUT_OF_REACH
