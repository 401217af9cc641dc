"""The Azure provider. What it does is in the modules beside this one; see `provider_kit.modular_provider`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cloudaccounts.contract.identity import AuthMethod, Choice, Credentials, Region, Target, VisibleAccount
from cloudaccounts.provider_kit.modular_provider import ModularProvider
from cloudaccounts.providers.azure import clouds, identifiers
from cloudaccounts.providers.azure.forms import CertificateForm, ClientSecretForm, FederatedForm, OrganizationForm
from cloudaccounts.providers.azure.plan import CERTIFICATE, CLIENT_SECRET, FEDERATED


class AzureProvider(ModularProvider):
    package = "cloudaccounts.providers.azure"
    key = "azure"
    label = "Microsoft Azure"
    short_label = "Azure"
    summary = "Subscriptions of Azure, Azure US Government and Azure China, by an app that may only read."
    account_id_label = "Subscription ID"
    account_id_help = "A UUID, shown under Subscriptions in the Azure portal."
    account_id_placeholder = "11111111-2222-3333-4444-555555555555"
    partition_label = "Cloud"
    all_regions_help = (
        "Azure has no regions to enable: one list covers the whole subscription, and each scan reads every location "
        "that holds something by then."
    )
    own_key_methods = frozenset({CERTIFICATE, CLIENT_SECRET})
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
        """Also by what `az cloud set --name` takes."""
        return {cloud.cli.lower(): cloud.name for cloud in clouds.CLOUDS.values()} | dict(super().partition_names())

    def regions(self, partition: str) -> tuple[Region, ...]:
        return clouds.regions_of(partition)

    def visible_accounts(self, credentials: Credentials, target: Target) -> Iterator[VisibleAccount]:
        from cloudaccounts.providers.azure.visible_accounts import visible_accounts  # loads the SDK

        return visible_accounts(credentials, target)


PROVIDER = AzureProvider()
