"""What Google's errors mean, in words. Data only: no SDK, no Django. Which error gets which message is in `errors`."""

from __future__ import annotations

from cloudaccounts.provider_kit.error_messages import ErrorMessage

_NETWORK_REMEDY = "Try again; if it stays so, the operator must check this server's network and proxy."
NETWORK: dict[str, ErrorMessage] = {
    "proxy": ErrorMessage(
        "proxy_refused",
        "The proxy between this server and the internet refused or failed to connect to Google Cloud.",
        "The operator must allow *.googleapis.com in the proxy (HTTPS_PROXY and https_proxy).",
        permanent=False,
    ),
    # Permanent, unlike the other failures of the network: a certificate that is not trusted now will not be later.
    "tls": ErrorMessage(
        "tls_failed",
        "The encrypted connection to Google Cloud could not be verified: the certificate is not one that this server "
        "trusts.",
        "If a company proxy opens TLS, the operator must point REQUESTS_CA_BUNDLE and GRPC_DEFAULT_SSL_ROOTS_FILE_PATH "
        "at its certificate authority.",
    ),
    "timeout": ErrorMessage(
        "network_timeout", "Google Cloud did not answer in time.", _NETWORK_REMEDY, permanent=False
    ),
    "dns": ErrorMessage(
        "network_dns",
        "The host name of Google Cloud could not be resolved.",
        "The operator must check this server's DNS, or set HTTPS_PROXY and https_proxy where only a proxy may reach "
        "the internet.",
        permanent=False,
    ),
    "broken": ErrorMessage(
        "network_unreachable", "Google Cloud could not be reached from this server.", _NETWORK_REMEDY, permanent=False
    ),
    "renewal": ErrorMessage(
        "token_renewal_failed",
        "The access token could not be renewed during the call.",
        "Check the connection of this account again: it tells why.",
        permanent=False,
    ),
}

_KEY_REMEDY = (
    "Under IAM & Admin, Service accounts, Keys, look for the key: enable it, or create a new one and use that. Where "
    "Google disabled it because it was found in public, do not enable it again."
)
KEY: dict[str, ErrorMessage] = {
    "refused": ErrorMessage(
        "key_refused",
        "Google does not accept this key: it was deleted or disabled, or has expired (an organization policy can limit "
        "a key's life). Google gives the same answer for all of these.",
        _KEY_REMEDY,
    ),
    "account_missing": ErrorMessage(
        "service_account_missing",
        "The service account of this key does not exist: it was deleted, or its project was.",
        "Restore it within 30 days (gcloud iam service-accounts undelete), or create another one with a new key.",
    ),
    "account_disabled": ErrorMessage(
        "service_account_disabled",
        "The service account of this key is disabled.",
        "Enable it under IAM & Admin, Service accounts, or use another one.",
    ),
    "clock": ErrorMessage(
        "clock_skew",
        "The clock of this server is wrong: Google refuses assertions that are not of this hour.",
        "The operator of this server must set its clock (for example by NTP).",
    ),
    "unexpected": ErrorMessage(
        "key_refused",
        "Google's token service refused this key for a reason that is not known here.",
        "Create a new key and use that; look the error id up in Google's documentation if it stays so.",
    ),
}

SERVER: dict[str, ErrorMessage] = {
    "missing": ErrorMessage(
        "server_identity_missing",
        "This server has no Google Cloud identity of its own to impersonate service accounts with.",
        "The operator must give this server application default credentials (an attached service account, or "
        "GOOGLE_APPLICATION_CREDENTIALS). Until then, use a service account key.",
    ),
    "unreadable": ErrorMessage(
        "server_identity_invalid",
        "This server is set up with a Google Cloud identity, but its credentials cannot be read.",
        "The operator must check GOOGLE_APPLICATION_CREDENTIALS of this server.",
    ),
    "refused": ErrorMessage(
        "server_identity_invalid",
        "Google does not accept this server's own identity: its key or service account was deleted or disabled.",
        "The operator must renew the Google Cloud credentials of this server; nothing is wrong with your project.",
    ),
    "clock": ErrorMessage(
        "clock_skew",
        "The clock of this server is wrong: Google refuses assertions that are not of this hour.",
        "The operator of this server must set its clock (for example by NTP).",
    ),
}

