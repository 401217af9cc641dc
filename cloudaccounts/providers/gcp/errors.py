"""Google's errors, each with its message in `error_messages`.

The SDK's message is read to distinguish cases (Google puts several under one code) but never shown: it may echo parts
of the request. Sources: https://cloud.google.com/apis/design/errors (status and ErrorInfo.reason),
https://developers.google.com/identity/protocols/oauth2/service-account#error-codes (token endpoint),
https://cloud.google.com/iam/docs/troubleshooting-workload-identity-federation (STS).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.error_messages import ErrorMessage
from cloudaccounts.providers.gcp.error_messages import (
    API_CAUSES,
    BY_REASON,
    BY_STATUS,
    DEFAULT_API,
    IMPERSONATION,
    KEY,
    NETWORK,
    SERVER,
    STS,
)
from cloudaccounts.providers.gcp.permissions import enabling_command

_SERVICE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.googleapis\.com")
_CONSUMER = re.compile(r"projects/([a-z0-9-]{4,30})")
# What calls through the SDK, over gRPC or REST, may raise: the argument of `explain`.
SDK_ERRORS = (api.GoogleAPICallError, api.RetryError, auth.GoogleAuthError, requests.exceptions.RequestException)
# gRPC's own words for a connection that failed or broke off.
_BROKEN = re.compile(
    r"failed to connect|andshake|SSL_ERROR|[Ss]ocket closed|[Cc]onnection (?:reset|refused)|recvmsg|end of TCP stream"
)


class Who(StrEnum):
    """Whose credentials the failed call used. The same answer from Google asks different people to act."""

    KEY = "key"
    SERVER = "server"  # this server's own identity, on its way into a customer's service account
    ACCOUNT = "account"  # the service account, once signed in


@dataclass(frozen=True, slots=True)
class Facts:
    """What Google says about an error, in identifiers that are safe to compare and to show; the message is only
    compared.
    """

    status: str  # "PERMISSION_DENIED", "invalid_grant"
    reason: str = ""  # ErrorInfo.reason: "SERVICE_DISABLED"
    service: str = ""  # ErrorInfo.metadata, checked against a pattern
    consumer: str = ""  # the project whose quota the call counts against, by id or number
    message: str = ""  # never shown


def explain(error: Exception, who: Who = Who.ACCOUNT, permission: str = "") -> ProviderError:
    """The error as a value for people. ``permission`` is named where it is missing.

    A `ProviderError` is returned as it is, so callers need not sort.
    """
    if isinstance(error, ProviderError):
        return error
    # The retry's own error says only that time is up; what Google answered is its cause.
    if isinstance(error, api.RetryError) and isinstance(error.cause, Exception):
        return explain(error.cause, who, permission)
    # Before the API's errors: gRPC reports a broken connection as one of them (UNAVAILABLE).
    if network := _network_kind(error):
        return NETWORK[network].to_error(type(error).__name__)
    if isinstance(error, api.GoogleAPICallError):
        return _of_api(facts_of(error), permission)
    if isinstance(error, auth.OAuthError):
        return _of_sts(facts_of(error))
    if isinstance(error, auth.RefreshError):
        return _of_refresh(error, who)
    if isinstance(error, auth.DefaultCredentialsError):
        return SERVER["missing" if "were not found" in str(error) else "unreadable"].to_error(type(error).__name__)
    if isinstance(error, auth.GoogleAuthError | ValueError) and who is Who.SERVER:
        return SERVER["unreadable"].to_error(type(error).__name__)
    return DEFAULT_API.to_error(type(error).__name__)


def facts_of(error: Exception) -> Facts:
    """Of an API's error (gRPC or REST) or of a token endpoint's."""
    if isinstance(error, api.GoogleAPICallError):
        status = error.grpc_status_code
        name = status.name if status is not None else _status_of_http(error)
        return _facts(name, error.reason or "", error.metadata or {}, error.message)
    data: Any = error.args[1] if len(error.args) > 1 else None
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except ValueError:
            data = None
    if not isinstance(data, dict):
        return Facts("", message=str(error))
    error_body = data.get("error")
    if isinstance(error_body, dict):
        info: dict[str, Any] = next(
            (item for item in error_body.get("details", ()) if isinstance(item, dict) and "reason" in item), {}
        )
        return _facts(
            str(error_body.get("status", "")),
            info.get("reason", ""),
            info.get("metadata", {}),
            str(error_body.get("message", "")),
        )
    return Facts(str(error_body or ""), message=str(data.get("error_description", "")))


def is_denied(error: Exception) -> bool:
    """Google knows the identity, and it lacks a permission. An API that is not enabled is another case."""
    return isinstance(error, api.GoogleAPICallError) and explain(error).code == "permission_denied"


def disabled_api(error: Exception) -> str:
    """The API that is not enabled, where that is the cause; else empty."""
    facts = facts_of(error) if isinstance(error, api.GoogleAPICallError) else Facts("")
    return facts.service or "unknown" if facts.reason == "SERVICE_DISABLED" else ""


def api_disabled(apis: list[str], host_project: str) -> ProviderError:
    """``host_project`` is the one in which the service account lives, by id or number."""
    named = ", ".join(apis)
    where = f" in the project {host_project}" if host_project else " in the project of the service account"
    command = f" Run: {enabling_command(apis, host_project)}" if host_project else ""
    return ProviderError(
        "api_disabled",
        f"{'These APIs are' if len(apis) > 1 else 'This API is'} not enabled{where}: {named}.",
        f"Enable it at https://console.cloud.google.com/apis/library/{apis[0]}"
        f"{f'?project={host_project}' if host_project else ''} and check again in a few minutes.{command}",
        sdk_error="SERVICE_DISABLED",
    )


def _facts(status: str, reason: str, metadata: Any, message: str | None) -> Facts:
    fields = metadata if hasattr(metadata, "get") else {}
    service, consumer = str(fields.get("service", "")), _CONSUMER.fullmatch(str(fields.get("consumer", "")))
    return Facts(
        status,
        reason if re.fullmatch("[A-Z0-9_]{1,63}", reason) else "",
        service if _SERVICE.fullmatch(service) else "",
        consumer[1] if consumer else "",
        message or "",
    )


def _status_of_http(error: api.GoogleAPICallError) -> str:
    """For REST errors whose body has no status, such as a gateway's."""
    code = int(error.code or 0)
    known = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}
    known |= {429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}
    return known.get(code, "INTERNAL" if code >= 500 else "UNKNOWN")


