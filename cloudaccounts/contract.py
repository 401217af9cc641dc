"""What a cloud provider is to the rest of the product.

A provider is one folder under ``cloudaccounts/providers`` (or a distribution of its own, see ``registry``) whose
``provider.py`` holds one instance of `Provider` named ``PROVIDER``. Everything else speaks to it through the types
of this module only, so no other file knows which clouds exist.

Nothing here imports Django or an SDK: the SDK side of a provider can be used, tested and timed without either.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from cloudaccounts.report import CloudValidationResult, Plan, ValidationProgress

if TYPE_CHECKING:
    from django import forms

__all__ = [
    "OBSERVED",
    "RETIRE",
    "Asset",
    "AuthMethod",
    "Choice",
    "CloudValidationResult",
    "CredentialFacts",
    "Credentials",
    "Judgement",
    "MemberPage",
    "NodeKind",
    "NodeState",
    "OrganizationNode",
    "Plan",
    "PostureCheck",
    "Provider",
    "ProviderError",
    "Reference",
    "Region",
    "ScanUnit",
    "ServerIdentity",
    "Session",
    "SetupContext",
    "SetupGuide",
    "Severity",
    "Snippet",
    "Target",
    "ValidationProgress",
    "Verdict",
    "VisibleAccount",
]


OBSERVED = "observed"
RETIRE = "retire"  # key of the guide that tells how to delete a replaced credential


class ProviderError(Exception):
    """A failure told as a value: a stable code, its cause in a sentence, and what mends it.

    ``permanent`` is False where trying again later can help by itself (throttling, network, a 5xx).
    ``sdk_error`` is the SDK's own error id (``AccessDenied``, ``AADSTS7000215``); it never holds a message, because
    providers echo parts of requests in their messages.
    """

    def __init__(self, code: str, cause: str, remedy: str = "", *, permanent: bool = True, sdk_error: str = "") -> None:
        super().__init__(f"{code}: {cause}")
        self.code = code
        self.cause = cause
        self.remedy = remedy
        self.permanent = permanent
        self.sdk_error = sdk_error


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Region:
    """One region of a partition; ``geography`` is the heading under which a person looks for it."""

    name: str
    label: str
    geography: str


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """An opened credential. Lives in memory for the length of one call and shows nothing of itself."""

    method: str
    values: Mapping[str, str]

    def __repr__(self) -> str:
        return f"<Credentials {self.method}: {len(self.values)} values not shown>"

    def __getitem__(self, key: str) -> str:
        return self.values[key]

    def get(self, key: str) -> str:
        """The value, or an empty string: an optional part that was left out and one left empty are the same."""
        return self.values.get(key, "")


@dataclass(frozen=True, slots=True)
class CredentialFacts:
    """What may be shown of a credential: never enough to use it, or to guess it."""

    kind: str  # "Access key", "Cross-account role"
    hint: str = ""  # "AKIA…7Q2M", a role ARN
    secretless: bool = False  # nothing to rotate: a role, federation
    tenant: str = (
        ""  # the directory that the account lies in, where the cloud has such (Azure): no secret, part of links
    )
    created_at: datetime | None = None  # the cloud's own date, where it tells
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What a connection is about. ``account_id`` is canonical; ``external_id`` is the owner's, never from a form."""

    account_id: str
    partition: str
    regions: tuple[str, ...]
    external_id: str
    timeout: float = 15.0  # seconds for each request; whole tests are bounded as well (see `deadline`)
    deadline: float = 120.0  # seconds for a whole validation


@dataclass(frozen=True, slots=True)
class AuthMethod:
    """One way to sign in. ``form`` checks syntax only; its cleaned values are the credential."""

    key: str
    label: str
    summary: str
    badge: str
    badge_tone: str  # "ok" or "warn"
    form: type[forms.Form]
    secret_fields: frozenset[str]
    secretless: bool = False
    uses_server_identity: bool = False  # this server's own identity enters the customer's cloud


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """This server's own identity at a provider: `principal` in that provider's words, or why there is none.

    ``issuer`` is who vouches for the principal where that is not the provider itself (federation): a URL.
    """

    principal: str = ""
    account_id: str = ""
    issuer: str = ""
    error_code: str = ""
    error: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class VisibleAccount:
    """Another account that a credential can see; it could be connected with the same one."""

    account_id: str  # canonical
    name: str
    enabled: bool = True


class NodeKind(StrEnum):
    CONTAINER = "container"  # an organizational unit, a management group, a folder
    ACCOUNT = "account"


