"""AWS's and botocore's errors, told one by one: code, cause, remedy, and whether waiting helps.

The SDK's message is read to tell cases apart (AWS puts several under one code) but never shown: it may echo parts of
the request. Codes: the "Common Errors" pages of the STS, IAM, EC2 and S3 API references; reasons of a denial:
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botocore import exceptions as sdk

from cloudaccounts.contract.errors import ProviderError


class Who(StrEnum):
    """Whose credentials the failed call used: the same code from AWS asks different people to act."""

    KEYS = "keys"
    ROLE = "role"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Told:
    code: str
    cause: str
    remedy: str = ""
    permanent: bool = True


_KEY_UNKNOWN = Told(
    "access_key_refused",
    "AWS does not accept this access key: it does not exist or was deleted, or it is inactive, or the account is in "
    "another partition. AWS gives the same answer for all of these.",
    "In IAM, on the user's page under Security credentials, look for the key and activate it, or make a new one. A key "
    "made less than a minute ago may need a moment.",
)
_TEMPORARY_REFUSED = Told(
    "session_token_invalid",
    "AWS does not accept this temporary key with this session token: they are not of one set, or were revoked.",
    "Copy key, secret and token again, all three from the same answer.",
)
_SECRET_WRONG = Told(
    "secret_access_key_wrong",
    "The access key exists, but the secret does not belong to it.",
    "Copy the secret again, without anything around it. A lost secret cannot be shown again: make a new key.",
)
_EXPIRED = Told(
    "credentials_expired",
    "These temporary credentials have expired.",
    "Get new ones, or use a cross-account role, which does not expire.",
)
_SESSION_ENDED = Told(
    "session_ended",
    "AWS no longer accepts the session of the assumed role: it has ended, or the role was deleted or made anew.",
    "Try again: the role is then assumed anew.",
    permanent=False,
)
_TOKEN_MISSING = Told(
    "session_token_missing",
    "AWS got no valid session token with this temporary key.",
    "Paste the session token that was given with the key.",
)
_CLOCK = Told(
    "clock_skew",
    "The clock of this server is wrong: AWS refuses requests signed more than 5 to 15 minutes off its own time.",
    "The operator of this server must set its clock (for example by NTP).",
)
_DENIED = Told(
    "permission_denied",
    "AWS knows the identity and denies it this action.",
    "Grant the permission, or look for a policy that denies it.",
)
_THROTTLED = Told(
    "throttled",
    "AWS is limiting the rate of requests for this account.",
    "Wait a minute and try again; other tools may be using up the account's limit.",
    permanent=False,
)
_UNAVAILABLE = Told(
    "aws_unavailable", "AWS answered with a failure of its own.", "Try again in a few minutes.", permanent=False
)
_STS_REGION = Told(
    "sts_region_disabled",
    "The account of this identity has switched off AWS STS in the region that was asked.",
    "In IAM, Account settings, activate STS for that region, or choose a region that is always enabled first.",
)
_NOT_SIGNED_UP = Told(
    "service_not_subscribed",
    "The account is not signed up for this service, or AWS is still activating the account.",
    "Sign in to the AWS console as the account's owner and complete the registration. A new account can take 24 hours.",
)
_SUSPENDED = Told(
    "account_suspended",
    "AWS reports a problem with the account itself; it may be suspended or closed.",
    "The account's owner must contact AWS Support.",
)

_BY_CODE: dict[str, Told] = {
    **dict.fromkeys(
        ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"), _KEY_UNKNOWN
    ),
    **dict.fromkeys(("InvalidToken", "InvalidTokenException"), _TEMPORARY_REFUSED),
    **dict.fromkeys(("SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"), _SECRET_WRONG),
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"), _EXPIRED),
    **dict.fromkeys(("MissingAuthenticationToken", "MissingAuthenticationTokenException"), _TOKEN_MISSING),
    **dict.fromkeys(("RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"), _CLOCK),
    **dict.fromkeys(
        (
            *("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedAccess"),
            *("AllAccessDisabled", "NotAuthorized", "AuthorizationError", "Forbidden"),
        ),
        _DENIED,
    ),
    **dict.fromkeys(
        (
            *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "SlowDown"),
            *(
                "RequestThrottledException",
                "TooManyRequestsException",
                "RequestLimitExceeded",
                "BandwidthLimitExceeded",
            ),
            *("LimitExceededException", "PriorRequestNotComplete", "EC2ThrottledException", "429"),
        ),
        _THROTTLED,
    ),
    **dict.fromkeys(
        ("InternalFailure", "InternalError", "InternalServerError", "ServiceUnavailable", "Unavailable"), _UNAVAILABLE
    ),
    **dict.fromkeys(("RequestTimeout", "RequestTimeoutException"), _UNAVAILABLE),
    "RegionDisabledException": _STS_REGION,
    **dict.fromkeys(("OptInRequired", "SubscriptionRequiredException", "PendingVerification"), _NOT_SIGNED_UP),
    **dict.fromkeys(("AccountProblem", "Blocked"), _SUSPENDED),
}

# The same refusals, where it is this server's own identity that AWS refuses: the operator must act, not the customer.
_SERVER_REMEDY = "The operator must renew the AWS credentials of this server; nothing is wrong with the role."
_SERVER = {
    "access_key_refused": "AWS does not accept this server's own identity: its key is unknown, deleted or inactive.",
    "session_token_invalid": "AWS does not accept the temporary credentials of this server's own identity.",
    "session_token_missing": "The temporary credentials of this server's own identity lack their session token.",
    "secret_access_key_wrong": "The secret of this server's own AWS identity is wrong.",
    "credentials_expired": "The credentials of this server's own AWS identity have expired.",
}

_NO_SERVER_IDENTITY = Told(
    "server_identity_missing",
    "This server has no AWS identity to assume roles with.",
    "The operator must give this server AWS credentials of its own (an instance or task role, web identity, a "
    "profile, or "
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in its environment). Until then, use access keys.",
)
_SERVER_IDENTITY_UNREADABLE = Told(
    "server_identity_invalid",
    "This server is set up with an AWS identity, but its credentials cannot be obtained.",
    "The operator must check this server's AWS profile, environment and metadata service.",
)

_TIMEOUT_REMEDY = "Try again; if it stays so, the operator must check this server's network and proxy."
_BROKEN = Told("network_broken", "The connection to AWS broke off.", _TIMEOUT_REMEDY, permanent=False)
_BY_TYPE: tuple[tuple[type[Exception], Told], ...] = (
    (sdk.NoCredentialsError, _NO_SERVER_IDENTITY),
    (
        sdk.ProxyConnectionError,
        Told(
            "proxy_refused",
            "The proxy between this server and the internet refused or failed to connect to AWS.",
            "The operator must allow the host names of AWS in the proxy (HTTPS_PROXY).",
            permanent=False,
        ),
    ),
    (
        sdk.SSLError,
        Told(
            "tls_failed",
            "The encrypted connection to AWS could not be verified: this server does not trust the certificate.",
            "If a company proxy opens TLS, the operator must point AWS_CA_BUNDLE at its certificate authority.",
        ),
    ),
    (
        sdk.ConnectTimeoutError,
        Told("network_timeout", "AWS could not be reached in time.", _TIMEOUT_REMEDY, permanent=False),
    ),
    (
        sdk.ReadTimeoutError,
        Told("aws_timeout", "AWS accepted the request but did not answer in time.", _TIMEOUT_REMEDY, permanent=False),
    ),
    (
        sdk.EndpointConnectionError,
        Told("network_unreachable", "AWS could not be reached from this server.", _TIMEOUT_REMEDY, permanent=False),
    ),
    (sdk.HTTPClientError, _BROKEN),
    (sdk.CredentialRetrievalError, _SERVER_IDENTITY_UNREADABLE),
    (sdk.PartialCredentialsError, _SERVER_IDENTITY_UNREADABLE),
    (sdk.MetadataRetrievalError, _SERVER_IDENTITY_UNREADABLE),
    (sdk.ProfileNotFound, _SERVER_IDENTITY_UNREADABLE),
    (sdk.ConfigParseError, _SERVER_IDENTITY_UNREADABLE),
    (sdk.SSOError, _SERVER_IDENTITY_UNREADABLE),
    (sdk.LoginError, _SERVER_IDENTITY_UNREADABLE),
    (sdk.TokenRetrievalError, _SERVER_IDENTITY_UNREADABLE),
)
_DNS = Told(
    "network_dns",
    "The host name of AWS could not be resolved.",
    "The operator must check this server's DNS, or set HTTPS_PROXY where only a proxy may reach the internet.",
    permanent=False,
)
_UNEXPECTED = Told(
    "aws_refused",
    "AWS refused the request for a reason that is not known here.",
    "Try again; if it stays so, look the error id up in the AWS documentation.",
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
    """AWS knows who asks and says no. JSON services behind some gateways give only the HTTP status."""
    return isinstance(error, sdk.ClientError) and _told_of(error) is _DENIED


def denial_reason(error: Exception) -> str:
    """Which kind of policy denied, in words of ours; empty where AWS does not tell."""
    message = _message(error)
    for pattern, words in _DENIALS:
        if re.search(pattern, message, re.IGNORECASE):
            return f"denied by {words}" if "explicit deny" in message.lower() else f"not allowed by {words}"
    return ""


def explain(error: Exception, who: Who, doing: str = "") -> ProviderError:
    """The error as a value for people. ``doing`` is the AWS action, named where a permission is missing.

    A `ProviderError` is given back as it is, so callers need not sort.
    """
    if isinstance(error, ProviderError):
        return error
    told = _told_of(error) if isinstance(error, sdk.ClientError) else _told_of_type(error)
    if who is Who.ROLE and told in (_KEY_UNKNOWN, _TEMPORARY_REFUSED, _EXPIRED):
        told = _SESSION_ENDED
    if who is Who.SERVER and told.code in _SERVER:
        told = Told("server_identity_invalid", _SERVER[told.code], _SERVER_REMEDY)
    cause = told.cause
    if told is _DENIED:
        told, cause = _denied(error, doing)
    return ProviderError(told.code, cause, told.remedy, permanent=told.permanent, sdk_error=aws_code(error))


def _denied(error: Exception, doing: str) -> tuple[Told, str]:
    reason = denial_reason(error)
    if "service control policy" in reason:
        told = Told(
            "denied_by_organization",
            "",
            "The administrators of the AWS organization must allow it in the service control policy.",
        )
        return told, f"A service control policy of the organization denies {doing or 'this action'}."
    asked = f"AWS knows the identity and denies it {doing}." if doing else _DENIED.cause
    return _DENIED, f"{asked} It is {reason}." if reason else asked


def _told_of(error: sdk.ClientError) -> Told:
    code, status, message = aws_code(error), _status(error), _message(error).lower()
    if code in ("SignatureDoesNotMatch", "InvalidSignatureException") and re.search(
        "signature expired|not yet current", message
    ):
        return _CLOCK
    if code == "RequestExpired" and "token" in message:
        return _EXPIRED
    if told := _BY_CODE.get(code):
        return told
    if status in (401, 403):
        return _DENIED
    if status == 429:
        return _THROTTLED
    return _UNAVAILABLE if status >= 500 else _UNEXPECTED


def _told_of_type(error: Exception) -> Told:
    if isinstance(error, sdk.EndpointConnectionError) and _is_dns(error):
        return _DNS
    if isinstance(error, sdk.SSLError) and not _is_certificate(error):
        return _BROKEN
    return next((told for kind, told in _BY_TYPE if isinstance(error, kind)), _UNEXPECTED)


def _is_dns(error: sdk.EndpointConnectionError) -> bool:
    inner: Any = error.kwargs.get("error")
    names = {type(inner).__name__, type(getattr(inner, "__cause__", None)).__name__}
    return bool(names & {"NameResolutionError", "gaierror"})


def _is_certificate(error: sdk.SSLError) -> bool:
    """A peer that hangs up within the handshake is an SSL error as well, but not one that an operator must mend."""
    inner: Any = error.kwargs.get("error")
    return "CERTIFICATE" in str(inner).upper() or isinstance(inner, ssl.SSLCertVerificationError)


def _status(error: sdk.ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _message(error: Exception) -> str:
    return str(error.response.get("Error", {}).get("Message", "")) if isinstance(error, sdk.ClientError) else ""
