"""A provider whose methods are functions in modules of its own package, so that its class only declares data.

The protocols say which functions each module has. A test holds all providers that use this class to them
(tests/cloudaccounts/providers/test_modules.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, ClassVar, Protocol

from cloudaccounts.contract.access_probe import KnownPermissions
from cloudaccounts.contract.engines import EngineAccess, EnginePair
from cloudaccounts.contract.identity import CredentialFacts, Credentials, ServerIdentity, Target
from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.least_privilege import LeastPrivilege
from cloudaccounts.contract.organizations import MemberPage, OrganizationProvider
from cloudaccounts.contract.own_keys import OwnKeys
from cloudaccounts.contract.report import CloudValidationResult, Plan, ValidationProgress
from cloudaccounts.contract.rules import PostureCheck, Remediation
from cloudaccounts.contract.sessions import Session
from cloudaccounts.contract.setup import SetupContext, SetupGuide
from cloudaccounts.provider_kit.engine_pairs import engine_pairs


class CredentialsModule(Protocol):
    """``credentials``: no SDK, since pages and imports call it."""

    def clean(self, method: str, values: Mapping[str, str], *, account_id: str, partition: str) -> Credentials: ...

    def describe(self, credentials: Credentials) -> CredentialFacts: ...

    def for_member(
        self, connection: Credentials, *, account_id: str, partition: str, options: Mapping[str, str]
    ) -> Credentials: ...


class GuidesModule(Protocol):
    """``setup`` and ``setup_rotation``."""

    def guides(self, method: str, context: SetupContext) -> tuple[SetupGuide, ...]: ...


class OrganizationSetupModule(Protocol):
    """``organization_setup``."""

    def guides(self, context: SetupContext, options: Mapping[str, str]) -> tuple[SetupGuide, ...]: ...


class PlanModule(Protocol):
    """``plan``."""

    PLANS: Mapping[str, Plan]  # by method


class ValidationModule(Protocol):
    """``validation``."""

    def validate(
        self, credentials: Credentials, target: Target, progress: ValidationProgress
    ) -> CloudValidationResult: ...


class ConnectionCheckModule(Protocol):
    """``connection_check``."""

    def check_connection(self, credentials: Credentials, target: Target) -> None: ...

    def probe_access(self, credentials: Credentials, target: Target, known: KnownPermissions) -> frozenset[str]: ...


class InventoryModule(Protocol):
    """``inventory``."""

    def open_session(self, credentials: Credentials, target: Target) -> Session: ...


class OrganizationModule(Protocol):
    """``organization``."""

    def organization_pages(
        self, credentials: Credentials, target: Target, options: Mapping[str, str], cursor: str
    ) -> Iterator[MemberPage]: ...


class ServerModule(Protocol):
    """``server``."""

    def server_identity(self, timeout: float) -> ServerIdentity: ...


class ChecksModule(Protocol):
    """``checks``."""

    CHECKS: tuple[PostureCheck, ...]


class PermissionsModule(Protocol):
    """``permissions``: no SDK, since pages call it."""

    def topic(self, permission: str) -> str: ...


class LeastPrivilegeModule(Protocol):
    """``least_privilege``: no SDK, since pages call it."""

    def reading_of(self, check: PostureCheck) -> str: ...

    def least_privilege(
        self,
        checks: Iterable[PostureCheck],
        *,
        account_id: str = "",
        method: str = "",
        regions: Sequence[str] = (),
        whole: bool = False,
    ) -> LeastPrivilege: ...


class ConsoleModule(Protocol):
    """``console``."""

    def build_console_link(self, asset: Asset, *, account_id: str, partition: str, tenant: str = "") -> str: ...


class RemediationModule(Protocol):
    """``remediation``."""

    def remediate(self, check: PostureCheck, asset: Asset, *, account_id: str, partition: str) -> Remediation: ...


class OwnKeysModule(Protocol):
    """``own_keys``."""

    def open_own_keys(self, credentials: Credentials, target: Target) -> OwnKeys: ...


class OwnKeyTextsModule(Protocol):
    """``own_key_texts``: no SDK, since pages call it."""

    def key_id(self, credentials: Credentials) -> str: ...

    def guide(self, method: str, context: SetupContext) -> SetupGuide | None: ...


class EngineModule(Protocol):
    """``engine``."""

    def access(self, engine: str, credentials: Credentials, target: Target, regions: Sequence[str]) -> EngineAccess: ...


class ModularProvider(OrganizationProvider):
    """Left to the subclass: what it is called, its methods, its account ids, partitions and regions."""

    package: ClassVar[str]  # where the modules are: "cloudaccounts.providers.aws"

    @classmethod
    def _module(cls, name: str) -> Any:
        """Imported by the first call that needs it, so that a page that calls no cloud never loads an SDK: that takes
        0.3 to 0.7 seconds of processor time (docs/decisions/0012-loading-late.md).
        """
        return import_module(f"{cls.package}.{name}")

    def clean_credentials(
        self, method: str, values: Mapping[str, str], *, account_id: str, partition: str
    ) -> Credentials:
        module: CredentialsModule = self._module("credentials")
        return module.clean(method, values, account_id=account_id, partition=partition)

    def describe(self, credentials: Credentials) -> CredentialFacts:
        module: CredentialsModule = self._module("credentials")
        return module.describe(credentials)

    def setup_guides(self, method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
        module: GuidesModule = self._module("setup")
        return module.guides(method, context)

    def rotation_guide(self, method: str, context: SetupContext) -> tuple[SetupGuide, ...]:
        module: GuidesModule = self._module("setup_rotation")
        return module.guides(method, context)

    def plan(self, method: str) -> Plan:
        module: PlanModule = self._module("plan")
        return module.PLANS[method]

    def validate(self, credentials: Credentials, target: Target, progress: ValidationProgress) -> CloudValidationResult:
        module: ValidationModule = self._module("validation")
        return module.validate(credentials, target, progress)

    def check_connection(self, credentials: Credentials, target: Target) -> None:
        module: ConnectionCheckModule = self._module("connection_check")
        module.check_connection(credentials, target)

    def probe_access(self, credentials: Credentials, target: Target, known: KnownPermissions) -> frozenset[str]:
        module: ConnectionCheckModule = self._module("connection_check")
        return module.probe_access(credentials, target, known)

    def open_session(self, credentials: Credentials, target: Target) -> Session:
        module: InventoryModule = self._module("inventory")
        return module.open_session(credentials, target)

    def organization_pages(
        self, credentials: Credentials, target: Target, options: Mapping[str, str], cursor: str = ""
    ) -> Iterator[MemberPage]:
        module: OrganizationModule = self._module("organization")
        return module.organization_pages(credentials, target, options, cursor)

    def member_credentials(
        self, connection: Credentials, *, account_id: str, partition: str, options: Mapping[str, str]
    ) -> Credentials:
        module: CredentialsModule = self._module("credentials")
        return module.for_member(connection, account_id=account_id, partition=partition, options=options)

    def organization_guides(self, context: SetupContext, options: Mapping[str, str]) -> tuple[SetupGuide, ...]:
        module: OrganizationSetupModule = self._module("organization_setup")
        return module.guides(context, options)

    def server_identity(self, timeout: float) -> ServerIdentity:
        module: ServerModule = self._module("server")
        return module.server_identity(timeout)

    def own_keys(self, credentials: Credentials, target: Target) -> OwnKeys:
        module: OwnKeysModule = self._module("own_keys")
        return module.open_own_keys(credentials, target)

    def own_key_id(self, credentials: Credentials) -> str:
        module: OwnKeyTextsModule = self._module("own_key_texts")
        return module.key_id(credentials)

    def own_key_guide(self, method: str, context: SetupContext) -> SetupGuide | None:
        module: OwnKeyTextsModule = self._module("own_key_texts")
        return module.guide(method, context)

    def permission_topic(self, permission: str) -> str:
        module: PermissionsModule = self._module("permissions")
        return module.topic(permission)

    def posture_checks(self) -> tuple[PostureCheck, ...]:
        module: ChecksModule = self._module("checks")
        return module.CHECKS

    def reading_of(self, check: PostureCheck) -> str:
        module: LeastPrivilegeModule = self._module("least_privilege")
        return module.reading_of(check)

    def least_privilege(
        self,
        checks: Iterable[PostureCheck],
        *,
        account_id: str = "",
        method: str = "",
        regions: Sequence[str] = (),
        whole: bool = False,
    ) -> LeastPrivilege:
        module: LeastPrivilegeModule = self._module("least_privilege")
        return module.least_privilege(checks, account_id=account_id, method=method, regions=regions, whole=whole)

    def engine_access(
        self, engine: str, credentials: Credentials, target: Target, regions: Sequence[str]
    ) -> EngineAccess:
        module: EngineModule = self._module("engine")
        return module.access(engine, credentials, target, regions)

    def engine_pairs(self, engine: str) -> tuple[EnginePair, ...]:
        return engine_pairs(self.package, engine)

    def build_console_link(self, asset: Asset, *, account_id: str, partition: str, tenant: str = "") -> str:
        module: ConsoleModule = self._module("console")
        return module.build_console_link(asset, account_id=account_id, partition=partition, tenant=tenant)

    def remediate(self, check: PostureCheck, asset: Asset, *, account_id: str, partition: str) -> Remediation:
        module: RemediationModule = self._module("remediation")
        return module.remediate(check, asset, account_id=account_id, partition=partition)
