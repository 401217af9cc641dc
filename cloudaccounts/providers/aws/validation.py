"""The connection test: identity, account, root, confused deputy, age of the key, permissions, regions. No Django.

The checks that need an identity only run at the same time, each in a thread of its own; they are told in the plan's
order by the thread that validates. A failure of sign-in or account ends the test, any other lets the rest be told as
well, so that a person mends all at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.report import CheckStatus, CloudValidationResult, PlannedCheck, ValidationProgress
from cloudaccounts.provider_kit.deadlines import Deadline, start, start_in_turn
from cloudaccounts.providers.aws import check_results
from cloudaccounts.providers.aws.errors import Who, explain
from cloudaccounts.providers.aws.permission_check import prove
from cloudaccounts.providers.aws.plan import (
    ACCESS_KEYS,
    ACCOUNT_MATCH,
    CROSS_ACCOUNT_ROLE,
    EXTERNAL_ID_PROOF,
    IDENTITY,
    KEY_AGE,
    ORGANIZATION_ROLE,
    PERMISSIONS,
    PLANS,
    REGIONS,
    ROOT_REFUSED,
)
from cloudaccounts.providers.aws.region_check import enabled_regions
from cloudaccounts.providers.aws.regions import require_regions, signing_region
from cloudaccounts.providers.aws.role import RoleGate, TrustError, wrong_external_id
from cloudaccounts.providers.aws.signin import Identity, caller, member_gate

T = TypeVar("T")


class Refused(Exception):  # noqa: N818 # not an error: the check that failed is in the report
    """The rest of the test would prove nothing."""


def validate(credentials: Credentials, target: Target, progress: ValidationProgress) -> CloudValidationResult:
    """Every expected failure is in the result. Takes at most ``target.deadline`` seconds."""
    runs: dict[str, type[_Run]] = {CROSS_ACCOUNT_ROLE: _RoleRun, ORGANIZATION_ROLE: _MemberRun}
    return runs.get(credentials.method, _KeysRun)(credentials, target, progress).report()


class _Run(ABC):
    """One validation; subclasses say how to sign in and which checks are their method's own."""

    method: str

    def __init__(self, credentials: Credentials, target: Target, progress: ValidationProgress) -> None:
        self.credentials = credentials
        self.target = target
        self.progress = progress
        self.deadline = Deadline(target.deadline, "AWS")

    @abstractmethod
    def sign_in(self) -> Identity:
        """Raises `ProviderError`."""

    @abstractmethod
    def begin(self, identity: Identity) -> tuple[Callable[[], None], Future[check_results.Proof]]:
        """Starts the method's own checks and the permissions.

        Gives back what tells the former, in the plan's place, and the latter.
        """

    def report(self) -> CloudValidationResult:
        identity: Identity | None = None
        try:
            identity = self._identity()
            tell_own_checks, permissions = self.begin(identity)
            regions = start(partial(self._regions, identity))
            tell_own_checks()
            self._tell_permissions(permissions)
            self._tell_regions(regions)
        except Refused:
            self._skip_the_rest()
        finally:
            if identity is not None:
                identity.connection.close()
        return self.progress.finish()

    def check(self, planned: PlannedCheck, future: Future[T]) -> T:
        """Waits for what a check needs; where that fails, so does the check."""
        self.progress.start(planned.name)
        try:
            return self.deadline.wait(future)
        except ProviderError as error:
            self.tell_trust(error)
            self.progress.done(check_results.failed(planned, error))
            raise Refused from None

    def tell_trust(self, error: ProviderError) -> None:
        """Where the trust policy is the cause, the right one is what mends it; gaps in permissions come after."""
        if isinstance(error, TrustError):
            title = "The role's trust policy must say exactly this; then check again"
            self.progress.update(mending=error.trust_policy, mending_title=title)

    def _identity(self) -> Identity:
        identity = self.check(IDENTITY, start(self._checked_sign_in))
        self.progress.update(identity=identity.shown)
        self.progress.done(check_results.passed(IDENTITY, f"{self.verb} {identity.shown}"))
        self.progress.start(ACCOUNT_MATCH.name)
        verdict = check_results.account(identity.account_id, self.target.account_id)
        self.progress.done(verdict)
        if verdict.status == CheckStatus.FAILED:
            identity.connection.close()
            raise Refused
        return identity

    verb = "Signed in as"

    def _checked_sign_in(self) -> Identity:
        require_regions(self.target.partition, self.target.regions)
        return self.sign_in()

    def prove(self, identity: Identity) -> check_results.Proof:
        region = signing_region(self.target.partition, self.target.regions)
        return prove(identity.connection, identity.stored_arn, region, self.target.account_id)

    def _regions(self, identity: Identity) -> check_results.Regions:
        if not self.target.regions:
            return ()
        region = signing_region(self.target.partition, self.target.regions)
        return enabled_regions(identity.connection, self.target.regions, region)

    def _tell_permissions(self, future: Future[check_results.Proof]) -> None:
        self.progress.start(PERMISSIONS.name)
        try:
            results, simulated = self.deadline.wait(future)
        except ProviderError as error:
            self.progress.done(check_results.failed(PERMISSIONS, error))
            return
        self.progress.update(permissions=results)
        if not self.progress.report.mending:
            self.progress.update(**check_results.mending(results))
        self.progress.done(check_results.permissions(results, simulated=simulated))

    def _tell_regions(self, future: Future[check_results.Regions]) -> None:
        self.progress.start(REGIONS.name)
        try:
            results = self.deadline.wait(future)
        except ProviderError as error:
            self.progress.done(check_results.regions_unknown(error))
            return
        self.progress.update(regions=results)
        self.progress.done(check_results.regions(results))

    def _skip_the_rest(self) -> None:
        told = {check.name for check in self.progress.report.checks}
        rest = [planned for planned in PLANS[self.method] if planned.name not in told]
        self.progress.done(*(check_results.skipped(planned, "Not reached.") for planned in rest))