def _of_api(facts: Facts, permission: str) -> ProviderError:
    if facts.reason == "SERVICE_DISABLED":
        return api_disabled([facts.service or "the API that was asked"], facts.consumer)
    # The reason first: one status stands for many causes.
    message = BY_REASON.get(facts.reason) or BY_STATUS.get(facts.status, DEFAULT_API)
    if message is BY_STATUS["PERMISSION_DENIED"]:
        # Some answers name a VPC Service Controls perimeter only in the message.
        if "vpcservicecontrols" in re.sub("[^a-z]", "", facts.message.lower()):
            message = BY_REASON["SECURITY_POLICY_VIOLATED"]
        elif permission:
            return message.to_error(facts.status, cause=API_CAUSES["denied"].format(permission=permission))
    return message.to_error(facts.reason or facts.status)


def _of_refresh(error: auth.RefreshError, who: Who) -> ProviderError:
    facts = facts_of(error)
    if str(error.args[0]).startswith("Unable to acquire impersonated credentials"):
        return _of_impersonation(facts)
    message = _message_for_grant(facts, bool(error.retryable))
    # A temporary failure says nothing about the identity, whosever it is.
    # Google's words are about a key; here it is this server's, which the customer has never seen.
    if who is Who.SERVER and message.permanent:
        message = SERVER["clock" if message.code == "clock_skew" else "refused"]
    return message.to_error(facts.status or "RefreshError")


