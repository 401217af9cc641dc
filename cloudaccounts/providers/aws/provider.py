"""The AWS provider: joins forms, texts, validation and inventory.

The SDK is imported by the methods that ask the network, so that a page that asks none never loads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import (
    AuthMethod,
    Choice,
    CredentialFacts,
    Credentials,
    Region,
    ServerIdentity,
    Target,
)
from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.organizations import MemberPage, OrganizationProvider
from cloudaccounts.contract.report import CloudValidationResult, Plan, ValidationProgress
from cloudaccounts.contract.rules import PostureCheck
from cloudaccounts.contract.setup import SetupContext, SetupGuide
from cloudaccounts.providers.aws import identifiers, organization_setup, regions, setup, setup_rotation
from cloudaccounts.providers.aws.forms import AccessKeysForm, CrossAccountRoleForm, OrganizationForm
from cloudaccounts.providers.aws.plan import ACCESS_KEYS, CROSS_ACCOUNT_ROLE, ORGANIZATION_ROLE, PLANS

LONGEST_SESSION = timedelta(hours=36)  # GetSessionToken's, in its API reference

if TYPE_CHECKING:
    from cloudaccounts.providers.aws.inventory import AwsSession


class AwsProvider(OrganizationProvider):
    key = "aws"
    label = "Amazon Web Services"
    short_label = "AWS"
    summary = "Accounts of AWS, AWS GovCloud (US) and AWS China, by a cross-account role or access keys."
    account_id_label = "AWS account ID"
    account_id_help = "12 digits, shown at the top right of the AWS console. Hyphens are fine."
    account_id_placeholder = "1111-2222-3333"
    partition_label = "Partition"
    checks_at_once = 16  # STS allows 600 requests a second for each account and region
    organization_label = "AWS Organization"
    organization_form = OrganizationForm
    methods = (
        AuthMethod(
            key=CROSS_ACCOUNT_ROLE,
            label="Cross-account role",
            summary="AWS lets our identity in, only with your external ID.",
            badge="recommended · no secret to rotate",
            badge_tone="ok",
            form=CrossAccountRoleForm,
            secret_fields=frozenset(),
            secretless=True,
            uses_server_identity=True,
        ),
        AuthMethod(
            key=ACCESS_KEYS,
            label="Access keys",
            summary="A long-term key of an IAM user, or temporary keys with their token.",
            badge="rotate every 90 days",
            badge_tone="warn",
            form=AccessKeysForm,
            secret_fields=frozenset({"secret_access_key", "session_token"}),
        ),
    )

    def clean_account_id(self, raw: str) -> str:
        return identifiers.clean_account_id(raw)

    def format_account_id(self, account_id: str) -> str:
        return f"{account_id[:4]}-{account_id[4:8]}-{account_id[8:]}"

    def partitions(self) -> tuple[Choice, ...]:
        return regions.partition_choices()

    def regions(self, partition: str) -> tuple[Region, ...]:
        return regions.regions_of(partition)

    def clean_credentials(
        self, method: str, values: Mapping[str, str], *, account_id: str, partition: str
    ) -> Credentials:
        if method == CROSS_ACCOUNT_ROLE:
            return _clean_role(values.get("role_arn", ""), account_id, partition)
        if method == ACCESS_KEYS:
            return _clean_keys(values)
        raise ProviderError("method_unknown", "AWS has no such way to sign in.", "Choose one that is offered.")

    def describe(self, credentials: Credentials) -> CredentialFacts:
        if credentials.method == CROSS_ACCOUNT_ROLE:
            return CredentialFacts("Cross-account role", hint=credentials["role_arn"], secretless=True)
        if credentials.method == ORGANIZATION_ROLE:
            return CredentialFacts("Role in the organization", hint=credentials["role_arn"], secretless=True)
        hint = identifiers.shorten(credentials["access_key_id"])
        if credentials.get("session_token"):
            # AWS tells nobody when a temporary key ends: at the latest after the longest session that there is.
            return CredentialFacts("Temporary access key", hint, expires_at=datetime.now(UTC) + LONGEST_SESSION)
        return CredentialFacts("Access key", hint)

    def setup_guides(self, method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
        return setup.role_guides(context) if method == CROSS_ACCOUNT_ROLE else setup.access_key_guides(context)

    def rotation_guide(self, method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
        return setup_rotation.guides(context) if method == ACCESS_KEYS else ()

    def plan(self, method: str) -> Plan:
        return PLANS[method]

    def validate(self, credentials: Credentials, target: Target, progress: ValidationProgress) -> CloudValidationResult:
        from cloudaccounts.providers.aws.validation import validate

        return validate(credentials, target, progress)

    def check_connection(self, credentials: Credentials, target: Target) -> None:
        from cloudaccounts.providers.aws.connection_check import check_connection

        check_connection(credentials, target)

    def open_session(self, credentials: Credentials, target: Target) -> AwsSession:
        from cloudaccounts.providers.aws.inventory import open_session

        return open_session(credentials, target)

    def organization_pages(
        self, credentials: Credentials, target: Target, options: Mapping[str, str], cursor: str = ""
    ) -> Iterator[MemberPage]:
        from cloudaccounts.providers.aws.organization import organization_pages

        return organization_pages(credentials, target, cursor)

    def member_credentials(
        self, connection: Credentials, *, account_id: str, partition: str, options: Mapping[str, str]
    ) -> Credentials:
        """The named role in the member, entered with the connection's session and the owner's external ID."""
        name = organization_setup.clean_role_name(options.get("role_name", ""))
        via = {f"via_{key}": value for key, value in connection.values.items()}
        arn = f"arn:{partition}:iam::{identifiers.clean_account_id(account_id)}:role/{name}"
        return Credentials(ORGANIZATION_ROLE, {"role_arn": arn, "via_method": connection.method, **via})

    def organization_guides(self, context: SetupContext, options: Mapping[str, str]) -> tuple[SetupGuide, ...]:
        return organization_setup.guides(context, options)

    def server_identity(self, timeout: float) -> ServerIdentity:
        from cloudaccounts.providers.aws.server import server_identity

        return server_identity(timeout)

    def posture_checks(self) -> tuple[PostureCheck, ...]:
        from cloudaccounts.providers.aws.checks import CHECKS

        return CHECKS

    def build_console_link(self, asset: Asset, *, account_id: str, partition: str, tenant: str = "") -> str:
        from cloudaccounts.providers.aws.console import build_console_link

        return build_console_link(asset, account_id=account_id, partition=partition, tenant=tenant)


def _clean_role(raw: str, account_id: str, partition: str) -> Credentials:
    role = identifiers.parse_role_arn(raw)
    if role.partition != partition:
        theirs = regions.partition_of(role.partition).label
        chosen = regions.partition_of(partition).label
        raise ProviderError(
            "role_partition_mismatch",
            f"This role is in {theirs}, and step 2 says {chosen}.",
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


PROVIDER = AwsProvider()
