"""What every cloud provider must be able to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping

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
from cloudaccounts.contract.report import CloudValidationResult, Plan, ValidationProgress
from cloudaccounts.contract.rules import PostureCheck, Remediation
from cloudaccounts.contract.sessions import Session
from cloudaccounts.contract.setup import SetupContext, SetupGuide


class Provider(ABC):
    """One cloud. Texts are for people.

    Each method says whether it calls the network. A page must wait for none that does: workers call those.
    """

    key: str
    label: str  # "Amazon Web Services"
    short_label: str  # "AWS"
    summary: str
    account_id_label: str
    account_id_help: str
    account_id_placeholder: str
    partition_label: str
    methods: tuple[AuthMethod, ...]  # best first
    # What "all regions" means here: a sentence below the choice.
    all_regions_help: str = "Whatever is enabled when a scan starts: new regions join by the next one."
    # Connections that one worker's heartbeats may check at the same time; below what the cloud's rate limit allows.
    # Enough for some ten thousand accounts; docs/operations.md computes what more of them take (HEARTBEATS_AT_ONCE).
    checks_at_once: int = 8

    def method(self, key: str) -> AuthMethod:
        """Raises KeyError where there is no such method."""
        for method in self.methods:
            if method.key == key:
                return method
        raise KeyError(key)

    @abstractmethod
    def clean_account_id(self, raw: str) -> str:
        """The canonical account id; raises `ProviderError` (code ``account_id_invalid``) for anything else."""

    def format_account_id(self, account_id: str) -> str:
        """For reading, with separators where the cloud writes some. Copying always gives the canonical one."""
        return account_id

    @abstractmethod
    def partitions(self) -> tuple[Choice, ...]:
        """The provider's clouds that share no accounts and no identities; the usual one first."""

    def partition_names(self) -> Mapping[str, str]:
        """By what names the API may be given a partition, in lower case: its value, its label, and the name that the
        cloud's own tools use.
        """
        # Values last, so that a label of one partition never hides the value of another.
        names = {choice.label.lower(): choice.value for choice in self.partitions()}
        return names | {choice.value.lower(): choice.value for choice in self.partitions()}

    @abstractmethod
    def regions(self, partition: str) -> tuple[Region, ...]:
        """All regions of a partition, grouped by geography. Empty for an unknown partition."""

    def default_regions(self, partition: str) -> tuple[str, ...]:
        """Those that every account of the partition has enabled. Here all: most clouds have nothing to enable."""
        # Scans read these where a cloud does not say which regions are enabled: what nobody can switch off is there.
        return tuple(region.name for region in self.regions(partition))

    @abstractmethod
    def clean_credentials(
        self, method: str, values: Mapping[str, str], *, account_id: str, partition: str
    ) -> Credentials:
        """Checks across fields and steps (a role's account and partition). Raises `ProviderError`. Calls no network."""

    @abstractmethod
    def describe(self, credentials: Credentials) -> CredentialFacts:
        """What may be shown of it. Calls no network."""

    @abstractmethod
    def setup_guides(self, method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
        """Instructions, filled in, best first. Calls no network."""

    def rotation_guide(self, method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
        """How to make another credential of this method while the old one works, and, as `RETIRE`, delete the old one.

        Empty where there is nothing to rotate. Calls no network.
        """
        return ()

    @abstractmethod
    def plan(self, method: str) -> Plan:
        """The checks of a validation by this method, in their order. A page shows from it what is still to come."""

    @abstractmethod
    def validate(self, credentials: Credentials, target: Target, progress: ValidationProgress) -> CloudValidationResult:
        """Proves access with live calls. Every expected failure is in the result, never raised. Calls the network."""

    def check_connection(self, credentials: Credentials, target: Target) -> None:
        """The check of a heartbeat: sign in, and see that it is still this account, active and the owner's.

        Raises `ProviderError`. Calls the network as little as that takes, since every account gets a heartbeat each
        quarter of an hour; permissions are left to `validate`. The default validates, for providers without anything
        smaller.
        """
        # A provider from another distribution works without a smaller check, only at a greater cost.
        report = self.validate(credentials, target, ValidationProgress())
        if not report.ok:
            raise ProviderError(report.code, report.cause, report.remedy, permanent=report.permanent)

    @abstractmethod
    def open_session(self, credentials: Credentials, target: Target) -> Session:
        """Signs in for a scan. Raises `ProviderError`. Calls the network."""

    def visible_accounts(self, credentials: Credentials, target: Target) -> Iterator[VisibleAccount]:
        """The other accounts that these credentials can see, where one credential can see many. Calls the network.

        Raises `ProviderError`. Accounts that another customer could own are left out.
        """
        return iter(())

    def server_identity(self, timeout: float) -> ServerIdentity | None:
        """Who this server is at the provider; None where no method needs it. Calls the network."""
        return None

    def permission_topic(self, permission: str) -> str:
        """What a scan learns nothing about without this permission: "public access to buckets". Calls no network."""
        return ""

    def posture_checks(self) -> tuple[PostureCheck, ...]:
        """The checks that this provider's assets are evaluated with. Loaded by the first call."""
        return ()

    def remediate(self, check: PostureCheck, asset: Asset, *, account_id: str, partition: str) -> Remediation:
        """The check's command and snippet, filled in with the resource and safe to paste (`provider_kit.remediation`).

        Names and identifiers come from a cloud's answer, as for a link. Calls no network. The default fills in nothing.
        """
        return Remediation(check.command, check.terraform or None)

    def build_console_link(self, asset: Asset, *, account_id: str, partition: str, tenant: str = "") -> str:
        """Address of the resource in the provider's own console; empty where none can be built safely.

        Every part comes from a cloud's answer, and whoever names a resource there may choose it. So each part is
        validated, and the host is always one of the provider's own consoles. Calls no network.
        """
        return ""