def _message_for_grant(facts: Facts, retryable: bool) -> ErrorMessage:
    """For the token endpoint's answer to a signed assertion."""
    sdk_message = facts.message.lower()
    if facts.status == "invalid_grant":
        if "reasonable timeframe" in sdk_message or "iat and exp" in sdk_message:
            return KEY["clock"]
        if "not found" in sdk_message:
            return KEY["account_missing"]
        if "disabled" in sdk_message:
            return KEY["account_disabled"]
        return KEY["refused"]
    if "rate" in facts.status.lower() or "RESOURCE_EXHAUSTED" in facts.status:
        return BY_STATUS["RESOURCE_EXHAUSTED"]
    if retryable:
        return BY_STATUS["UNAVAILABLE"]
    return KEY["unexpected"]


def _of_impersonation(facts: Facts) -> ProviderError:
    sdk_message = facts.message.lower()
    if facts.reason == "SERVICE_DISABLED":
        # Impersonation calls this API in the project of this server's own service account: not the customer's concern.
        disabled = api_disabled([facts.service or "iamcredentials.googleapis.com"], facts.consumer)
        return ProviderError(
            "server_api_disabled",
            disabled.cause,
            f"The operator must act. {disabled.remedy}",
            sdk_error=disabled.sdk_error,
        )
    if facts.status == "NOT_FOUND":
        return IMPERSONATION["missing"].to_error(facts.status)
    if facts.status == "FAILED_PRECONDITION" or "disabled" in sdk_message:
        return IMPERSONATION["disabled"].to_error(facts.status)
    if facts.status == "PERMISSION_DENIED":
        return IMPERSONATION["denied"].to_error(facts.reason or facts.status)
    return _of_api(facts, "iam.serviceAccounts.getAccessToken")


def _of_sts(facts: Facts) -> ProviderError:
    sdk_message = facts.message.lower()
    if facts.status == "invalid_target":
        return STS["target"].to_error(facts.status)
    if facts.status == "unauthorized_client":
        return STS["condition"].to_error(facts.status)
    if facts.status == "invalid_grant":
        kind = "audience" if "audience" in sdk_message else "issuer" if "issuer" in sdk_message else "token"
        if "expired" in sdk_message or "stale" in sdk_message or "timeframe" in sdk_message:
            kind = "expired"
        return STS[kind].to_error(facts.status)
    if facts.status in ("temporarily_unavailable", "server_error", "internal_failure") or not facts.status:
        return BY_STATUS["UNAVAILABLE"].to_error(facts.status or "OAuthError")
    return STS["unexpected"].to_error(facts.status)


def _network_kind(error: Exception) -> str:
    """How the network failed, as a key of `NETWORK`; empty where Google answered."""
    inner = error
    if isinstance(error, auth.TransportError) and error.args and isinstance(error.args[0], Exception):
        inner = error.args[0]
    if isinstance(inner, requests.exceptions.RequestException):
        return _requests_kind(inner)
    if isinstance(error, auth.TransportError):
        return "broken"
    if isinstance(error, api.DeadlineExceeded | api.GatewayTimeout):
        return "timeout"
    if isinstance(error, api.ServiceUnavailable) and error.grpc_status_code is not None:
        return _grpc_kind(error.message or "")
    return ""


def _requests_kind(error: requests.exceptions.RequestException) -> str:
    if isinstance(error, requests.exceptions.ProxyError):
        return "proxy"
    if isinstance(error, requests.exceptions.SSLError):
        return "tls" if "CERTIFICATE_VERIFY_FAILED" in str(error) else "broken"
    if isinstance(error, requests.exceptions.Timeout):
        return "timeout"
    text = str(error)
    return "dns" if "NameResolution" in text or "gaierror" in text or "resolve" in text else "broken"


def _grpc_kind(message: str) -> str:
    """gRPC reports a network failure as UNAVAILABLE, with the cause only in the message."""
    if "plugin" in message:
        return "renewal"
    if "HTTP proxy returned response code" in message:
        return "proxy"
    if "CERTIFICATE_VERIFY_FAILED" in message:
        return "tls"
    if "DNS resolution failed" in message or "Domain name not found" in message:
        return "dns"
    return "broken" if _BROKEN.search(message) else ""
