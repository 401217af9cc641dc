"""What every cloud provider must be able to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cloudaccounts.contract.access_probe import KnownPermissions
from cloudaccounts.contract.engines import EngineAccess, EnginePair
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
from cloudaccounts.contract.least_privilege import LeastPrivilege
from cloudaccounts.contract.own_keys import OwnKeys
from cloudaccounts.contract.report import CloudValidationResult, Plan, ValidationProgress
from cloudaccounts.contract.rules import PostureCheck, Remediation
from cloudaccounts.contract.sessions import Session
from cloudaccounts.contract.setup import SetupContext, SetupGuide
from cloudaccounts.contract.sinks import FindingSink


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

    def probe_access(self, credentials: Credentials, target: Target, known: KnownPermissions) -> frozenset[str]:
        """`check_connection`, and with one cheap call more the permissions that are not any more as they are known.

        Names of those that were lost or that returned; the full report follows at once and decides. Raises
        `ProviderError` for the connection alone: a probe without an answer says nothing. The default probes nothing.
        """
        self.check_connection(credentials, target)
        return frozenset()

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

    # Empty for a provider whose keys only a person can make.
    own_key_methods: frozenset[str] = frozenset()

    def own_keys(self, credentials: Credentials, target: Target) -> OwnKeys:
        """The keys of the identity behind ``credentials``, to make and delete some. Signs in: calls the network.

        Raises `ProviderError`; ``not_rotatable`` where this credential cannot make another of its kind (temporary keys,
        a root user's). Only for methods in ``own_key_methods``.
        """
        raise ProviderError("not_rotatable", f"{self.label} lets no credential make another.", "Replace it by hand.")

    def own_key_id(self, credentials: Credentials) -> str:
        """The cloud's id of the key in a credential; empty where the credential does not tell. Calls no network."""
        return ""

    def own_key_guide(self, method: str, context: SetupContext) -> SetupGuide | None:
        """How an administrator grants what `own_keys` needs, on the identity alone. Calls no network."""
        return None

    def permission_topic(self, permission: str) -> str:
        """What a scan learns nothing about without this permission: "public access to buckets". Calls no network."""
        return ""

    def posture_checks(self) -> tuple[PostureCheck, ...]:
        """The checks that this provider's assets are evaluated with. Loaded by the first call."""
        return ()

    def reading_of(self, check: PostureCheck) -> str:
        """The reading (`ScanUnit.service`) that yields what a check evaluates: without it the check has no result."""
        return check.service

    def least_privilege(
        self,
        checks: Iterable[PostureCheck],
        *,
        account_id: str = "",
        method: str = "",
        regions: Sequence[str] = (),
        whole: bool = False,
    ) -> LeastPrivilege | None:
        """The smallest grant with which a scan reads what these checks need, in these regions (none: in all).

        ``whole`` adds what lists the services that no check is about. ``account_id`` and ``method`` fill in an
        account's own, where they are known. None where the provider does not say. Calls no network.
        """
        return None

    def engine_access(
        self, engine: str, credentials: Credentials, target: Target, regions: Sequence[str]
    ) -> EngineAccess:
        """How a second engine (``prowler``) signs in to the account, to read these regions. Calls the network.

        Raises `ProviderError`; ``engine_unsupported`` where it cannot sign in by this method.
        """
        raise ProviderError(
            "engine_unsupported", f"{self.short_label} is not read by this engine.", "Switch it off for this account."
        )

    def engine_pairs(self, engine: str) -> tuple[EnginePair, ...]:
        """Which checks of a second engine ask what ours ask. Calls no network."""
        return ()

    def finding_sinks(self) -> tuple[FindingSink, ...]:
        """Where this cloud takes in findings, as kinds of channels. Calls no network, and loads no SDK."""
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
