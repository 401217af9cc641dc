"""AWS's and botocore's errors, each with its message in `error_messages`.

The SDK's message is read to distinguish cases (AWS puts several under one code) but never shown: it may echo parts of
the request. Codes: the "Common Errors" pages of the STS, IAM, EC2 and S3 API references; reasons of a denial:
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

import re
import ssl
from dataclasses import replace
from enum import StrEnum
from typing import Any

from botocore import exceptions as sdk

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.error_messages import ErrorMessage
from cloudaccounts.providers.aws import error_messages as messages


class Who(StrEnum):
    """Whose credentials the failed call used. The same code from AWS asks different people to act."""

    KEYS = "keys"
    ROLE = "role"
    SERVER = "server"


# The first that fits counts: ReadTimeoutError is an HTTPClientError as well.
_BY_TYPE: tuple[tuple[type[Exception], ErrorMessage], ...] = (
    (sdk.NoCredentialsError, messages.NO_SERVER_IDENTITY),
    (sdk.ProxyConnectionError, messages.PROXY),
    (sdk.SSLError, messages.TLS),
    (sdk.ConnectTimeoutError, messages.CONNECT_TIMEOUT),
    (sdk.ReadTimeoutError, messages.READ_TIMEOUT),
    (sdk.EndpointConnectionError, messages.UNREACHABLE),
    (sdk.HTTPClientError, messages.BROKEN),
    # Only this server's credentials are looked up by the SDK; customers' are given to it (see `client`).
    (sdk.CredentialRetrievalError, messages.SERVER_IDENTITY_UNREADABLE),
    (sdk.PartialCredentialsError, messages.SERVER_IDENTITY_UNREADABLE),
    (sdk.MetadataRetrievalError, messages.SERVER_IDENTITY_UNREADABLE),
    (sdk.ProfileNotFound, messages.SERVER_IDENTITY_UNREADABLE),
    (sdk.ConfigParseError, messages.SERVER_IDENTITY_UNREADABLE),
    (sdk.SSOError, messages.SERVER_IDENTITY_UNREADABLE),
    (sdk.LoginError, messages.SERVER_IDENTITY_UNREADABLE),
    (sdk.TokenRetrievalError, messages.SERVER_IDENTITY_UNREADABLE),
)

# What AWS writes after "because" and "with an explicit deny in" of an access-denied message.
_DENIALS = (
    (r"service control policy", "a service control policy of the organization"),
    (r"resource control policy", "a resource control policy of the organization"),
    (r"permissions boundary", "a permissions boundary"),
    (r"session policy", "a session policy"),
    (r"VPC endpoint policy", "a VPC endpoint policy"),
    (r"resource-based policy", "a resource-based policy"),
    (r"identity-based policy", "an identity-based policy"),
)


def aws_code(error: Exception) -> str:
    """AWS's own error id, or the SDK's exception name."""
    if isinstance(error, sdk.ClientError):
        return str(error.response.get("Error", {}).get("Code", "")) or str(_status(error))
    return type(error).__name__


def is_denied(error: Exception) -> bool:
    """AWS knows the identity and refuses the action. JSON services behind some gateways give only the HTTP status."""
    return isinstance(error, sdk.ClientError) and _message_for_code(error) is messages.DENIED


def denial_reason(error: Exception) -> str:
    """Which kind of policy denied, in words of ours; empty where AWS does not say."""
    message = _sdk_message(error)
    for pattern, words in _DENIALS:
        if re.search(pattern, message, re.IGNORECASE):
            return f"denied by {words}" if "explicit deny" in message.lower() else f"not allowed by {words}"
    return ""


def explain(error: Exception, who: Who, action: str = "") -> ProviderError:
    """The error as a value for people. ``action`` is the AWS action, named where a permission is missing.

    A `ProviderError` is returned as it is, so callers need not sort.
    """
    if isinstance(error, ProviderError):
        return error
    message = _message_for_code(error) if isinstance(error, sdk.ClientError) else _message_for_type(error)
    # The keys of a role's session are made and renewed by us. Where AWS refuses them the session has ended, and it
    # would be wrong to ask the customer for another key.
    if who is Who.ROLE and message in (messages.KEY_UNKNOWN, messages.TEMPORARY_REFUSED, messages.EXPIRED):
        message = messages.SESSION_ENDED
    if who is Who.SERVER and message.code in messages.SERVER_CAUSES:
        message = ErrorMessage("server_identity_invalid", messages.SERVER_CAUSES[message.code], messages.SERVER_REMEDY)
    if message is messages.DENIED:
        message = _denied(error, action)
    return message.to_error(aws_code(error))


def _denied(error: Exception, action: str) -> ErrorMessage:
    reason = denial_reason(error)
    # An error of its own: nobody in the account can lift what the organization denies.
    if "service control policy" in reason:
        return ErrorMessage(
            "denied_by_organization",
            f"A service control policy of the organization denies {action or 'this action'}.",
            "The administrators of the AWS organization must allow it in the service control policy.",
        )
    cause = f"AWS knows the identity and denies it {action}." if action else messages.DENIED.cause
    return replace(messages.DENIED, cause=f"{cause} It is {reason}." if reason else cause)


def _message_for_code(error: sdk.ClientError) -> ErrorMessage:
    code, status, sdk_message = aws_code(error), _status(error), _sdk_message(error).lower()
    # A wrong clock makes a wrong signature: only the message distinguishes it from a wrong secret.
    if code in ("SignatureDoesNotMatch", "InvalidSignatureException") and re.search(
        "signature expired|not yet current", sdk_message
    ):
        return messages.CLOCK
    if code == "RequestExpired" and "token" in sdk_message:
        return messages.EXPIRED
    if message := messages.BY_CODE.get(code):
        return message
    # Codes that are not known here: new services invent their own, and the HTTP status still says what kind it is.
    if status in (401, 403):
        return messages.DENIED
    if status == 429:
        return messages.THROTTLED
    return messages.UNAVAILABLE if status >= 500 else messages.UNEXPECTED


def _message_for_type(error: Exception) -> ErrorMessage:
    if isinstance(error, sdk.EndpointConnectionError) and _is_dns(error):
        return messages.DNS
    if isinstance(error, sdk.SSLError) and not _is_certificate(error):
        return messages.BROKEN
    return next((message for kind, message in _BY_TYPE if isinstance(error, kind)), messages.UNEXPECTED)


def _is_dns(error: sdk.EndpointConnectionError) -> bool:
    # botocore has no class for it: the cause is urllib3's error, which it keeps as an argument.
    inner: Any = error.kwargs.get("error")
    names = {type(inner).__name__, type(getattr(inner, "__cause__", None)).__name__}
    return bool(names & {"NameResolutionError", "gaierror"})


def _is_certificate(error: sdk.SSLError) -> bool:
    """A peer that hangs up during the handshake is an SSL error as well, but not one that an operator must fix."""
    inner: Any = error.kwargs.get("error")
    return "CERTIFICATE" in str(inner).upper() or isinstance(inner, ssl.SSLCertVerificationError)


def _status(error: sdk.ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _sdk_message(error: Exception) -> str:
    return str(error.response.get("Error", {}).get("Message", "")) if isinstance(error, sdk.ClientError) else ""
