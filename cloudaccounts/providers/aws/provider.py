"""The AWS provider. What it does is in the modules beside this one; see `provider_kit.modular_provider`."""

from __future__ import annotations

from cloudaccounts.contract.identity import AuthMethod, Choice, Region
from cloudaccounts.contract.sinks import FindingSink
from cloudaccounts.provider_kit.modular_provider import ModularProvider
from cloudaccounts.providers.aws import identifiers, regions
from cloudaccounts.providers.aws.forms import AccessKeysForm, CrossAccountRoleForm, OrganizationForm
from cloudaccounts.providers.aws.plan import ACCESS_KEYS, CROSS_ACCOUNT_ROLE
from cloudaccounts.providers.aws.sinks import SINKS


class AwsProvider(ModularProvider):
    package = "cloudaccounts.providers.aws"
    key = "aws"
    label = "Amazon Web Services"
    short_label = "AWS"
    summary = "Accounts of AWS and its GovCloud, China and European Sovereign clouds, by a role or access keys."
    account_id_label = "AWS account ID"
    account_id_help = "12 digits, shown at the top right of the AWS console. Hyphens are fine."
    account_id_placeholder = "1111-2222-3333"
    partition_label = "Partition"
    all_regions_help = (
        "Each scan asks AWS which regions the account has enabled, and reads all of them: a region that is enabled "
        "later joins by the next scan."
    )
    checks_at_once = 16  # one call of STS each, which allows 600 a second for each account and region
    own_key_methods = frozenset({ACCESS_KEYS})
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

    def default_regions(self, partition: str) -> tuple[str, ...]:
        return regions.always_enabled(partition)

    def finding_sinks(self) -> tuple[FindingSink, ...]:
        return SINKS


PROVIDER = AwsProvider()
