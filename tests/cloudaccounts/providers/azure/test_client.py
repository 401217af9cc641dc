"""The connection itself: one host, bounded waiting, nothing written, nothing taken from this server's environment."""

from __future__ import annotations

import logging

import certifi
import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import PipelineContext, PipelineRequest, PipelineResponse
from azure.core.rest import HttpRequest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.providers.azure.client import BoundedRetryPolicy, Connection, OneHostPolicy
from tests.cloudaccounts.providers.azure.conftest import Cloud

HOST = "management.azure.com"


def connect(cloud: Cloud, credentials: Credentials, place: str = "data-platform") -> Connection:
    return Connection(credentials, partition="public", subscription_id=cloud.places[place], timeout=5)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.com/subscriptions",
        f"http://{HOST}/subscriptions",
        f"https://{HOST}.evil.com/",
        f"https://{HOST}@evil.com/",
        f"https://{HOST}:8443/",
        "https://login.microsoftonline.com/",
    ],
)
def test_no_link_leads_the_token_to_another_host(url: str) -> None:
    request = PipelineRequest(HttpRequest("GET", url), PipelineContext(None))
    with pytest.raises(ProviderError, match="link_refused"):
        OneHostPolicy(HOST).on_request(request)


@pytest.mark.parametrize("url", [f"https://{HOST}/x", f"https://{HOST}:443/x", f"https://{HOST.upper()}/x"])
def test_its_own_host_is_asked(url: str) -> None:
    OneHostPolicy(HOST).on_request(PipelineRequest(HttpRequest("GET", url), PipelineContext(None)))


def test_a_next_link_elsewhere_is_not_followed(cloud: Cloud) -> None:
    connection = connect(cloud, cloud.app())
    with pytest.raises(ProviderError, match="link_refused"):
        connection.get("https://evil.com/subscriptions", "2022-12-01")
    connection.close()
    assert cloud.control.refused_hosts() == []


@pytest.mark.parametrize(("asked", "expected"), [("1", True), ("15", True), ("16", False), ("86400", False)])
def test_a_long_retry_after_is_not_waited_for(asked: str, expected: bool) -> None:
    policy = BoundedRetryPolicy()
    headers = {"Retry-After": asked}
    answer = type(
        "Answer", (), {"status_code": 429, "headers": headers, "http_request": HttpRequest("GET", "https://x")}
    )
    request = HttpRequest("GET", "https://x")
    response = PipelineResponse(request, answer(), PipelineContext(None))
    assert policy.is_retry(policy.configure_retries({}), response) is expected


def test_attempts_are_three(cloud: Cloud) -> None:
    connection = connect(cloud, cloud.app())
    connection.token()
    cloud.control.fault("error", service="arm", status=500)
    with pytest.raises(HttpResponseError):
        connection.get(f"/subscriptions/{connection.subscription_id}", "2022-12-01")
    connection.close()
    assert len(cloud.calls("Microsoft.Resources/subscriptions/read")) == 3


def test_nothing_registers_itself(cloud: Cloud, request: pytest.FixtureRequest) -> None:
    """The SDK's own policies would register a provider on the first refusal: a write."""
    place, name = cloud.places["data-platform"], "Microsoft.Sql"
    request.addfinalizer(lambda: cloud.control.set_subscription(place, providers={name: "Registered"}))
    cloud.control.set_subscription(place, providers={name: "NotRegistered"})
    assets = cloud.scan(cloud.app())
    server = next(asset for asset in assets if asset.type == "azure.sql.server")
    assert set(server.properties["unreadable"].values()) == {"provider_not_registered"}
    assert {call["method"] for call in cloud.control.calls("azure") if call["service"] == "arm"} == {"GET"}


def test_nothing_of_the_environment_chooses_a_host(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AZURE_AUTHORITY_HOST": "https://evil.com",
        "AZURE_REGIONAL_AUTHORITY_NAME": "westeurope",
        "AZURE_SDK_CLOUD_CONF": "AZURE_CHINA_CLOUD",
        "AZURE_CLOUD": "AZURE_CHINA_CLOUD",
        "AZURE_TENANT_ID": "evil.com",
        "MSAL_FORCE_REGION": "westeurope",
    }.items():
        monkeypatch.setenv(name, value)
    assert cloud.validate(cloud.app()).ok
    assert cloud.hosts() == {"login.microsoftonline.com", HOST}


def test_a_connection_shows_no_secret(cloud: Cloud) -> None:
    made = cloud.app()
    connection = connect(cloud, made)
    assert made["client_secret"] not in repr(connection) + repr(made)
    connection.close()
    assert logging.getLogger("azure.identity").getEffectiveLevel() == logging.CRITICAL


def test_an_unknown_method_is_refused() -> None:
    ids = {"tenant_id": "t", "client_id": "c"}
    with pytest.raises(ProviderError, match="method_unknown"):
        Connection(Credentials("password", ids), partition="public", subscription_id="s", timeout=1)


def test_a_certificate_that_the_sdk_cannot_read_is_told(cloud: Cloud) -> None:
    made = cloud.app()
    report = cloud.validate(Credentials("certificate", {**made.values, "certificate_pem": "-----BEGIN nothing"}))
    assert (report.ok, report.code) == (False, "azure_refused")


def test_a_certificate_authority_that_is_not_trusted_is_told(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())
    report = cloud.validate(cloud.app())
    assert (report.ok, report.code) == (False, "tls_failed")
    assert "REQUESTS_CA_BUNDLE" in report.remedy
