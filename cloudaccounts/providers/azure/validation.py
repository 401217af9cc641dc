"""The validation: sign-in, tenant, subscription, the owner's tag, permissions, resource providers, regions. No Django.

Calls that need the same answer run at the same time. A failure of sign-in, tenant, subscription or tag ends the
validation; every other failure leaves the remaining checks to be reported.

With a federated credential it is this server's identity that opens the subscription, whoever asks. So until the
subscription's tag has proven the owner, nothing about it (its name, the others that the app can see, its permissions)
is read or shown.
"""

from __future__ import annotations

from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.report import CheckResult, CloudValidationResult, RegionResult, ValidationProgress
from cloudaccounts.provider_kit.check_results import failed, passed
from cloudaccounts.provider_kit.deadlines import start
from cloudaccounts.provider_kit.regions import with_reasons
from cloudaccounts.provider_kit.validation_run import ValidationRun, ValidationStopped
from cloudaccounts.providers.azure import check_results
from cloudaccounts.providers.azure.certificate import parse
from cloudaccounts.providers.azure.identifiers import end_of_day
from cloudaccounts.providers.azure.permission_check import PermissionCheck, check_permissions
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
    call_azure,
    get_subscription,
    sign_in,
    subscription_regions,
    visible_subscriptions,
)

Remaining = tuple[Future[PermissionCheck], Future[dict[str, str]], Future[tuple[RegionResult, ...]]]


def validate(credentials: Credentials, target: Target, progress: ValidationProgress) -> CloudValidationResult:
    """Every expected failure is in the result. Takes at most ``target.deadline`` seconds."""
    return _Run(credentials, target, progress, PLANS[credentials.method]).run()


