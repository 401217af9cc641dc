"""The validation: identity, account, root user, confused deputy, age of the key, permissions, regions. No Django.

Checks that need nothing but an identity run at the same time. A failure of sign-in or account, or a key of the root
user, ends the validation; every other failure leaves the remaining checks to be reported.
"""

from __future__ import annotations

from abc import abstractmethod
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.report import CheckResult, CloudValidationResult, ValidationProgress
from cloudaccounts.provider_kit.check_results import failed, passed
from cloudaccounts.provider_kit.deadlines import start, start_in_turn
from cloudaccounts.provider_kit.regions import with_reasons
from cloudaccounts.provider_kit.validation_run import ValidationRun
from cloudaccounts.providers.aws import check_results
from cloudaccounts.providers.aws.errors import Who, explain
from cloudaccounts.providers.aws.permission_check import PermissionCheck, check_permissions
from cloudaccounts.providers.aws.plan import (
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
from cloudaccounts.providers.aws.region_check import OFF, UNKNOWN, account_regions
from cloudaccounts.providers.aws.regions import require_regions, signing_region
from cloudaccounts.providers.aws.role import AssumableRole, TrustError, wrong_external_ids
from cloudaccounts.providers.aws.signin import Identity, caller, member_role

Reading = tuple[Future[PermissionCheck], Future[check_results.Regions]]


def validate(credentials: Credentials, target: Target, progress: ValidationProgress) -> CloudValidationResult:
    """Every expected failure is in the result. Takes at most ``target.deadline`` seconds."""
    runs: dict[str, type[_Run]] = {CROSS_ACCOUNT_ROLE: _RoleRun, ORGANIZATION_ROLE: _MemberRun}
    run = runs.get(credentials.method, _KeysRun)
    return run(credentials, target, progress, PLANS[credentials.method]).run()


class _Run(ValidationRun[Identity]):
    """Subclasses say how to sign in, and add the checks of their method."""

    cloud = "AWS"
    verb = "Signed in as"

    @abstractmethod
    def sign_in(self) -> Identity:
        """Raises `ProviderError`."""

    @abstractmethod
    def run_own_checks(self, identity: Identity) -> Reading:
        """Reports the method's own checks, which come first in the plan, and starts those of what may be read.

        Raises `ValidationStopped`.
        """

    def report_identity(self) -> Identity:
        identity = self.wait_for(IDENTITY, start(self._sign_in))
        self.progress.update(identity=identity.shown)
        self.progress.done(passed(IDENTITY, f"{self.verb} {identity.shown}"))
        return identity

    def _sign_in(self) -> Identity:
        # Before any call: a region decides a host name, so only known ones may reach the SDK.
        require_regions(self.target.partition, self.target.regions)
        return self.sign_in()

    def report_checks(self, identity: Identity) -> None:
        self.progress.start(ACCOUNT_MATCH.name)
        # Before everything else: what is read of another account than the one that was named must not be shown under
        # its name.
        self.report_or_stop(check_results.account(identity.account_id, self.target.account_id))
        permissions, regions = self.run_own_checks(identity)
        self.report(PERMISSIONS, permissions, self._permissions_result, partial(failed, PERMISSIONS))
        self.report(REGIONS, regions, self._regions_result, check_results.regions_unknown)

    def add_remediation(self, error: ProviderError) -> None:
        if isinstance(error, TrustError):
            title = "The role's trust policy must say exactly this; then check again"
            self.progress.update(mending=error.trust_policy, mending_title=title)

    def permissions(self, identity: Identity) -> PermissionCheck:
        region = signing_region(self.target.partition, self.target.regions)
        return check_permissions(identity.connection, identity.stored_arn, region, self.target.account_id)

    def _permissions_result(self, check: PermissionCheck) -> CheckResult:
        results = check.results
        self.progress.update(permissions=results, beyond=check.beyond)
        # A trust policy that must change goes first: until it does, whoever adds permissions gives them to strangers.
        if not self.progress.report.mending:
            self.progress.update(**check_results.remediation(results))
        return check_results.permissions(results, how=check.how)

    def _regions(self, identity: Identity) -> check_results.Regions:
        region = signing_region(self.target.partition, self.target.regions)
        regions = account_regions(identity.connection, region)
        return with_reasons(regions, self.target.regions, off=OFF, unknown=UNKNOWN)

    def _regions_result(self, results: check_results.Regions) -> CheckResult:
        self.progress.update(regions=results)
        return check_results.regions(results, self.target)


class _KeysRun(_Run):
    def sign_in(self) -> Identity:
        return caller(self.credentials, self.target)

    def run_own_checks(self, identity: Identity) -> Reading:
        self.progress.start(ROOT_REFUSED.name)
        self.report_or_stop(check_results.root(identity.arn))
        # Both ask IAM first, so they share a connection.
        age, permissions = start_in_turn(partial(self._created_at, identity), partial(self.permissions, identity))
        regions = start(partial(self._regions, identity))
        self.report(KEY_AGE, age, self._age_result, check_results.age_unknown)
        return permissions, regions

    def _created_at(self, identity: Identity) -> datetime | None:
        """The key's own date; None for temporary keys. Raises `ProviderError`."""
        # Temporary keys are in no list of IAM's, so they have no date.
        if not identity.stored_arn:
            return None
        name, key_id = identity.stored_arn.rsplit("/", 1)[1], self.credentials["access_key_id"]
        try:
            keys = identity.connection.client("iam").list_access_keys(UserName=name)["AccessKeyMetadata"]
        except (ClientError, BotoCoreError) as error:
            raise explain(error, Who.KEYS, "iam:ListAccessKeys") from None
        return next((key["CreateDate"] for key in keys if key["AccessKeyId"] == key_id), None)

    def _age_result(self, created: datetime | None) -> CheckResult:
        if created is not None:
            self.progress.update(credential_created_at=created.isoformat())
        return check_results.age(created, datetime.now(UTC))


class _RoleRun(_Run):
    verb = "Assumed"
    _role: AssumableRole | None = None

    def sign_in(self) -> Identity:
        role_arn = self.credentials["role_arn"]
        self._role = role = self.role()
        session = role.assume(self.deadline)
        return Identity(role_arn, session.arn, session.account_id, role_arn, session.connection)

    def role(self) -> AssumableRole:
        """Raises `ProviderError`."""
        return AssumableRole(self.credentials["role_arn"], self.target)

    def run_own_checks(self, identity: Identity) -> Reading:
        """The role must refuse us without the owner's external ID. Until it has, nothing of the account is read: it is
        this server's identity that reads it, whoever asks.
        """
        role = self._role
        assert role is not None
        wrong_ids = wrong_external_ids(self.target.external_id)
        # Attempts that must fail: a trust policy may lack the condition, or hold a pattern that fits other IDs too.
        without, wrong = start_in_turn(partial(role.refuses, None), partial(role.refuses_all, wrong_ids))
        # Both are awaited before either is evaluated: the gap's text says which of the two let us in.
        refused_without = self.wait_for(EXTERNAL_ID_PROOF, without)
        refused_wrong = self.wait_for(EXTERNAL_ID_PROOF, wrong)
        if gap := check_results.external_id_gap(refused_without=refused_without, refused_wrong=refused_wrong):
            error = role.trust_error("confused_deputy", gap)
            self.add_remediation(error)
            self.report_or_stop(failed(EXTERNAL_ID_PROOF, error))
        text = "Without the external ID and with wrong ones, AWS refused us. As it should."
        self.progress.done(passed(EXTERNAL_ID_PROOF, text))
        return start(partial(self.permissions, identity)), start(partial(self._regions, identity))


class _MemberRun(_RoleRun):
    """A member of an organization: the same checks of the same kind of role, assumed by the connecting account."""

    def role(self) -> AssumableRole:
        return member_role(self.credentials, self.target, self.deadline)
