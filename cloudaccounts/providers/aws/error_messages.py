"""What AWS's error codes mean, in words. Data only: no SDK, no Django."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cloudaccounts.provider_kit.error_messages import ErrorMessage

# All causes in one text, since AWS does not tell them apart: naming one of them would be wrong for the others.
KEY_UNKNOWN = ErrorMessage(
    "access_key_refused",
    "AWS does not accept this access key: it does not exist or was deleted, or it is inactive, or the account is in "
    "another partition. AWS gives the same answer for all of these.",
    "In IAM, on the user's page under Security credentials, look for the key and activate it, or make a new one. A key "
    "made less than a minute ago may need a moment.",
)
TEMPORARY_REFUSED = ErrorMessage(
    "session_token_invalid",
    "AWS does not accept this temporary key with this session token: they are not of one set, or were revoked.",
    "Copy key, secret and token again, all three from the same answer.",
)
_SECRET_WRONG = ErrorMessage(
    "secret_access_key_wrong",
    "The access key exists, but the secret does not belong to it.",
    "Copy the secret again, without anything around it. A lost secret cannot be shown again: make a new key.",
)
EXPIRED = ErrorMessage(
    "credentials_expired",
    "These temporary credentials have expired.",
    "Get new ones, or use a cross-account role, which does not expire.",
)
# Of a role's session, where the customer's credential is the role: nothing needs to be replaced.
SESSION_ENDED = ErrorMessage(
    "session_ended",
    "AWS no longer accepts the session of the assumed role: it has ended, or the role was deleted or made anew.",
    "Try again: the role is then assumed anew.",
    permanent=False,
)
_TOKEN_MISSING = ErrorMessage(
    "session_token_missing",
    "AWS got no valid session token with this temporary key.",
    "Paste the session token that was given with the key.",
)
# AWS's own tolerance differs by service, hence the range.
CLOCK = ErrorMessage(
    "clock_skew",
    "The clock of this server is wrong: AWS refuses requests signed more than 5 to 15 minutes off its own time.",
    "The operator of this server must set its clock (for example by NTP).",
)
DENIED = ErrorMessage(
    "permission_denied",
    "AWS knows the identity and denies it this action.",
    "Grant the permission, or look for a policy that denies it.",
)
THROTTLED = ErrorMessage(
    "throttled",
    "AWS is limiting the rate of requests for this account.",
    "Wait a minute and try again; other tools may be using up the account's limit.",
    permanent=False,
)
UNAVAILABLE = ErrorMessage(
    "aws_unavailable", "AWS answered with a failure of its own.", "Try again in a few minutes.", permanent=False
)
_STS_REGION = ErrorMessage(
    "sts_region_disabled",
    "The account of this identity has switched off AWS STS in the region that was asked.",
    "In IAM, Account settings, activate STS for that region, or choose a region that is always enabled first.",
)
_NOT_SIGNED_UP = ErrorMessage(
    "service_not_subscribed",
    "The account is not signed up for this service, or AWS is still activating the account.",
    "Sign in to the AWS console as the account's owner and complete the registration. A new account can take 24 hours.",
)
_SUSPENDED = ErrorMessage(
    "account_suspended",
    "AWS reports a problem with the account itself; it may be suspended or closed.",
    "The account's owner must contact AWS Support.",
)

BY_CODE: Mapping[str, ErrorMessage] = MappingProxyType(
    {
        # STS, IAM, EC2 and S3 name the same refusal differently.
        "InvalidClientTokenId": KEY_UNKNOWN,
        "UnrecognizedClientException": KEY_UNKNOWN,
        "InvalidAccessKeyId": KEY_UNKNOWN,
        "AuthFailure": KEY_UNKNOWN,
        "InvalidToken": TEMPORARY_REFUSED,
        "InvalidTokenException": TEMPORARY_REFUSED,
        "SignatureDoesNotMatch": _SECRET_WRONG,
        "InvalidSignatureException": _SECRET_WRONG,
        "IncompleteSignature": _SECRET_WRONG,
        "ExpiredToken": EXPIRED,
        "ExpiredTokenException": EXPIRED,
        "TokenRefreshRequired": EXPIRED,
        "MissingAuthenticationToken": _TOKEN_MISSING,
        "MissingAuthenticationTokenException": _TOKEN_MISSING,
        "RequestTimeTooSkewed": CLOCK,
        "RequestExpired": CLOCK,
        "RequestInTheFuture": CLOCK,
        "AccessDenied": DENIED,
        "AccessDeniedException": DENIED,
        "UnauthorizedOperation": DENIED,
        "UnauthorizedAccess": DENIED,
        "AllAccessDisabled": DENIED,
        "NotAuthorized": DENIED,
        "AuthorizationError": DENIED,
        "Forbidden": DENIED,
        "Throttling": THROTTLED,
        "ThrottlingException": THROTTLED,
        "ThrottledException": THROTTLED,
        "RequestThrottled": THROTTLED,
        "SlowDown": THROTTLED,
        "RequestThrottledException": THROTTLED,
        "TooManyRequestsException": THROTTLED,
        "RequestLimitExceeded": THROTTLED,
        "BandwidthLimitExceeded": THROTTLED,
        "LimitExceededException": THROTTLED,
        "PriorRequestNotComplete": THROTTLED,
        "EC2ThrottledException": THROTTLED,
        "429": THROTTLED,
        "InternalFailure": UNAVAILABLE,
        "InternalError": UNAVAILABLE,
        "InternalServerError": UNAVAILABLE,
        "ServiceUnavailable": UNAVAILABLE,
        "Unavailable": UNAVAILABLE,
        # AWS gave up waiting for the rest of our request: trying again is all that can be done.
        "RequestTimeout": UNAVAILABLE,
        "RequestTimeoutException": UNAVAILABLE,
        "RegionDisabledException": _STS_REGION,
        "OptInRequired": _NOT_SIGNED_UP,
        "SubscriptionRequiredException": _NOT_SIGNED_UP,
        "PendingVerification": _NOT_SIGNED_UP,
        "AccountProblem": _SUSPENDED,
        "Blocked": _SUSPENDED,
    }
)

# The same refusals, where it is this server's own identity that AWS refuses: the operator must act, not the customer.
SERVER_REMEDY = "The operator must renew the AWS credentials of this server; nothing is wrong with the role."
SERVER_CAUSES = {
    "access_key_refused": "AWS does not accept this server's own identity: its key is unknown, deleted or inactive.",
    "session_token_invalid": "AWS does not accept the temporary credentials of this server's own identity.",
    "session_token_missing": "The temporary credentials of this server's own identity lack their session token.",
    "secret_access_key_wrong": "The secret of this server's own AWS identity is wrong.",
    "credentials_expired": "The credentials of this server's own AWS identity have expired.",
}

NO_SERVER_IDENTITY = ErrorMessage(
    "server_identity_missing",
    "This server has no AWS identity to assume roles with.",
    "The operator must give this server AWS credentials of its own (an instance or task role, web identity, a "
    "profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in its environment). Until then, use access keys.",
)
SERVER_IDENTITY_UNREADABLE = ErrorMessage(
    "server_identity_invalid",
    "This server is set up with an AWS identity, but its credentials cannot be obtained.",
    "The operator must check this server's AWS profile, environment and metadata service.",
)

_NETWORK_REMEDY = "Try again; if it stays so, the operator must check this server's network and proxy."
BROKEN = ErrorMessage("network_broken", "The connection to AWS broke off.", _NETWORK_REMEDY, permanent=False)
PROXY = ErrorMessage(
    "proxy_refused",
    "The proxy between this server and the internet refused or failed to connect to AWS.",
    "The operator must allow the host names of AWS in the proxy (HTTPS_PROXY).",
    permanent=False,
)
# Permanent, unlike the other failures of the network: a certificate that is not trusted now will not be later.
TLS = ErrorMessage(
    "tls_failed",
    "The encrypted connection to AWS could not be verified: this server does not trust the certificate.",
    "If a company proxy opens TLS, the operator must point AWS_CA_BUNDLE at its certificate authority.",
)
CONNECT_TIMEOUT = ErrorMessage("network_timeout", "AWS could not be reached in time.", _NETWORK_REMEDY, permanent=False)
READ_TIMEOUT = ErrorMessage(
    "aws_timeout", "AWS accepted the request but did not answer in time.", _NETWORK_REMEDY, permanent=False
)
UNREACHABLE = ErrorMessage(
    "network_unreachable", "AWS could not be reached from this server.", _NETWORK_REMEDY, permanent=False
)
DNS = ErrorMessage(
    "network_dns",
    "The host name of AWS could not be resolved.",
    "The operator must check this server's DNS, or set HTTPS_PROXY where only a proxy may reach the internet.",
    permanent=False,
)
UNEXPECTED = ErrorMessage(
    "aws_refused",
    "AWS refused the request for a reason that is not known here.",
    "Try again; if it stays so, look the error id up in the AWS documentation.",
)
