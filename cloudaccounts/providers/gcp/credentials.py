"""Google Cloud's credentials: checked across fields, described, derived for members. No SDK, no network."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import CredentialFacts, Credentials
from cloudaccounts.providers.gcp import identifiers, keyfile
from cloudaccounts.providers.gcp.plan import IMPERSONATION, SERVICE_ACCOUNT_KEY, WORKLOAD_IDENTITY


def clean(method: str, values: Mapping[str, str], *, account_id: str, partition: str) -> Credentials:
    """See `Provider.clean_credentials`.

    The service account may belong to another project than the one to connect: many companies keep theirs in one.
    """
    if method == SERVICE_ACCOUNT_KEY:
        return Credentials(method, {"service_account_json": keyfile.clean(values.get("service_account_json", ""))})
    if method not in (IMPERSONATION, WORKLOAD_IDENTITY):
        raise ProviderError("method_unknown", "Google Cloud has no such way to sign in.", "Choose one offered.")
    cleaned = {"service_account_email": identifiers.clean_email(values.get("service_account_email", ""))}
    if method == WORKLOAD_IDENTITY:
        cleaned["audience"] = identifiers.clean_audience(values.get("audience", ""))
    return Credentials(method, cleaned)


def describe(credentials: Credentials) -> CredentialFacts:
    """See `Provider.describe`."""
    if credentials.method == SERVICE_ACCOUNT_KEY:
        info = json.loads(credentials["service_account_json"])
        hint = f"{info['client_email']}, key {identifiers.shorten(info['private_key_id'])}"
        return CredentialFacts("Service account key", hint=hint)
    kind = "Impersonation" if credentials.method == IMPERSONATION else "Workload identity"
    return CredentialFacts(kind, hint=credentials["service_account_email"], secretless=True)


def for_member(connection: Credentials, *, account_id: str, partition: str, options: Mapping[str, str]) -> Credentials:
    """The same service account: its roles on the organization or folder decide what it may do in each project."""
    identifiers.clean_project_id(account_id)
    return Credentials(connection.method, dict(connection.values))
