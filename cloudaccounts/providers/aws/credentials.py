"""AWS's credentials: checked across fields, described, derived for members. No SDK, no network."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import CredentialFacts, Credentials
from cloudaccounts.providers.aws import identifiers
from cloudaccounts.providers.aws.organization_setup import clean_role_name
from cloudaccounts.providers.aws.plan import ACCESS_KEYS, CROSS_ACCOUNT_ROLE, ORGANIZATION_ROLE
from cloudaccounts.providers.aws.regions import partition_of

LONGEST_SESSION = timedelta(hours=36)  # GetSessionToken's, in its API reference


def clean(method: str, values: Mapping[str, str], *, account_id: str, partition: str) -> Credentials:
    """See `Provider.clean_credentials`."""
    if method == CROSS_ACCOUNT_ROLE:
        return _clean_role(values.get("role_arn", ""), account_id, partition)
    if method == ACCESS_KEYS:
        return _clean_keys(values)
    # ORGANIZATION_ROLE is none that a person or a call may choose: only `for_member` makes one.
    raise ProviderError("method_unknown", "AWS has no such way to sign in.", "Choose one that is offered.")


def _clean_role(raw: str, account_id: str, partition: str) -> Credentials:
    role = identifiers.parse_role_arn(raw)
    if role.partition != partition:
        actual_label = partition_of(role.partition).label
        chosen_label = partition_of(partition).label
        raise ProviderError(
            "role_partition_mismatch",
            f"This role is in {actual_label}, and step 2 says {chosen_label}.",
            "Paste a role of that partition, or change the partition in step 2.",
        )
    if role.account_id != account_id:
        raise ProviderError(
            "role_account_mismatch",
            f"This role is in account {role.account_id}, and the account to connect is {account_id}.",
            "Paste a role of that account, or change the account ID in step 2.",
        )
    return Credentials(CROSS_ACCOUNT_ROLE, {"role_arn": role.arn})


def _clean_keys(values: Mapping[str, str]) -> Credentials:
    cleaned = {
        "access_key_id": identifiers.clean_access_key_id(values.get("access_key_id", "")),
        "secret_access_key": identifiers.clean_secret_access_key(values.get("secret_access_key", "")),
        "session_token": identifiers.clean_session_token(values.get("session_token", "")),
    }
    identifiers.check_token_fits(cleaned["access_key_id"], cleaned["session_token"])
    return Credentials(ACCESS_KEYS, {key: value for key, value in cleaned.items() if value})


def describe(credentials: Credentials) -> CredentialFacts:
    """See `Provider.describe`."""
    if credentials.method == CROSS_ACCOUNT_ROLE:
        return CredentialFacts("Cross-account role", hint=credentials["role_arn"], secretless=True)
    if credentials.method == ORGANIZATION_ROLE:
        return CredentialFacts("Role in the organization", hint=credentials["role_arn"], secretless=True)
    hint = identifiers.shorten(credentials["access_key_id"])
    if credentials.get("session_token"):
        # AWS has no call that says when a temporary key ends. At the latest it is after the longest possible session.
        return CredentialFacts("Temporary access key", hint, expires_at=datetime.now(UTC) + LONGEST_SESSION)
    return CredentialFacts("Access key", hint)


def for_member(connection: Credentials, *, account_id: str, partition: str, options: Mapping[str, str]) -> Credentials:
    """The named role in the member, assumed by the connecting account with the owner's external ID."""
    name = clean_role_name(options.get("role_name", ""))
    # The connecting account's own values travel along: signing in to a member begins with it (see
    # `signin.member_role`).
    via = {f"via_{key}": value for key, value in connection.values.items()}
    arn = f"arn:{partition}:iam::{identifiers.clean_account_id(account_id)}:role/{name}"
    return Credentials(ORGANIZATION_ROLE, {"role_arn": arn, "via_method": connection.method, **via})
