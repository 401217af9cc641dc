"""The connection test: sign-in, tenant, subscription, the owner's mark, permissions, providers, regions. No Django.

What needs the same answer first runs at the same time, each call in a thread of its own; the checks are told in the
plan's order by the thread that validates. A failure of sign-in, tenant, subscription or mark ends the test; any other
lets the rest be told as well, so that a person mends all at once.

With a federated credential it is this server's identity that opens the subscription, whoever asks: so until the
subscription's tag has proven the owner, nothing of it (its name, its neighbours, its permissions) is read or told.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.report import (
    CheckResult,
    CheckStatus,
    CloudValidationResult,
    PlannedCheck,
    RegionResult,
    ValidationProgress,
)
from cloudaccounts.provider_kit.deadlines import Deadline, start
from cloudaccounts.providers.azure import check_results
from cloudaccounts.providers.azure.certificate import parse
from cloudaccounts.providers.azure.identifiers import end_of_day
from cloudaccounts.providers.azure.permission_check import Proof, prove
from cloudaccounts.providers.azure.plan import (
    CERTIFICATE,
    CLIENT_SECRET,
    EXPIRY,
    EXTERNAL_ID_PROOF,
    FEDERATED,
    IDENTITY,
    PERMISSIONS,
    PLANS,
    PROVIDERS,
    REGIONS,
    SUBSCRIPTION,
    TENANT,
)
from cloudaccounts.providers.azure.setup_texts import tag_command
from cloudaccounts.providers.azure.signin import (
    Access,
    Subscription,
    asked,
    sign_in,
    subscription,
    visible_subscriptions,
)

T = TypeVar("T")


class Refused(Exception):  # noqa: N818 # not an error: the check that failed is in the report
    """The rest of the test would prove nothing."""


def validate(credentials: Credentials, target: Target, progress: ValidationProgress) -> CloudValidationResult:
    """Every expected failure is in the result. Takes at most ``target.deadline`` seconds."""
    return _Run(credentials, target, progress).report()


class _Run:
    def __init__(self, credentials: Credentials, target: Target, progress: ValidationProgress) -> None:
        self.credentials = credentials
        self.target = target
        self.progress = progress
        self.deadline = Deadline(target.deadline, "Azure")
        self.guarded = credentials.method == FEDERATED

    def report(self) -> CloudValidationResult:
        access: Access | None = None
        try:
            access = self._identity()
            self._walk(access)
        except Refused:
            self._skip_the_rest()
        finally:
            if access is not None:
                access.connection.close()
        return self.progress.finish()

    def check(self, planned: PlannedCheck, future: Future[T]) -> T:
        """Waits for what a check needs; where that fails, so does the check, and the test ends."""
        self.progress.start(planned.name)
        try:
            return self.deadline.wait(future)
        except ProviderError as error:
            self.progress.done(check_results.failed(planned, error))
            raise Refused from None

    def _walk(self, access: Access) -> None:
        tenants, found = start(partial(_tenant_names, access)), start(partial(subscription, access))
        others: Future[list[Subscription]] | None = None
        if not self.guarded:
            others = start(partial(visible_subscriptions, access))
            rest = self._ask_the_rest(access)
        self._tell_tenant(access, tenants)
        known = self._tell_subscription(access, found, others)
        if self.guarded:
            self._tell_external_id(known)
            rest = self._ask_the_rest(access)
        else:
            self._tell_expiry()
        proof, providers, regions = rest
        self._tell_permissions(proof)
        self._tell_good_to_know(PROVIDERS, providers, check_results.providers)
        self._tell_good_to_know(REGIONS, regions, self._told_regions)

    def _ask_the_rest(
        self, access: Access
    ) -> tuple[Future[Proof], Future[dict[str, str]], Future[tuple[RegionResult, ...]]]:
        return (
            start(partial(prove, access.connection, access.principal_id)),
            start(partial(_providers, access)),
            start(partial(_regions, access, self.target.regions)),
        )

    def _identity(self) -> Access:
        access = self.check(IDENTITY, start(partial(sign_in, self.credentials, self.target)))
        identity = f"app {access.client_id} of tenant {access.tenant_id}"
        self.progress.update(identity=identity)
        self.progress.done(check_results.passed(IDENTITY, f"Signed in as {identity}"))
        return access

    def _tell_tenant(self, access: Access, tenants: Future[dict[str, str]]) -> None:
        """The token's own tenant decides; the list adds the name."""
        self.progress.start(TENANT.name)
        if access.token_tenant and access.token_tenant != access.tenant_id:
            error = ProviderError(
                "tenant_mismatch",
                "Azure signed the app in to another tenant than the one you named.",
                "Copy the Directory (tenant) ID from the app registration.",
            )
            self.progress.done(check_results.failed(TENANT, error))
            raise Refused
        try:
            name = self.deadline.wait(tenants).get(access.tenant_id, "")
        except ProviderError as error:
            if not error.permanent:
                self.progress.done(check_results.failed(TENANT, error))
                raise Refused from None
            name = ""
        shown = f"It is {name}." if name and not self.guarded else "The token is of this tenant."
        self.progress.done(check_results.passed(TENANT, shown))

    def _tell_subscription(
        self, access: Access, future: Future[Subscription], others: Future[list[Subscription]] | None
    ) -> Subscription:
        found = self.check(SUBSCRIPTION, future)
        if found.tenant_id and found.tenant_id != access.tenant_id and access.tenant_id not in found.managed_by:
            error = ProviderError(
                "subscription_in_other_tenant",
                "The subscription belongs to another tenant than the one you signed in to.",
                "Use the ID of the subscription's own tenant, and an app in it.",
            )
            self.progress.done(check_results.failed(SUBSCRIPTION, error))
            raise Refused
        verdict = check_results.subscription(
            found.state, "" if self.guarded else found.name, self._count_others(others)
        )
        self.progress.done(verdict)
        if verdict.status == CheckStatus.FAILED:
            raise Refused
        return found

    def _count_others(self, others: Future[list[Subscription]] | None) -> int:
        if others is None:
            return 0
        try:
            return sum(one.id != self.target.account_id for one in self.deadline.wait(others))
        except ProviderError:
            return 0  # good to know, and told by nothing else

    def _tell_external_id(self, found: Subscription) -> None:
        self.progress.start(EXTERNAL_ID_PROOF.name)
        error = check_results.external_id_error(found.tags, self.target.external_id, self.target.account_id)
        if error is not None:
            self.progress.update(
                mending=tag_command(self.target.account_id, self.target.external_id),
                mending_title="Run this as an administrator of the subscription, then check again",
            )
            self.progress.done(check_results.failed(EXTERNAL_ID_PROOF, error))
            raise Refused
        self.progress.done(check_results.external_id_proven())

    def _tell_expiry(self) -> None:
        self.progress.start(EXPIRY.name)
        ends: datetime | None = None
        if self.credentials.method == CERTIFICATE:
            parsed = parse(self.credentials["certificate_pem"], self.credentials.get("password"))
            ends = parsed.not_after
            self.progress.update(credential_created_at=parsed.not_before.isoformat())
        elif self.credentials.method == CLIENT_SECRET:
            ends = end_of_day(self.credentials.get("expires_on"))
        if ends is not None:
            self.progress.update(credential_expires_at=ends.isoformat())
        self.progress.done(check_results.expiry(ends, datetime.now(UTC)))

    def _tell_permissions(self, future: Future[Proof]) -> None:
        self.progress.start(PERMISSIONS.name)
        try:
            proof = self.deadline.wait(future)
        except ProviderError as error:
            self.progress.done(check_results.failed(PERMISSIONS, error))
            return
        self.progress.update(permissions=proof.results)
        self.progress.update(
            **check_results.mending(proof.results, self.credentials["client_id"], self.target.account_id)
        )
        self.progress.done(check_results.permissions(proof.results, proof.denials_unread))

    def _told_regions(self, results: tuple[RegionResult, ...]) -> CheckResult:
        self.progress.update(regions=results)
        return check_results.regions(results)

    def _tell_good_to_know(self, planned: PlannedCheck, future: Future[T], judge: Callable[[T], CheckResult]) -> None:
        self.progress.start(planned.name)
        try:
            verdict = judge(self.deadline.wait(future))
        except ProviderError as error:
            verdict = check_results.unknown(planned, error)
        self.progress.done(verdict)

    def _skip_the_rest(self) -> None:
        told = {check.name for check in self.progress.report.checks}
        rest = [planned for planned in PLANS[self.credentials.method] if planned.name not in told]
        self.progress.done(*(check_results.skipped(planned, "Not reached.") for planned in rest))


