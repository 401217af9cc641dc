"""The validation: identity, project, owner's label or age of the key, APIs, permissions, regions. No Django.

Checks that need nothing but an identity run at the same time. A failure of sign-in, project or label ends the
validation; every other failure leaves the remaining checks to be reported.

Without a key it is this server's identity that opens the project, whoever asks. So until the project's label has proven
the owner, nothing else of it is read, and nothing of it (name, number, APIs, permissions) is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.report import (
    BeyondNeed,
    CheckResult,
    CloudValidationResult,
    PermissionResult,
    PermissionStatus,
    ValidationProgress,
)
from cloudaccounts.provider_kit.check_results import failed, passed
from cloudaccounts.provider_kit.deadlines import start, start_in_turn
from cloudaccounts.provider_kit.validation_run import ValidationRun
from cloudaccounts.providers.gcp import check_results, permissions
from cloudaccounts.providers.gcp.check_results import ApiFacts, KeyFacts, ProjectFacts
from cloudaccounts.providers.gcp.client import short_retry
from cloudaccounts.providers.gcp.errors import SDK_ERRORS, api_disabled, disabled_api, explain
from cloudaccounts.providers.gcp.identity import Identity, sign_in
from cloudaccounts.providers.gcp.permission_check import beyond_need, granted_permissions
from cloudaccounts.providers.gcp.plan import (
    APIS,
    EXTERNAL_ID_LABEL,
    IDENTITY,
    KEY_AGE,
    KEY_POLICY,
    PERMISSIONS,
    PLANS,
    PROJECT,
    REGIONS,
    SERVICE_ACCOUNT_KEY,
)
from cloudaccounts.providers.gcp.project import project_facts
from cloudaccounts.providers.gcp.regions import project_regions, require_regions

Granted = tuple[check_results.Permissions, tuple[BeyondNeed, ...] | None]  # what is needed, and what is beyond
_NEVER = 9000  # Google writes the year 9999 as the end of a key that never expires


def validate(credentials: Credentials, target: Target, progress: ValidationProgress) -> CloudValidationResult:
    """Every expected failure is in the result. Takes at most ``target.deadline`` seconds."""
    return _Run(credentials, target, progress, PLANS[credentials.method]).run()


class _Run(ValidationRun[Identity]):
    cloud = "Google Cloud"

    @property
    def by_key(self) -> bool:
        return self.credentials.method == SERVICE_ACCOUNT_KEY

    def report_identity(self) -> Identity:
        identity = self.wait_for(IDENTITY, start(self._sign_in))
        self.progress.update(identity=identity.email)
        verb = "Signed in as" if self.by_key else "Acting as"
        self.progress.done(passed(IDENTITY, f"{verb} {identity.email}"))
        return identity

    def _sign_in(self) -> Identity:
        require_regions(self.target.regions)
        return sign_in(self.credentials, self.target)

    def report_checks(self, identity: Identity) -> None:
        project = start(partial(project_facts, identity, self.target))
        # A key is the customer's own, so all may be asked at once: nothing is told to a stranger.
        if self.by_key:
            self._report_by_key(identity, project)
        else:
            # The label first. Only then the calls whose answers describe the project.
            self._report_owner(self.wait_for(PROJECT, project))
            states = start(partial(self._api_states, identity))
            self._report_access(identity, *self._start_access(identity, states))
        self._report_regions()

    def _report_by_key(self, identity: Identity, project: Future[ProjectFacts]) -> None:
        key_facts = start(partial(self._key_facts, identity))
        states, key_policies = self._start_api_states(identity)
        access = self._start_access(identity, states)
        self.report_or_stop(check_results.project(self.wait_for(PROJECT, project), self.target.account_id))
        self.report(KEY_AGE, key_facts, self._age_result, check_results.age_unknown)
        host = identity.host_project
        self.report(
            KEY_POLICY,
            key_policies,
            partial(check_results.key_policy, project_id=host),
            partial(check_results.key_policy_unknown, host_project=host),
        )
        self._report_access(identity, *access)

    def _report_owner(self, facts: ProjectFacts) -> None:
        """The project is described only where its label holds the owner's external ID. Else the validation ends."""
        error = check_results.external_id_error(facts.labels, self.target.account_id, self.target.external_id)
        if error is None:
            self.report_or_stop(check_results.project(facts, self.target.account_id))
            self.progress.start(EXTERNAL_ID_LABEL.name)
            self.progress.done(check_results.external_id_proven())
            return
        self.progress.done(passed(PROJECT, "Google Cloud answered for it."))
        self.progress.start(EXTERNAL_ID_LABEL.name)
        command = check_results.label_command(self.target.account_id, self.target.external_id)
        title = "An administrator of the project runs this; then check again"
        self.progress.update(mending=command, mending_title=title)
        self.report_or_stop(failed(EXTERNAL_ID_LABEL, error))

    def _start_access(
        self, identity: Identity, states: Future[dict[str, str]]
    ) -> tuple[Future[ApiFacts], Future[Granted]]:
        return start(partial(self._api_facts, identity, states)), start(partial(self._permissions, identity))

    def _report_access(self, identity: Identity, apis: Future[ApiFacts], granted: Future[Granted]) -> None:
        self.report(APIS, apis, partial(self._apis_result, identity), partial(failed, APIS))
        self.report(PERMISSIONS, granted, partial(self._permissions_result, identity), partial(failed, PERMISSIONS))

    def _key_facts(self, identity: Identity) -> KeyFacts:
        """Raises `ProviderError`."""
        try:
            keys = identity.connection.keys(identity.host_project)
        except SDK_ERRORS as error:
            raise explain(error, permission="iam.serviceAccountKeys.list") from None
        # Other keys of the account are not looked at: they are not what signed in.
        own = next((key for key in keys if str(key.get("name", "")).endswith(f"/keys/{identity.key_id}")), {})
        return KeyFacts(_parse_time(own.get("validAfterTime")), _parse_time(own.get("validBeforeTime")))

    def _age_result(self, facts: KeyFacts) -> CheckResult:
        if facts.created_at is not None:
            self.progress.update(credential_created_at=facts.created_at.isoformat())
        if facts.expires_at is not None:
            self.progress.update(credential_expires_at=facts.expires_at.isoformat())
        return check_results.age(facts, datetime.now(UTC))

    def _start_api_states(self, identity: Identity) -> tuple[Future[dict[str, str]], Future[tuple[str, ...]]]:
        """The states of the APIs and the policies on new keys.

        Both in one thread, because the states say whether the policies can be read at all.
        """
        known: dict[str, str] = {}

        def read_states() -> dict[str, str]:
            known.update(self._api_states(identity))
            return known

        return start_in_turn(read_states, lambda: self._key_policies(identity, known))

    def _key_policies(self, identity: Identity, states: Mapping[str, str]) -> tuple[str, ...]:
        """The organization policies that forbid new keys in the project of the service account.

        Raises `ProviderError` where they may not be read. Where Service Usage says that their API is off, as it is in
        most projects, no call is made.
        """
        host = identity.host_project
        if states.get(permissions.ORG_POLICY) == "DISABLED":
            raise api_disabled([permissions.ORG_POLICY], host)
        try:
            answers = {name: identity.connection.effective_policy(host, name) for name in permissions.KEY_CONSTRAINTS}
        except SDK_ERRORS as error:
            raise explain(error, permission="orgpolicy.policy.get") from None
        return tuple(name for name, answer in answers.items() if check_results.is_enforced(answer))

    def _api_states(self, identity: Identity) -> dict[str, str]:
        """Raises the SDK's errors."""
        return identity.connection.services(identity.host_project, [*permissions.APIS, permissions.ORG_POLICY])

    def _api_facts(self, identity: Identity, states: Future[dict[str, str]]) -> ApiFacts:
        off: list[str] = []
        unreadable: ProviderError | None = None
        # Asked while the states are being read in another thread.
        asset_error, asset_api = self._read_one_asset(identity)
        try:
            state_by_name = states.result()
            off = [name for name in permissions.APIS if state_by_name.get(name) == "DISABLED"]
        except SDK_ERRORS as error:
            unreadable = explain(error, permission="serviceusage.services.get")
            if api := disabled_api(error):
                off.append(api)
        # Google's answers name an API that is off, also where Service Usage may not be called.
        if asset_api:
            off.append(asset_api)
        return ApiFacts(tuple(dict.fromkeys(off)), unreadable, asset_error)

    def _read_one_asset(self, identity: Identity) -> tuple[ProviderError | None, str]:
        """A small read that shows whether Cloud Asset answers: its error, and the API where that is off."""
        from google.cloud.asset_v1 import ContentType, ListAssetsRequest

        request = ListAssetsRequest(
            parent=f"projects/{self.target.account_id}",
            asset_types=["cloudresourcemanager.googleapis.com/Project"],
            content_type=ContentType.RESOURCE,
            page_size=1,
        )
        try:
            identity.connection.assets.list_assets(request=request, retry=short_retry(), timeout=self.target.timeout)
        except SDK_ERRORS as error:
            return explain(error, permission="cloudasset.assets.listResource"), disabled_api(error)
        return None, ""

    def _apis_result(self, identity: Identity, facts: ApiFacts) -> CheckResult:
        disabled = api_disabled(list(facts.off), identity.host_project) if facts.off else None
        if disabled is not None:
            command = permissions.enabling_command(facts.off, identity.host_project)
            self.progress.update(mending=command, mending_title="Run this, wait a few minutes, then check again")
        return check_results.apis(facts, disabled)

    def _permissions(self, identity: Identity) -> Granted:
        """What is needed, and what is granted beyond that. Raises `ProviderError`."""
        granted = granted_permissions(identity, self.target, [p.name for p in permissions.PERMISSIONS])
        results = tuple(
            PermissionResult(
                permission.service,
                permission.name,
                PermissionStatus.GRANTED if permission.name in granted else PermissionStatus.DENIED,
            )
            for permission in permissions.PERMISSIONS
        )
        return results, beyond_need(identity, self.target)

    def _permissions_result(self, identity: Identity, answer: Granted) -> CheckResult:
        results, beyond = answer
        self.progress.update(permissions=results, beyond=beyond)
        if not self.progress.report.mending:
            self.progress.update(**check_results.remediation(results, self.target.account_id, identity.email))
        return check_results.permissions(results)

    def _report_regions(self) -> None:
        self.progress.start(REGIONS.name)
        regions = project_regions()
        self.progress.update(regions=regions)
        self.progress.done(check_results.regions(regions, self.target))


def _parse_time(text: object) -> datetime | None:
    """Google's RFC 3339 time; None where there is none, or where it means that a key never expires."""
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    # Google writes an end for every key; the year 9999 says that there is none.
    return None if time.year > _NEVER else time