class _Run(ValidationRun[Access]):
    cloud = "Azure"

    def report_identity(self) -> Access:
        access = self.wait_for(IDENTITY, start(partial(sign_in, self.credentials, self.target)))
        identity = f"app {access.client_id} of tenant {access.tenant_id}"
        self.progress.update(identity=identity)
        self.progress.done(passed(IDENTITY, f"Signed in as {identity}"))
        return access

    @property
    def must_prove_owner(self) -> bool:
        return self.credentials.method == FEDERATED

    def report_checks(self, access: Access) -> None:
        tenants = start(partial(_tenant_names, access))
        subscription = start(partial(get_subscription, access))
        others: Future[list[Subscription]] | None = None
        # With a secret or a certificate the app is the customer's own, so all may be asked at once: nothing is told
        # to a stranger.
        if not self.must_prove_owner:
            others = start(partial(visible_subscriptions, access))
            remaining = self._start_remaining(access)
        self._report_tenant(access, tenants)
        # The tag first, and only then the calls whose answers describe the subscription.
        if self.must_prove_owner:
            self._report_owner(access, subscription)
            remaining = self._start_remaining(access)
        else:
            self._report_subscription(access, self.wait_for(SUBSCRIPTION, subscription), others)
            self._report_expiry()
        permissions, providers, regions = remaining
        self.report(PERMISSIONS, permissions, self._permissions_result, partial(failed, PERMISSIONS))
        self.report(PROVIDERS, providers, check_results.providers, partial(check_results.unknown, PROVIDERS))
        self.report(REGIONS, regions, self._regions_result, partial(check_results.unknown, REGIONS))

    def _start_remaining(self, access: Access) -> Remaining:
        return (
            start(partial(check_permissions, access.connection, access.principal_id)),
            start(partial(_provider_states, access)),
            start(partial(_regions, access, self.target.regions)),
        )

    def _report_tenant(self, access: Access, tenants: Future[dict[str, str]]) -> None:
        """The tenant in the token decides; the list only adds the name."""
        self.progress.start(TENANT.name)
        # Without a tenant in the token there is nothing to compare, and Azure has accepted the tenant that was named.
        if access.token_tenant and access.token_tenant != access.tenant_id:
            error = ProviderError(
                "tenant_mismatch",
                "Azure signed the app in to another tenant than the one you named.",
                "Copy the Directory (tenant) ID from the app registration.",
            )
            self.report_or_stop(failed(TENANT, error))
        try:
            name = self.deadline.wait(tenants).get(access.tenant_id, "")
        except ProviderError as error:
            # A temporary failure is reported as such. A denial costs only the name.
            if not error.permanent:
                self.progress.done(failed(TENANT, error))
                raise ValidationStopped from None
            name = ""
        show_name = name and not self.must_prove_owner
        self.progress.done(passed(TENANT, f"It is {name}." if show_name else "The token is of this tenant."))

    def _report_subscription(
        self, access: Access, subscription: Subscription, others: Future[list[Subscription]] | None
    ) -> None:
        # Azure Lighthouse lets an app of a managing tenant read the subscription of another.
        is_of_tenant = subscription.tenant_id == access.tenant_id or access.tenant_id in subscription.managed_by
        if subscription.tenant_id and not is_of_tenant:
            error = ProviderError(
                "subscription_in_other_tenant",
                "The subscription belongs to another tenant than the one you signed in to.",
                "Use the ID of the subscription's own tenant, and an app in it.",
            )
            self.report_or_stop(failed(SUBSCRIPTION, error))
        count = self._count_others(others)
        self.report_or_stop(check_results.subscription(subscription.state, subscription.name, count))

    def _count_others(self, others: Future[list[Subscription]] | None) -> int:
        if others is None:
            return 0
        try:
            return sum(subscription.id != self.target.account_id for subscription in self.deadline.wait(others))
        except ProviderError:
            return 0  # a detail of the text, which the check does not depend on

    def _report_owner(self, access: Access, future: Future[Subscription]) -> None:
        """The subscription is described only where its tag holds the owner's external ID. Else the validation ends."""
        subscription = self.wait_for(SUBSCRIPTION, future)
        error = check_results.external_id_error(subscription.tags, self.target.external_id, self.target.account_id)
        if error is None:
            self._report_subscription(access, subscription, None)
            self.progress.start(EXTERNAL_ID_PROOF.name)
            self.progress.done(check_results.external_id_proven())
            return
        self.progress.done(passed(SUBSCRIPTION, "Azure answered for it."))
        self.progress.start(EXTERNAL_ID_PROOF.name)
        self.progress.update(
            mending=tag_command(self.target.account_id, self.target.external_id),
            mending_title="Run this as an administrator of the subscription, then check again",
        )
        self.report_or_stop(failed(EXTERNAL_ID_PROOF, error))

    def _report_expiry(self) -> None:
        """Calls nothing: a certificate holds its dates, and the date of a secret is what the person entered."""
        self.progress.start(EXPIRY.name)
        ends: datetime | None = None
        if self.credentials.method == CERTIFICATE:
            certificate = parse(self.credentials["certificate_pem"], self.credentials.get("password"))
            ends = certificate.not_after
            self.progress.update(credential_created_at=certificate.not_before.isoformat())
        elif self.credentials.method == CLIENT_SECRET:
            ends = end_of_day(self.credentials.get("expires_on"))
        if ends is not None:
            self.progress.update(credential_expires_at=ends.isoformat())
        self.progress.done(check_results.expiry(ends, datetime.now(UTC)))

    def _permissions_result(self, check: PermissionCheck) -> CheckResult:
        self.progress.update(permissions=check.results, beyond=check.beyond)
        self.progress.update(
            **check_results.remediation(check.results, self.credentials["client_id"], self.target.account_id)
        )
        return check_results.permissions(check.results, check.denials_unread)

    def _regions_result(self, results: tuple[RegionResult, ...]) -> CheckResult:
        self.progress.update(regions=results)
        return check_results.regions(results, self.target)


def _tenant_names(access: Access) -> dict[str, str]:
    """Of the tenants that the app sees, by ID: display name and domain, where Azure shows them."""

    def list_names() -> dict[str, str]:
        names = {}
        for tenant in access.connection.subscriptions.tenants.list():
            parts = [str(tenant.display_name or ""), f"({tenant.default_domain})" if tenant.default_domain else ""]
            names[str(tenant.tenant_id or "").lower()] = " ".join(part for part in parts if part)[:200]
        return names

    return call_azure(list_names, "Microsoft.Resources/tenants/read")


def _provider_states(access: Access) -> dict[str, str]:
    """By namespace in lower case."""

    def list_states() -> dict[str, str]:
        providers = access.connection.resources.providers.list()
        return {str(item.namespace or "").lower(): str(item.registration_state or "") for item in providers}

    return call_azure(list_states, "Microsoft.Resources/subscriptions/providers/read")


def _regions(access: Access, chosen: tuple[str, ...]) -> tuple[RegionResult, ...]:
    regions = subscription_regions(access.connection)
    return with_reasons(regions, chosen, unknown="not open to this subscription")
