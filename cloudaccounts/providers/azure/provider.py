"""The Azure provider: joins forms, texts, validation and inventory.

The SDK is imported by the methods that ask the network, so that a page that asks none never loads it.
"""

from __future__ import annotations

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
from cloudaccounts.providers.azure import (
    certificate,
    clouds,
    console,
    identifiers,
    organization_setup,
    server,
    setup,
    setup_rotation,
)
from cloudaccounts.providers.azure.forms import CertificateForm, ClientSecretForm, FederatedForm, OrganizationForm
from cloudaccounts.providers.azure.plan import CERTIFICATE, CLIENT_SECRET, FEDERATED, PLANS

if TYPE_CHECKING:
    from cloudaccounts.providers.azure.inventory import AzureSession


class AzureProvider(OrganizationProvider):
    key = "azure"
    label = "Microsoft Azure"
    short_label = "Azure"
    summary = "Subscriptions of Azure, Azure US Government and Azure China, by an app that may only read."
    account_id_label = "Subscription ID"
    account_id_help = "A UUID, shown under Subscriptions in the Azure portal."
    account_id_placeholder = "11111111-2222-3333-4444-555555555555"
    partition_label = "Cloud"
    organization_label = "Azure management group"
    organization_form = OrganizationForm
    methods = (
        AuthMethod(
            key=FEDERATED,
            label="Federated credential",
            summary="Your app trusts this server's own identity; a tag on the subscription names you.",
            badge="recommended · no secret to rotate",
            badge_tone="ok",
            form=FederatedForm,
            secret_fields=frozenset(),
            secretless=True,
            uses_server_identity=True,
        ),
        AuthMethod(
            key=CERTIFICATE,
            label="Certificate",
            summary="Your app signs in with a certificate; its private key never travels to Azure.",
            badge="renew before it ends",
            badge_tone="warn",
            form=CertificateForm,
            secret_fields=frozenset({"certificate_pem", "password"}),
        ),
        AuthMethod(
            key=CLIENT_SECRET,
            label="Client secret",
            summary="Your app signs in with a password that Azure made for it.",
            badge="rotate every 90 days",
            badge_tone="warn",
            form=ClientSecretForm,
            secret_fields=frozenset({"client_secret"}),
        ),
    )

    def clean_account_id(self, raw: str) -> str:
        return identifiers.clean_subscription_id(raw)

    def partitions(self) -> tuple[Choice, ...]:
        return clouds.cloud_choices()

    def partition_names(self) -> Mapping[str, str]:
        return {cloud.cli.lower(): cloud.name for cloud in clouds.CLOUDS.values()} | dict(super().partition_names())

    def regions(self, partition: str) -> tuple[Region, ...]:
        return clouds.regions_of(partition)

    def clean_credentials(
        self, method: str, values: Mapping[str, str], *, account_id: str, partition: str
    ) -> Credentials:
        if method not in PLANS:
            raise ProviderError("method_unknown", "Azure has no such way to sign in.", "Choose one that is offered.")
        clouds.cloud_of(partition)
        _check_cloud(values.get("cloud", ""), partition)
        cleaned = {
            "tenant_id": identifiers.clean_tenant_id(values.get("tenant_id", "")),
            "client_id": identifiers.clean_client_id(values.get("client_id", "")),
        }
        identifiers.check_ids_differ(cleaned["tenant_id"], cleaned["client_id"], account_id)
        if method == CERTIFICATE:
            cleaned |= _clean_certificate(values.get("certificate_pem", ""), values.get("password", ""))
        if method == CLIENT_SECRET:
            cleaned["client_secret"] = identifiers.clean_client_secret(values.get("client_secret", ""))
            cleaned["expires_on"] = identifiers.clean_expires_on(values.get("expires_on", ""))
        return Credentials(method, {key: value for key, value in cleaned.items() if value})

    def describe(self, credentials: Credentials) -> CredentialFacts:
        app, tenant = f"app {credentials['client_id']}", credentials["tenant_id"]
        if credentials.method == FEDERATED:
            return CredentialFacts("Federated credential", hint=app, secretless=True, tenant=tenant)
        if credentials.method == CERTIFICATE:
            parsed = certificate.parse(credentials["certificate_pem"], credentials.get("password"))
            hint = f"{app}, thumbprint {parsed.thumbprint}"
            begins, ends = parsed.not_before, parsed.not_after
            return CredentialFacts("Certificate", hint, tenant=tenant, created_at=begins, expires_at=ends)
        last_day = identifiers.end_of_day(credentials.get("expires_on"))
        return CredentialFacts("Client secret", hint=app, tenant=tenant, expires_at=last_day)

    def setup_guides(self, method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
        return setup.guides(method, context)

    def rotation_guide(self, method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
        return setup_rotation.guides(method, context)

    def plan(self, method: str) -> Plan:
        return PLANS[method]

    def validate(self, credentials: Credentials, target: Target, progress: ValidationProgress) -> CloudValidationResult:
        from cloudaccounts.providers.azure.validation import validate

        return validate(credentials, target, progress)

    def check_connection(self, credentials: Credentials, target: Target) -> None:
        from cloudaccounts.providers.azure.connection_check import check_connection

        check_connection(credentials, target)

    def open_session(self, credentials: Credentials, target: Target) -> AzureSession:
        from cloudaccounts.providers.azure.inventory import open_session

        return open_session(credentials, target)

    def visible_accounts(self, credentials: Credentials, target: Target) -> Iterator[VisibleAccount]:
        from cloudaccounts.providers.azure.visible_accounts import visible_accounts

        return visible_accounts(credentials, target)

    def organization_pages(
        self, credentials: Credentials, target: Target, options: Mapping[str, str], cursor: str = ""
    ) -> Iterator[MemberPage]:
        from cloudaccounts.providers.azure.organization import organization_pages

        return organization_pages(credentials, target, options, cursor)

    def member_credentials(
        self, connection: Credentials, *, account_id: str, partition: str, options: Mapping[str, str]
    ) -> Credentials:
        """The same app: what it may do in each subscription, its roles at the management group say."""
        identifiers.clean_subscription_id(account_id)
        return Credentials(connection.method, dict(connection.values))

    def organization_guides(self, context: SetupContext, options: Mapping[str, str]) -> tuple[SetupGuide, ...]:
        return organization_setup.guides(context, options)

    def posture_checks(self) -> tuple[PostureCheck, ...]:
        from cloudaccounts.providers.azure.checks import CHECKS

        return CHECKS

    def build_console_link(self, asset: Asset, *, account_id: str, partition: str, tenant: str = "") -> str:
        return console.build_console_link(asset, account_id=account_id, partition=partition, tenant=tenant)

    def server_identity(self, timeout: float) -> ServerIdentity:
        """Read from a file of this server: asks no network."""
        return server.server_identity()


def _check_cloud(named: str, partition: str) -> None:
    """A call may name the cloud beside the credential; it must be the account's."""
    known = {"": partition} | {cloud.name: cloud.name for cloud in clouds.CLOUDS.values()}
    known |= {cloud.cli.lower(): cloud.name for cloud in clouds.CLOUDS.values()}
    if known.get(named.strip().lower()) != partition:
        raise ProviderError(
            "cloud_mismatch",
            "The cloud that is named with the credential is not the one of the account.",
            f"Leave it out, or name {partition}.",
        )


def _clean_certificate(pem: str, password: str) -> dict[str, str]:
    """The password is kept only where the key needs it. An expired one is told by Azure, or here by the form."""
    parsed = certificate.parse(pem, password)
    return {"certificate_pem": parsed.pem, "password": password if "ENCRYPTED" in parsed.pem else ""}


PROVIDER = AzureProvider()
