"""Google's errors, told one by one: code, cause, remedy, and whether waiting helps.

The SDK's message is read to tell cases apart (Google puts several under one code) but never shown: it may echo parts of
the request. Sources: https://cloud.google.com/apis/design/errors (status and ErrorInfo.reason),
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
    Told,
)
from cloudaccounts.providers.gcp.permissions import enabling_command

_SERVICE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.googleapis\.com")
_CONSUMER = re.compile(r"projects/([a-z0-9-]{4,30})")
# gRPC's own words for a connection that failed or broke off.
_BROKEN = re.compile(
    r"failed to connect|andshake|SSL_ERROR|[Ss]ocket closed|[Cc]onnection (?:reset|refused)|recvmsg|end of TCP stream"
)


class Who(StrEnum):
    """Whose credentials the failed call used: the same answer from Google asks different people to act."""

    KEY = "key"
    SERVER = "server"  # this server's own identity, on its way into a customer's service account
    ACCOUNT = "account"  # the service account, once signed in


@dataclass(frozen=True, slots=True)
class Facts:
    """What Google told of an error, in words of its own that are safe to compare: status and reason are identifiers."""

    status: str  # "PERMISSION_DENIED", "invalid_grant"
    reason: str = ""  # ErrorInfo.reason: "SERVICE_DISABLED"
    service: str = ""  # ErrorInfo.metadata, held against a pattern
    consumer: str = ""  # the project that Google counts the call in, by id or number
    message: str = ""  # read only


def explain(error: Exception, who: Who = Who.ACCOUNT, doing: str = "") -> ProviderError:
    """The error as a value for people. ``doing`` is the permission, named where it is missing.

    A `ProviderError` is given back as it is, so callers need not sort.
    """
    if isinstance(error, ProviderError):
        return error
    if isinstance(error, api.RetryError) and isinstance(error.cause, Exception):
        return explain(error.cause, who, doing)
    if network := _network_kind(error):
        return _made(NETWORK[network], type(error).__name__)
    if isinstance(error, api.GoogleAPICallError):
        return _of_api(facts_of(error), doing)
    if isinstance(error, auth.OAuthError):
        return _of_sts(facts_of(error))
    if isinstance(error, auth.RefreshError):
        return _of_refresh(error, who)
    if isinstance(error, auth.DefaultCredentialsError):
        return _made(SERVER["missing" if "were not found" in str(error) else "unreadable"], type(error).__name__)
    if isinstance(error, auth.GoogleAuthError | ValueError) and who is Who.SERVER:
        return _made(SERVER["unreadable"], type(error).__name__)
    return _made(DEFAULT_API, type(error).__name__)


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
    told = data.get("error")
    if isinstance(told, dict):
        info: dict[str, Any] = next(
            (item for item in told.get("details", ()) if isinstance(item, dict) and "reason" in item), {}
        )
        return _facts(
            str(told.get("status", "")), info.get("reason", ""), info.get("metadata", {}), str(told.get("message", ""))
        )
    return Facts(str(told or ""), message=str(data.get("error_description", "")))


def is_denied(error: Exception) -> bool:
    """Google knows who asks and says no for want of a permission; an API that is off is another thing."""
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
    given = metadata if hasattr(metadata, "get") else {}
    service, consumer = str(given.get("service", "")), _CONSUMER.fullmatch(str(given.get("consumer", "")))
    return Facts(
        status,
        reason if re.fullmatch("[A-Z0-9_]{1,63}", reason) else "",
        service if _SERVICE.fullmatch(service) else "",
        consumer[1] if consumer else "",
        message or "",
    )


def _status_of_http(error: api.GoogleAPICallError) -> str:
    """REST errors whose body names no status (a gateway's)."""
    code = int(error.code or 0)
    known = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}
    known |= {429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}
    return known.get(code, "INTERNAL" if code >= 500 else "UNKNOWN")


def _made(told: Told, sdk_error: str, cause: str = "") -> ProviderError:
    return ProviderError(told.code, cause or told.cause, told.remedy, permanent=told.permanent, sdk_error=sdk_error)


