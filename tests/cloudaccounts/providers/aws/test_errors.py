"""Each error of AWS and of the SDK, told for what it is; the SDK's own words are never passed on."""

from __future__ import annotations

import socket
from typing import Any

import certifi
import pytest
from botocore import exceptions as sdk
from botocore.exceptions import ClientError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.providers.aws.errors import Who, denial_reason, explain, is_denied
from tests.cloudaccounts.providers.aws.conftest import Cloud

ECHO = "secret-in-the-message"


def refusal(code: str, status: int = 403, message: str = ECHO) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item] # as parsed off the wire
        "GetCallerIdentity",
    )


@pytest.mark.parametrize(
    ("code", "status", "told", "permanent"),
    [
        ("InvalidClientTokenId", 403, "access_key_refused", True),
        ("UnrecognizedClientException", 400, "access_key_refused", True),
        ("InvalidAccessKeyId", 403, "access_key_refused", True),
        ("AuthFailure", 401, "access_key_refused", True),
        ("SignatureDoesNotMatch", 403, "secret_access_key_wrong", True),
        ("InvalidSignatureException", 400, "secret_access_key_wrong", True),
        ("ExpiredToken", 403, "credentials_expired", True),
        ("ExpiredTokenException", 400, "credentials_expired", True),
        ("InvalidToken", 400, "session_token_invalid", True),
        ("MissingAuthenticationToken", 403, "session_token_missing", True),
        ("RequestTimeTooSkewed", 403, "clock_skew", True),
        ("RequestExpired", 400, "clock_skew", True),
        ("RegionDisabledException", 403, "sts_region_disabled", True),
        ("OptInRequired", 401, "service_not_subscribed", True),
        ("AccountProblem", 403, "account_suspended", True),
        ("AccessDenied", 403, "permission_denied", True),
        ("UnauthorizedOperation", 403, "permission_denied", True),
        ("403", 403, "permission_denied", True),
        ("SomethingNew", 403, "permission_denied", True),
        ("Throttling", 400, "throttled", False),
        ("TooManyRequestsException", 429, "throttled", False),
        ("SomethingNew", 429, "throttled", False),
        ("SlowDown", 503, "throttled", False),
        ("InternalFailure", 500, "aws_unavailable", False),
        ("SomethingNew", 502, "aws_unavailable", False),
        ("SomethingNew", 400, "aws_refused", True),
    ],
)
def test_each_code_of_aws_is_told_apart(code: str, status: int, told: str, permanent: bool) -> None:
    error = explain(refusal(code, status), Who.KEYS)
    assert (error.code, error.permanent, error.sdk_error) == (told, permanent, code)
    assert error.cause
    assert error.remedy


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "InvalidSignatureException"])
@pytest.mark.parametrize("message", ["Signature expired: 2026 is now earlier", "Signature not yet current: 2026"])
def test_a_wrong_clock_is_not_a_wrong_secret(code: str, message: str) -> None:
    assert explain(refusal(code, message=message), Who.KEYS).code == "clock_skew"


@pytest.mark.parametrize(
    "code",
    ["InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "MissingAuthenticationToken"],
)
def test_the_servers_own_identity_is_never_blamed_on_the_customer(code: str) -> None:
    error = explain(refusal(code), Who.SERVER)
    assert error.code == "server_identity_invalid"
    assert "operator" in error.remedy


@pytest.mark.parametrize("code", ["InvalidClientTokenId", "ExpiredToken", "InvalidToken"])
def test_a_roles_session_that_ended_is_no_wrong_key(code: str) -> None:
    error = explain(refusal(code), Who.ROLE)
    assert (error.code, error.permanent) == ("session_ended", False)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (
            "with an explicit deny in a service control policy: arn:x",
            "denied by a service control policy of the organization",
        ),
        (
            "because no service control policy allows the x action",
            "not allowed by a service control policy of the organization",
        ),
        (
            "with an explicit deny in a resource control policy",
            "denied by a resource control policy of the organization",
        ),
        ("because no permissions boundary allows the x action", "not allowed by a permissions boundary"),
        ("with an explicit deny in an identity-based policy", "denied by an identity-based policy"),
        ("because no identity-based policy allows the x action", "not allowed by an identity-based policy"),
        ("because no session policy allows the x action", "not allowed by a session policy"),
        ("Access Denied", ""),
    ],
)
def test_which_kind_of_policy_denied_is_told_where_aws_says(message: str, reason: str) -> None:
    assert denial_reason(refusal("AccessDenied", message=message)) == reason


def test_a_service_control_policy_has_a_code_of_its_own() -> None:
    error = explain(
        refusal("AccessDenied", message="with an explicit deny in a service control policy"), Who.KEYS, "iam:ListUsers"
    )
    assert error.code == "denied_by_organization"
    assert "iam:ListUsers" in error.cause


def test_words_of_the_sdk_are_never_passed_on() -> None:
    for code in ("AccessDenied", "Throttling", "SomethingNew", "InvalidClientTokenId"):
        error = explain(refusal(code), Who.KEYS, "iam:ListUsers")
        assert ECHO not in f"{error} {error.cause} {error.remedy} {error.sdk_error}"


@pytest.mark.parametrize(
    ("error", "told", "permanent"),
    [
        (sdk.NoCredentialsError(), "server_identity_missing", True),
        (sdk.ProfileNotFound(profile="x"), "server_identity_invalid", True),
        (sdk.CredentialRetrievalError(provider="x", error_msg=ECHO), "server_identity_invalid", True),
        (sdk.ConnectTimeoutError(endpoint_url="x"), "network_timeout", False),
        (sdk.ReadTimeoutError(endpoint_url="x"), "aws_timeout", False),
        (sdk.EndpointConnectionError(endpoint_url="x"), "network_unreachable", False),
        (sdk.ConnectionClosedError(endpoint_url="x"), "network_broken", False),
        (sdk.HTTPClientError(error="x"), "network_broken", False),
        (sdk.UnknownKeyError(value="x", param="y", choices="z"), "aws_refused", True),
    ],
)
def test_each_failure_of_the_network_and_the_sdk_is_told_apart(error: Exception, told: str, permanent: bool) -> None:
    explained = explain(error, Who.KEYS)
    assert (explained.code, explained.permanent) == (told, permanent)
    assert explained.sdk_error == type(error).__name__
    assert not is_denied(error)


def test_an_error_that_is_told_already_stays_as_it_is() -> None:
    error = ProviderError("x", "y")
    assert explain(error, Who.KEYS) is error


def test_a_host_name_that_does_not_resolve_is_told(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    good = cloud.keys("good")

    def no_name(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    with monkeypatch.context() as patched:
        for name in ("HTTPS_PROXY", "https_proxy"):
            patched.delenv(name)
        patched.setattr(socket, "getaddrinfo", no_name)
        assert cloud.validate(good).code == "network_dns"


def test_a_proxy_that_is_not_there_is_told(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    good = cloud.keys("good")
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert cloud.validate(good).code == "proxy_refused"


def test_a_certificate_that_is_not_trusted_is_told(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    good = cloud.keys("good")
    monkeypatch.setenv("AWS_CA_BUNDLE", certifi.where())
    report = cloud.validate(good)
    assert (report.code, report.permanent) == ("tls_failed", True)