class _KeysRun(_Run):
    method = ACCESS_KEYS

    def sign_in(self) -> Identity:
        return caller(self.credentials, self.target)

    def begin(self, identity: Identity) -> tuple[Callable[[], None], Future[check_results.Proof]]:
        self.progress.start(ROOT_REFUSED.name)
        verdict = check_results.root(identity.arn)
        self.progress.done(verdict)
        if verdict.status == CheckStatus.FAILED:
            raise Refused
        age, proof = start_in_turn(partial(self._created_at, identity), partial(self.prove, identity))
        return partial(self._tell_age, age), proof

    def _created_at(self, identity: Identity) -> datetime | None:
        """The key's own date; None for temporary keys. Raises `ProviderError`."""
        if not identity.stored_arn:
            return None
        name, key_id = identity.stored_arn.rsplit("/", 1)[1], self.credentials["access_key_id"]
        try:
            keys = identity.connection.client("iam").list_access_keys(UserName=name)["AccessKeyMetadata"]
        except (ClientError, BotoCoreError) as error:
            raise explain(error, Who.KEYS, "iam:ListAccessKeys") from None
        return next((key["CreateDate"] for key in keys if key["AccessKeyId"] == key_id), None)

    def _tell_age(self, future: Future[datetime | None]) -> None:
        self.progress.start(KEY_AGE.name)
        try:
            created = self.deadline.wait(future)
        except ProviderError as error:
            self.progress.done(check_results.age_unknown(error))
            return
        if created is not None:
            self.progress.update(credential_created_at=created.isoformat())
        self.progress.done(check_results.age(created, datetime.now(UTC)))


class _RoleRun(_Run):
    method = CROSS_ACCOUNT_ROLE
    verb = "Assumed"
    _gate: RoleGate | None = None

    def sign_in(self) -> Identity:
        role_arn = self.credentials["role_arn"]
        self._gate = gate = self.gate()
        session = gate.enter(self.deadline)
        return Identity(role_arn, session.arn, session.account_id, role_arn, session.connection)

    def gate(self) -> RoleGate:
        """Raises `ProviderError`."""
        return RoleGate(self.credentials["role_arn"], self.target)

    def begin(self, identity: Identity) -> tuple[Callable[[], None], Future[check_results.Proof]]:
        gate = self._gate
        assert gate is not None
        wrong_id = wrong_external_id(self.target.external_id)
        without, wrong = start_in_turn(partial(gate.refuses, None), partial(gate.refuses, wrong_id))
        return partial(self._tell_proof, gate, without, wrong), start(partial(self.prove, identity))

    def _tell_proof(self, gate: RoleGate, without: Future[bool], wrong: Future[bool]) -> None:
        self.progress.start(EXTERNAL_ID_PROOF.name)
        try:
            hole = check_results.hole(
                refused_without=self.deadline.wait(without), refused_wrong=self.deadline.wait(wrong)
            )
            if hole:
                raise gate.trust_error("confused_deputy", hole)
        except ProviderError as error:
            self.tell_trust(error)
            self.progress.done(check_results.failed(EXTERNAL_ID_PROOF, error))
        else:
            proven = "Without the external ID and with a wrong one, AWS refused us. As it should."
            self.progress.done(check_results.passed(EXTERNAL_ID_PROOF, proven))


class _MemberRun(_RoleRun):
    """A member of an organization: the same role and proofs, entered by the organization's connection."""

    method = ORGANIZATION_ROLE

    def gate(self) -> RoleGate:
        return member_gate(self.credentials, self.target, self.deadline)