def _of_api(facts: Facts, doing: str) -> ProviderError:
    if facts.reason == "SERVICE_DISABLED":
        return api_disabled([facts.service or "the API that was asked"], facts.consumer)
    told = BY_REASON.get(facts.reason) or BY_STATUS.get(facts.status, DEFAULT_API)
    if told is BY_STATUS["PERMISSION_DENIED"]:
        if "vpcservicecontrols" in re.sub("[^a-z]", "", facts.message.lower()):
            told = BY_REASON["SECURITY_POLICY_VIOLATED"]
        elif doing:
            return _made(told, facts.status, API_CAUSES["denied"].format(doing=doing))
    return _made(told, facts.reason or facts.status)


def _of_refresh(error: auth.RefreshError, who: Who) -> ProviderError:
    facts = facts_of(error)
    if str(error.args[0]).startswith("Unable to acquire impersonated credentials"):
        return _of_impersonation(facts)
    told = _grant(facts, bool(error.retryable))
    if who is Who.SERVER and told.permanent:
        told = SERVER["clock" if told.code == "clock_skew" else "refused"]
    return _made(told, facts.status or "RefreshError")


def _grant(facts: Facts, retryable: bool) -> Told:
    """The token endpoint's answer to a signed assertion."""
    said = facts.message.lower()
    if facts.status == "invalid_grant":
        if "reasonable timeframe" in said or "iat and exp" in said:
            return KEY["clock"]
        if "not found" in said:
            return KEY["account_missing"]
        if "disabled" in said:
            return KEY["account_disabled"]
        return KEY["refused"]
    if "rate" in facts.status.lower() or "RESOURCE_EXHAUSTED" in facts.status:
        return BY_STATUS["RESOURCE_EXHAUSTED"]
    if retryable:
        return BY_STATUS["UNAVAILABLE"]
    return KEY["unexpected"]


def _of_impersonation(facts: Facts) -> ProviderError:
    said = facts.message.lower()
    if facts.reason == "SERVICE_DISABLED":
        told = api_disabled([facts.service or "iamcredentials.googleapis.com"], facts.consumer)
        return ProviderError("server_api_disabled", told.cause, f"The operator must act. {told.remedy}",
                             sdk_error=told.sdk_error)  # fmt: skip
    if facts.status == "NOT_FOUND":
        return _made(IMPERSONATION["missing"], facts.status)
    if facts.status == "FAILED_PRECONDITION" or "disabled" in said:
        return _made(IMPERSONATION["disabled"], facts.status)
    if facts.status == "PERMISSION_DENIED":
        return _made(IMPERSONATION["denied"], facts.reason or facts.status)
    return _of_api(facts, "iam.serviceAccounts.getAccessToken")


def _of_sts(facts: Facts) -> ProviderError:
    said = facts.message.lower()
    if facts.status == "invalid_target":
        return _made(STS["target"], facts.status)
    if facts.status == "unauthorized_client":
        return _made(STS["condition"], facts.status)
    if facts.status == "invalid_grant":
        kind = "audience" if "audience" in said else "issuer" if "issuer" in said else "token"
        if "expired" in said or "stale" in said or "timeframe" in said:
            kind = "expired"
        return _made(STS[kind], facts.status)
    if facts.status in ("temporarily_unavailable", "server_error", "internal_failure") or not facts.status:
        return _made(BY_STATUS["UNAVAILABLE"], facts.status or "OAuthError")
    return _made(STS["unexpected"], facts.status)


def _network_kind(error: Exception) -> str:
    """Which way the network failed; empty where Google answered."""
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
    """gRPC tells a network failure as UNAVAILABLE, with the cause in the message alone."""
    if "plugin" in message:
        return "renewal"
    if "HTTP proxy returned response code" in message:
        return "proxy"
    if "CERTIFICATE_VERIFY_FAILED" in message:
        return "tls"
    if "DNS resolution failed" in message or "Domain name not found" in message:
        return "dns"
    return "broken" if _BROKEN.search(message) else ""