class NodeState(StrEnum):
    """What the provider says of a member."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class OrganizationNode:
    """One place in an organization's tree. The root is the container without a parent; ``name`` is a stranger's text.

    ``node_id`` is unique in the organization; ``account_id`` is canonical, and empty for containers.
    """

    node_id: str
    parent_id: str
    name: str
    kind: NodeKind
    account_id: str = ""
    state: NodeState = NodeState.ACTIVE


@dataclass(frozen=True, slots=True)
class MemberPage:
    """Some nodes, perhaps none, and where to go on; an empty ``cursor`` says that this was the last page."""

    nodes: tuple[OrganizationNode, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class SetupContext:
    """What set-up texts are filled in with."""

    account_id: str
    partition: str
    regions: tuple[str, ...]
    external_id: str
    server: ServerIdentity
    template_url: str = ""  # where the operator published the provider's template
    identity: str = ""  # who the credential in use signs in as, by the last proof


@dataclass(frozen=True, slots=True)
class Snippet:
    title: str
    body: str
    language: str = "text"
    filename: str = ""  # offered as a download under this name, where set


@dataclass(frozen=True, slots=True)
class SetupGuide:
    """One tab of instructions."""

    key: str
    label: str
    intro: str
    snippets: tuple[Snippet, ...] = ()
    steps: tuple[str, ...] = ()
    link_label: str = ""
    link_url: str = ""


@dataclass(frozen=True, slots=True)
class ScanUnit:
    """The smallest piece of a scan that succeeds or fails by itself.

    What was not found by a unit that succeeded is gone: so a unit tells each region that its assets may name.
    """

    service: str
    region: str  # "global" where the service has no regions
    also: tuple[str, ...] = ()  # further regions, where the provider lists them all in one go

    @property
    def label(self) -> str:
        return f"{self.service} in {self.region}" if self.region != "global" else self.service


@dataclass(frozen=True, slots=True)
class Asset:
    """One resource, the same shape for all clouds.

    ``type`` is dotted and stable (``aws.ec2.instance``); ``native_id`` is the provider's full identifier, unique in the
    account (an ARN, an ARM id, a full resource name); ``properties`` holds what checks read, in JSON types. What
    changes by mere use (last used, last signed in) stands in it under `OBSERVED`, which the fingerprint leaves out.
    """

    type: str
    service: str
    region: str
    native_id: str
    name: str
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    properties: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def fingerprint(self) -> str:
        """SHA-256 over all that is told of the resource but `OBSERVED`: equal exactly while nothing was changed."""
        stable = {key: value for key, value in self.properties.items() if key != OBSERVED}
        told = [self.type, self.region, self.native_id, self.name, dict(self.tags), stable]
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()

    def as_of(self, moment: datetime) -> Asset:
        """The same asset, looked at at this moment (aware): ``at`` under `OBSERVED`, which rules about ages read.

        A resource that was not looked at again, because its cloud says that nothing was changed, is judged as of now.
        """
        seen = self.properties.get(OBSERVED)
        observed = {**(seen if isinstance(seen, Mapping) else {}), "at": moment.isoformat()}
        return replace(self, properties={**self.properties, OBSERVED: observed})


class Severity(StrEnum):
    """How bad it is where a check fails; in falling order."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105 # a verdict
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a check says of one asset. ``reason`` is a sentence about what was seen, or why it could not be judged."""

    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a check's rule comes from: ``CIS AWS 3.0.0`` and ``1.14``; ``url`` where the provider explains it."""

    source: str
    section: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class PostureCheck:
    """A rule about one type of asset. ``judge`` is a pure function of the asset: no network, no clock but the asset's.

    ``id`` is stable and unique over all providers (``aws_s3_bucket_public_access``). What could not be read is UNKNOWN
    with the reason, never PASS. ``console`` and ``command`` are the two ways to mend it; ``command`` may hold
    placeholders in angle brackets.
    """

    id: str
    title: str
    severity: Severity
    service: str
    asset_type: str
    why: str
    console: str
    command: str
    references: tuple[Reference, ...]
    judge: Callable[[Asset], Judgement]
    ages: bool = False  # time alone can change the verdict: judged at each scan, also what is unchanged (`Asset.as_of`)


Known = Callable[[ScanUnit], Iterable[Asset]]  # what is stored of a unit that an earlier scan looked at completely


class Session(Protocol):
    """An opened connection to one account. Safe to use from several threads."""

    def units(self, regions: Sequence[str]) -> Sequence[ScanUnit]:
        """What a scan of these regions consists of, global services first. Asks no network."""

    def collect(self, unit: ScanUnit) -> Iterator[Asset]:
        """Streams the unit's resources, page by page. Raises `ProviderError`, also after some were yielded."""

    def unchanged(self, units: Sequence[ScanUnit], since: datetime, known: Known | None = None) -> frozenset[ScanUnit]:
        """Those units in which nothing was changed since (aware, UTC), by the cloud's own log of changes.

        For incremental scans: such a unit is not looked at again. Whatever the log does not cover, or covers late, is
        not in the answer, unless a few calls show that the unit is as ``known`` (which is called by the caller's thread
        alone); so an empty answer is always right. Raises `ProviderError` where the log cannot be read: then everything
        is looked at, and the scan says so. Asks the network.
        """

    def close(self) -> None:
        """Gives back its connections; calls that still run may fail."""


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

    # --- organizations: many accounts behind one connected account's credential ---------------------------------------
    organization_form: type[forms.Form] | None = None  # None: no organizations here; else its fields are the options
    organization_label: str = "Organization"

    def organization_pages(
        self, credentials: Credentials, target: Target, options: Mapping[str, str], cursor: str = ""
    ) -> Iterator[MemberPage]:
        """Streams the organization's tree, page by page; with a page's cursor it goes on after that page.

        ``credentials`` and ``target`` are the connecting account's. Throttling is waited out within bounded time. A
        page may come twice, a container may come after what lies in it. Raises `ProviderError`, ``cursor_expired``
        where only a new beginning helps. Asks the network.
        """
        raise NotImplementedError

    def member_credentials(
        self, connection: Credentials, *, account_id: str, partition: str, options: Mapping[str, str]
    ) -> Credentials:
        """What opens a member, made from the connecting account's credential; never stored. Asks no network.

        Raises `ProviderError`.
        """
        raise NotImplementedError

    def organization_guides(self, context: SetupContext, options: Mapping[str, str]) -> tuple[SetupGuide, ...]:
        """How an administrator gives all members what we need, best first. The context is the connecting account's.

        Asks no network.
        """
        return ()

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


OnProgress = Callable[[CloudValidationResult], None]