_TOKEN_REMEDY = (
    "The operator must renew the file that GCP_WORKLOAD_TOKEN_FILE names; nothing is wrong with your project."  # noqa: S105 # a text
)
TOKEN_FILE: dict[str, ErrorMessage] = {
    "missing": ErrorMessage(
        "server_token_missing",
        "This server has no token of its own to present to Google Cloud.",
        "The operator must set GCP_WORKLOAD_TOKEN_FILE to a file that holds an OpenID Connect token. Until then, use "
        "another method.",
    ),
    "unreadable": ErrorMessage(
        "server_token_unreadable",
        "This server's own token cannot be read: the file is missing, empty, too large or not a token.",
        _TOKEN_REMEDY,
    ),
    "expired": ErrorMessage("server_token_expired", "This server's own token has expired.", _TOKEN_REMEDY),
}
STS: dict[str, ErrorMessage] = {
    "target": ErrorMessage(
        "workload_provider_missing",
        "There is no such workload identity provider: pool or provider do not exist, or are disabled or deleted.",
        "Check the provider's resource name, with the number of its project, and enable pool and provider.",
    ),
    "condition": ErrorMessage(
        "workload_condition_refused",
        "The provider's attribute condition refuses this server's token.",
        "Let the condition of the provider allow the subject that the guides show.",
    ),
    "audience": ErrorMessage(
        "workload_audience_refused",
        "The provider does not expect the audience of this server's token.",
        "Add the audience that the guides show to the provider's allowed audiences.",
    ),
    "issuer": ErrorMessage(
        "workload_issuer_refused",
        "The provider expects tokens of another issuer than this server's.",
        "Set the provider's issuer to the one that the guides show.",
    ),
    "expired": TOKEN_FILE["expired"],
    "token": ErrorMessage(
        "workload_token_refused",
        "Google's token service does not accept this server's token: its signature or its issuer cannot be verified.",
        "Check the provider's issuer and keys. The guides show this server's issuer.",
    ),
    "unexpected": ErrorMessage(
        "workload_token_refused",
        "Google's token service refused the exchange for a reason that is not known here.",
        "Check the provider with the guides; look the error id up in Google's documentation if it stays so.",
    ),
}

IMPERSONATION: dict[str, ErrorMessage] = {
    "denied": ErrorMessage(
        "impersonation_denied",
        "Google does not let us act as this service account: it does not exist, or it does not name our identity. "
        "Google gives the same answer for both.",
        "Grant our identity the role that lets it in, with one of the guides. A new grant can take two minutes to "
        "work: then check again.",
    ),
    "missing": ErrorMessage(
        "service_account_missing",
        "There is no such service account.",
        "Check the e-mail address under IAM & Admin, Service accounts.",
    ),
    "disabled": ErrorMessage(
        "service_account_disabled",
        "This service account is disabled.",
        "Enable it under IAM & Admin, Service accounts, or use another one.",
    ),
}

DEFAULT_API = ErrorMessage(
    "google_refused",
    "Google Cloud refused the request for a reason that is not known here.",
    "Try again; if it stays so, look the error id up in Google's documentation.",
)
API_CAUSES = {"denied": "Google Cloud knows the service account and denies it {permission}."}
_UNAVAILABLE = ErrorMessage(
    "google_unavailable",
    "Google Cloud answered with a failure of its own.",
    "Try again in a few minutes.",
    permanent=False,
)
_REFUSED = ErrorMessage(
    "credentials_refused",
    "Google Cloud does not accept the access token (any more): the key or the service account was disabled or deleted.",
    _KEY_REMEDY,
)
BY_STATUS: dict[str, ErrorMessage] = {
    "PERMISSION_DENIED": ErrorMessage(
        "permission_denied",
        "Google Cloud knows the service account and denies it this action.",
        "Grant the role that has the permission, or look for a deny policy.",
    ),
    "UNAUTHENTICATED": _REFUSED,
    "NOT_FOUND": ErrorMessage("not_found", "Google Cloud knows no such resource.", "Check the name."),
    "RESOURCE_EXHAUSTED": ErrorMessage(
        "throttled",
        "Google Cloud is limiting the rate of requests for the project of this service account.",
        "Wait a minute and try again; other tools may be using up the project's quota (Cloud Asset: 100 lists and 400 "
        "searches a minute).",
        permanent=False,
    ),
    **dict.fromkeys(("UNAVAILABLE", "INTERNAL", "UNKNOWN", "ABORTED", "CANCELLED", "DATA_LOSS"), _UNAVAILABLE),
}
BY_REASON: dict[str, ErrorMessage] = {
    "SECURITY_POLICY_VIOLATED": ErrorMessage(
        "vpc_service_controls",
        "A VPC Service Controls perimeter of the organization keeps this server out.",
        "The administrators of the organization must let this server's address or the service account in (an ingress "
        "rule).",
    ),
    "BILLING_DISABLED": ErrorMessage(
        "billing_disabled",
        "The project of the service account has no active billing account, and Google Cloud answers only with one.",
        "Link a billing account to that project.",
    ),
    "CONSUMER_INVALID": ErrorMessage(
        "host_project_invalid",
        "The project in which the service account lives cannot be used: it is deleted or suspended.",
        "Use a service account of an active project.",
    ),
    "CONSUMER_SUSPENDED": ErrorMessage(
        "host_project_invalid",
        "Google has suspended the project in which the service account lives.",
        "The owner of that project must appeal to Google, or use a service account of another one.",
    ),
    "RATE_LIMIT_EXCEEDED": BY_STATUS["RESOURCE_EXHAUSTED"],
    **dict.fromkeys(("ACCOUNT_STATE_INVALID", "ACCESS_TOKEN_EXPIRED", "CREDENTIALS_MISSING"), _REFUSED),
}
