"""The Google Cloud provider: joins forms, texts, validation and inventory.

The SDK is imported by the methods that ask the network, so that a page that asks none never loads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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
    VisibleAccount,
)
from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.organizations import MemberPage, OrganizationProvider
from cloudaccounts.contract.report import CloudValidationResult, Plan, ValidationProgress
from cloudaccounts.contract.rules import PostureCheck
from cloudaccounts.contract.setup import SetupContext, SetupGuide
from cloudaccounts.providers.gcp import (
    console,
    identifiers,
    keyfile,
    organization_setup,
    regions,
    setup,
    setup_rotation,
)
from cloudaccounts.providers.gcp.forms import (
    ImpersonationForm,
    OrganizationForm,
    ServiceAccountKeyForm,
    WorkloadIdentityForm,
)
from cloudaccounts.providers.gcp.plan import IMPERSONATION, PLANS, SERVICE_ACCOUNT_KEY, WORKLOAD_IDENTITY

if TYPE_CHECKING:
    from cloudaccounts.providers.gcp.inventory import GcpSession


class GcpProvider(OrganizationProvider):
    key = "gcp"
    label = "Google Cloud"
    short_label = "GCP"
    summary = "Projects of Google Cloud, by impersonation, workload identity federation or a service account key."
    account_id_label = "Project ID"
    account_id_help = "Shown beside the project's name in the console's project picker. Not the number, not the name."
    account_id_placeholder = "my-project-123456"
    partition_label = "Cloud"
    organization_label = "Google Cloud organization"
    organization_form = OrganizationForm
    methods = (
        AuthMethod(
            key=IMPERSONATION,
            label="Impersonation",
            summary="Your service account lets our identity act as it; a label on the project names you.",
            badge="recommended · no secret to rotate",
            badge_tone="ok",
            form=ImpersonationForm,
            secret_fields=frozenset(),
            secretless=True,
            uses_server_identity=True,
        ),
        AuthMethod(
            key=WORKLOAD_IDENTITY,
            label="Workload identity federation",
            summary="Google exchanges this server's own token for one of your service account.",
            badge="no secret to rotate",
            badge_tone="ok",
            form=WorkloadIdentityForm,
            secret_fields=frozenset(),
            secretless=True,
            uses_server_identity=True,
        ),
        AuthMethod(
            key=SERVICE_ACCOUNT_KEY,
            label="Service account key",
            summary="A long-term key of a service account, as the JSON file that Google made.",
            badge="rotate every 90 days",
            badge_tone="warn",
            form=ServiceAccountKeyForm,
            secret_fields=frozenset({"service_account_json"}),
        ),
    )

    def clean_account_id(self, raw: str) -> str:
        return identifiers.clean_project_id(raw)

    def partitions(self) -> tuple[Choice, ...]:
        return regions.partition_choices()

    def regions(self, partition: str) -> tuple[Region, ...]:
        return regions.regions_of(partition)

    def clean_credentials(
        self, method: str, values: Mapping[str, str], *, account_id: str, partition: str
    ) -> Credentials:
        """A service account of another project is fine: many companies keep theirs in a project of its own."""
        if method == SERVICE_ACCOUNT_KEY:
            return Credentials(method, {"service_account_json": keyfile.clean(values.get("service_account_json", ""))})
        if method not in (IMPERSONATION, WORKLOAD_IDENTITY):
            raise ProviderError("method_unknown", "Google Cloud has no such way to sign in.", "Choose one offered.")
        cleaned = {"service_account_email": identifiers.clean_email(values.get("service_account_email", ""))}
        if method == WORKLOAD_IDENTITY:
            cleaned["audience"] = identifiers.clean_audience(values.get("audience", ""))
        return Credentials(method, cleaned)

    def describe(self, credentials: Credentials) -> CredentialFacts:
        if credentials.method == SERVICE_ACCOUNT_KEY:
            info = json.loads(credentials["service_account_json"])
            hint = f"{info['client_email']}, key {identifiers.shorten(info['private_key_id'])}"
            return CredentialFacts("Service account key", hint=hint)
        kind = "Impersonation" if credentials.method == IMPERSONATION else "Workload identity"
        return CredentialFacts(kind, hint=credentials["service_account_email"], secretless=True)

    def setup_guides(self, method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
        return setup.guides(method, context)

    def rotation_guide(self, method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
        return setup_rotation.guides(method, context)

    def plan(self, method: str) -> Plan:
        return PLANS[method]

    def validate(self, credentials: Credentials, target: Target, progress: ValidationProgress) -> CloudValidationResult:
        from cloudaccounts.providers.gcp.validation import validate

        return validate(credentials, target, progress)

    def check_connection(self, credentials: Credentials, target: Target) -> None:
        from cloudaccounts.providers.gcp.connection_check import check_connection

        check_connection(credentials, target)

    def open_session(self, credentials: Credentials, target: Target) -> GcpSession:
        from cloudaccounts.providers.gcp.inventory import open_session

        return open_session(credentials, target)

    def visible_accounts(self, credentials: Credentials, target: Target) -> Iterator[VisibleAccount]:
        from cloudaccounts.providers.gcp.validation import visible_accounts

        return visible_accounts(credentials, target)

    def organization_pages(
        self, credentials: Credentials, target: Target, options: Mapping[str, str], cursor: str = ""
    ) -> Iterator[MemberPage]:
        from cloudaccounts.providers.gcp.organization import organization_pages

        return organization_pages(credentials, target, options, cursor)

    def member_credentials(
        self, connection: Credentials, *, account_id: str, partition: str, options: Mapping[str, str]
    ) -> Credentials:
        """The same service account: what it may do in each project, its roles above say."""
        identifiers.clean_project_id(account_id)
        return Credentials(connection.method, dict(connection.values))

    def organization_guides(self, context: SetupContext, options: Mapping[str, str]) -> tuple[SetupGuide, ...]:
        return organization_setup.guides(context, options)

    def posture_checks(self) -> tuple[PostureCheck, ...]:
        from cloudaccounts.providers.gcp.checks import CHECKS

        return CHECKS

    def build_console_link(self, asset: Asset, *, account_id: str, partition: str, tenant: str = "") -> str:
        return console.build_console_link(asset, account_id=account_id, partition=partition, tenant=tenant)

    def server_identity(self, timeout: float) -> ServerIdentity:
        from cloudaccounts.providers.gcp.server import server_identity

        return server_identity(timeout)


PROVIDER = GcpProvider()