def _tenant_names(access: Access) -> dict[str, str]:
    """Of the tenants that the app sees, by ID: display name and domain, where Azure tells them."""

    def listed() -> dict[str, str]:
        names = {}
        for one in access.connection.subscriptions.tenants.list():
            parts = [str(one.display_name or ""), f"({one.default_domain})" if one.default_domain else ""]
            names[str(one.tenant_id or "").lower()] = " ".join(part for part in parts if part)[:200]
        return names

    return asked(listed, "Microsoft.Resources/tenants/read")


def _providers(access: Access) -> dict[str, str]:
    def listed() -> dict[str, str]:
        pages = access.connection.resources.providers.list()
        return {str(one.namespace or "").lower(): str(one.registration_state or "") for one in pages}

    return asked(listed, "Microsoft.Resources/subscriptions/providers/read")


def _regions(access: Access, chosen: tuple[str, ...]) -> tuple[RegionResult, ...]:
    if not chosen:
        return ()

    def listed() -> set[str]:
        pages = access.connection.subscriptions.subscriptions.list_locations(access.connection.subscription_id)
        return {str(one.name or "").lower() for one in pages}

    names = asked(listed, "Microsoft.Resources/subscriptions/locations/read")
    return tuple(
        RegionResult(name, name in names, "" if name in names else "not open to this subscription") for name in chosen
    )
