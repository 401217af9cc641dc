"""The Google Cloud provider. What it does is in the modules beside this one; see `provider_kit.modular_provider`."""

from __future__ import annotations

from collections.abc import Iterator

from cloudaccounts.contract.identity import AuthMethod, Choice, Credentials, Region, Target, VisibleAccount
from cloudaccounts.provider_kit.modular_provider import ModularProvider
from cloudaccounts.providers.gcp import identifiers, regions
from cloudaccounts.providers.gcp.forms import (
    ImpersonationForm,
    OrganizationForm,
    ServiceAccountKeyForm,
    WorkloadIdentityForm,
)
from cloudaccounts.providers.gcp.plan import IMPERSONATION, SERVICE_ACCOUNT_KEY, WORKLOAD_IDENTITY


class GcpProvider(ModularProvider):
    package = "cloudaccounts.providers.gcp"
    key = "gcp"
    label = "Google Cloud"
    short_label = "GCP"
    summary = "Projects of Google Cloud, by impersonation, workload identity federation or a service account key."
    account_id_label = "Project ID"
    account_id_help = "Shown beside the project's name in the console's project picker. Not the number, not the name."
    account_id_placeholder = "my-project-123456"
    partition_label = "Cloud"
    all_regions_help = (
        "Google Cloud has no regions to enable: Cloud Asset Inventory lists the whole project, and nothing of it is "
        "left out for where it is."
    )
    own_key_methods = frozenset({SERVICE_ACCOUNT_KEY})
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

    def visible_accounts(self, credentials: Credentials, target: Target) -> Iterator[VisibleAccount]:
        from cloudaccounts.providers.gcp.visible_accounts import visible_accounts  # loads the SDK

        return visible_accounts(credentials, target)


PROVIDER = GcpProvider()
