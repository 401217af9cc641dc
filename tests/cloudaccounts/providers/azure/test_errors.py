"""Azure's error ids, one by one: each has a code, a cause and a remedy of ours, and nothing of Azure's message."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from requests import exceptions as http

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.providers.azure import error_messages
from cloudaccounts.providers.azure.errors import azure_code, explain, is_denied

NOISE = "Trace ID: 1b2c Correlation ID: 3d4e"


def entra(number: str, text: str = "") -> ClientAuthenticationError:
    return ClientAuthenticationError(message=f"Authentication failed: AADSTS{number}: {text} {NOISE}")


@pytest.mark.parametrize("number", error_messages.AADSTS)
def test_each_code_of_entra_id_has_words_of_its_own(number: str) -> None:
    told = explain(entra(number))
    assert told.sdk_error == f"AADSTS{number}"
    assert told.code == error_messages.AADSTS[number].code
    assert told.cause.endswith(".")
    assert told.remedy
    assert NOISE not in f"{told} {told.remedy}"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("7000215", "client_secret_wrong"),
        ("7000222", "client_secret_expired"),
        ("700016", "app_not_in_tenant"),
        ("90002", "tenant_not_found"),
        ("700024", "clock_skew"),
        ("53003", "conditional_access"),
        ("7000112", "app_disabled"),
        ("90038", "tenant_in_other_cloud"),
        ("123456789", "sign_in_refused"),
    ],
)
def test_the_common_ones_are_told_apart(number: str, code: str) -> None:
    assert explain(entra(number)).code == code


def test_one_code_for_two_causes_is_told_by_its_reason() -> None:
    assert explain(entra("700027", "[Reason - The key was not found.]")).code == "certificate_unknown"
    assert explain(entra("700027", "[Reason - The key used is expired.]")).code == "certificate_expired"


def arm(status: int, code: str = "", headers: dict[str, str] | None = None) -> HttpResponseError:
    error = HttpResponseError(message=f"({code}) {NOISE}")
    error.status_code = status
    error.error = type("Body", (), {"code": code or None, "message": NOISE})()  # as ODataV4
    return error


@pytest.mark.parametrize("code", error_messages.ARM)
def test_each_code_of_resource_manager_has_words_of_its_own(code: str) -> None:
    told = explain(arm(400, code), "Microsoft.X/y/read")
    assert (told.sdk_error, told.code) == (code, error_messages.ARM[code].code)
    assert told.remedy
    assert NOISE not in f"{told} {told.remedy}"


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        (401, "token_refused", False),
        (403, "permission_denied", True),
        (404, "not_found", True),
        (429, "throttled", False),
        (500, "azure_unavailable", False),
        (503, "azure_unavailable", False),
        (418, "azure_refused", True),
        (302, "azure_refused", True),
    ],
)
def test_without_a_code_the_status_decides(status: int, code: str, permanent: bool) -> None:
    told = explain(arm(status))
    assert (told.code, told.permanent, told.sdk_error) == (code, permanent, str(status))


def test_a_code_in_strange_signs_is_not_shown() -> None:
    assert explain(arm(400, "<script>")).sdk_error == "400"


def test_a_denial_names_the_action() -> None:
    error = arm(403, "AuthorizationFailed")
    assert is_denied(error)
    assert "Microsoft.Compute/disks/read" in explain(error, "Microsoft.Compute/disks/read").cause
    assert not is_denied(arm(404))
    assert not is_denied(ProviderError("permission_denied", "x"))


def test_a_value_of_ours_stays_as_it_is() -> None:
    ours = ProviderError("a", "b")
    assert explain(ours) is ours


def wrapped(inner: BaseException) -> Exception:
    """As azure-identity tells everything: in a ClientAuthenticationError."""
    try:
        try:
            raise inner
        except Exception as error:
            raise ClientAuthenticationError(message=f"Authentication failed: {error}") from error
    except ClientAuthenticationError as outer:
        return outer


class NameResolutionError(Exception):
    """Of the same name as urllib3's."""


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        (http.ProxyError("x"), "proxy_refused"),
        (http.SSLError(ssl.SSLCertVerificationError(1, "x")), "tls_failed"),
        (http.SSLError(ssl.SSLEOFError(8, "x")), "network_unreachable"),
        (http.ConnectionError(NameResolutionError("x")), "network_dns"),
        (http.ConnectionError("x"), "network_unreachable"),
    ],
)
def test_what_the_network_does_is_told_apart(inner: Exception, code: str) -> None:
    for error in (ServiceRequestError(str(inner), error=inner), wrapped(ServiceRequestError(str(inner), error=inner))):
        told = explain(error)
        assert (told.code, told.sdk_error) == (code, "ServiceRequestError")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ServiceRequestTimeoutError("x"), "network_timeout"),
        (ServiceResponseTimeoutError("x"), "azure_timeout"),
        (ServiceResponseError("x"), "network_broken"),
    ],
)
def test_timeouts_and_broken_connections_can_pass(error: Any, code: str) -> None:
    for one in (error, wrapped(error)):
        told = explain(one)
        assert (told.code, told.permanent) == (code, False)


def test_a_tenant_that_msal_cannot_find_is_unknown() -> None:
    error = wrapped(ValueError("Unable to get authority configuration for https://login.microsoftonline.com/x."))
    assert explain(error).code == "tenant_not_found"


def test_another_refusal_at_discovery_is_not_a_wrong_tenant() -> None:
    error = ValueError("Unable to get authority configuration for x.")
    error.__context__ = ValueError("OIDC Discovery failed on https://x. HTTP status: 403, Error: blocked")
    assert explain(wrapped(error)).code == "permission_denied"


def test_an_error_without_any_sign_is_told_as_such() -> None:
    told = explain(RuntimeError(NOISE))
    assert (told.code, told.sdk_error) == ("azure_refused", "RuntimeError")
    assert NOISE not in str(told)
    assert azure_code(RuntimeError()) == "RuntimeError"
