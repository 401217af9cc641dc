"""One cloud."""

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
from cloudaccounts.contract.rules import PostureCheck
from cloudaccounts.contract.sessions import Session
from cloudaccounts.contract.setup import SetupContext, SetupGuide


class Provider(ABC):
    """One cloud. Texts are for people; methods that ask the network say so."""

    key: str
    label: str  # "Amazon Web Services"
    short_label: str  # "AWS"
    summary: str
    account_id_label: str
    account_id_help: str
    account_id_placeholder: str
    partition_label: str
    methods: tuple[AuthMethod, ...]  # best first
    checks_at_once: int = 8  # connections that one worker's heartbeats may check at the same time

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
        """As a person reads it; copying always gives the canonical one."""
        return account_id

    @abstractmethod
    def partitions(self) -> tuple[Choice, ...]:
        """The clouds of this provider that are separate worlds; the first is the usual one."""

    def partition_names(self) -> Mapping[str, str]:
        """What a call may name a partition by, in lower case: its value, its label, and what the cloud's tools say."""
        names = {choice.label.lower(): choice.value for choice in self.partitions()}
        return names | {choice.value.lower(): choice.value for choice in self.partitions()}

    @abstractmethod
    def regions(self, partition: str) -> tuple[Region, ...]:
        """All regions of a partition, grouped by geography. Empty for an unknown partition."""

    @abstractmethod
    def clean_credentials(
        self, method: str, values: Mapping[str, str], *, account_id: str, partition: str
    ) -> Credentials:
        """Checks across fields and steps (a role's account and partition). Raises `ProviderError`; asks no network."""

    @abstractmethod
    def describe(self, credentials: Credentials) -> CredentialFacts:
        """What may be shown of it. Asks no network."""

    @abstractmethod
    def setup_guides(self, method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
        """Instructions, filled in, best first. Asks no network."""

    def rotation_guide(self, method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
        """How to make another credential of this method while the old one works, and, as `RETIRE`, delete the old one.

        Empty where there is nothing to rotate. Asks no network.
        """
        return ()

    @abstractmethod
    def plan(self, method: str) -> Plan:
        """The checks that a validation by this method makes, in their order, so that a page can show what waits."""

    @abstractmethod
    def validate(self, credentials: Credentials, target: Target, progress: ValidationProgress) -> CloudValidationResult:
        """Proves access live. Every expected failure is in the result, never raised. Asks the network."""

    def check_connection(self, credentials: Credentials, target: Target) -> None:
        """The light check of a heartbeat: sign in, and see that it is still the account, open and the owner's.

        Raises `ProviderError`. Asks the network as little as that takes; permissions are for `validate`.
        """
        report = self.validate(credentials, target, ValidationProgress())
        if not report.ok:
            raise ProviderError(report.code, report.cause, report.remedy, permanent=report.permanent)

    @abstractmethod
    def open_session(self, credentials: Credentials, target: Target) -> Session:
        """Signs in for a scan. Raises `ProviderError`. Asks the network."""

    def visible_accounts(self, credentials: Credentials, target: Target) -> Iterator[VisibleAccount]:
        """The other accounts that these credentials can see, where one credential can see many. Asks the network.

        Raises `ProviderError`. What another customer could own is left out, not told.
        """
        return iter(())

    def server_identity(self, timeout: float) -> ServerIdentity | None:
        """Who this server is at the provider; None where no method needs it. Asks the network."""
        return None

    def posture_checks(self) -> tuple[PostureCheck, ...]:
        """The rules that this provider's assets are judged by. Loaded when first asked for."""
        return ()

    def build_console_link(self, asset: Asset, *, account_id: str, partition: str, tenant: str = "") -> str:
        """Address of the resource in the provider's own console; empty where none can be built safely.

        Every part comes from a cloud's answer, so from a stranger: each is validated, and the host is one of the
        provider's own consoles. Asks no network.
        """
        return ""
