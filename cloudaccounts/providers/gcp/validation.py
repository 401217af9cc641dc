"""The connection test: identity, project, owner's label or age of the key, APIs, permissions, regions. No Django.

The checks that need an identity only run at the same time, each in a thread of its own; they are told in the plan's
order by the thread that validates. A failure of sign-in or project ends the test, any other lets the rest be told as
well, so that a person mends all at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError
from google.cloud.resourcemanager_v3 import SearchProjectsRequest
from requests.exceptions import RequestException

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target, VisibleAccount
from cloudaccounts.contract.report import (
    CheckStatus,
    CloudValidationResult,
    PermissionResult,
    PermissionStatus,
    PlannedCheck,
    ValidationProgress,
)
from cloudaccounts.provider_kit.deadlines import Deadline, start, start_in_turn
from cloudaccounts.providers.gcp import check_results, permissions
from cloudaccounts.providers.gcp.check_results import ApiFacts, KeyFacts, ProjectFacts
from cloudaccounts.providers.gcp.client import patient
from cloudaccounts.providers.gcp.errors import api_disabled, disabled_api, explain
from cloudaccounts.providers.gcp.identifiers import PROJECT_ID
from cloudaccounts.providers.gcp.identity import Identity, sign_in
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
from cloudaccounts.providers.gcp.regions import require_regions

T = TypeVar("T")
SDK_ERRORS = (GoogleAPICallError, RetryError, GoogleAuthError, RequestException)
RETRY_SECONDS = 6.0  # a validation's patience with throttling: a person waits
_SEARCH_PAGE = 500  # the most that SearchProjects gives
_FOREVER = 9000  # year


class Refused(Exception):  # noqa: N818 # not an error: the check that failed is in the report
    """The rest of the test would prove nothing."""


def validate(credentials: Credentials, target: Target, progress: ValidationProgress) -> CloudValidationResult:
    """Every expected failure is in the result. Takes at most ``target.deadline`` seconds."""
    return _Run(credentials, target, progress).report()


def project_facts(identity: Identity, target: Target) -> ProjectFacts:
    """Raises `ProviderError`. Asks the network."""
    try:
        found = identity.connection.projects.get_project(
            name=f"projects/{target.account_id}", retry=patient(RETRY_SECONDS), timeout=target.timeout
        )
    except SDK_ERRORS as error:
        told = explain(error, doing="resourcemanager.projects.get")
        raise check_results.project_hidden(told, target.account_id, identity.email) from None
    return ProjectFacts(
        project_id=found.project_id,
        number=found.name.removeprefix("projects/"),
        display_name=found.display_name,
        state=found.state.name,
        labels=dict(found.labels),
        parent=found.parent,
    )


def visible_accounts(credentials: Credentials, target: Target) -> Iterator[VisibleAccount]:
    """The other active projects that the service account can see. Raises `ProviderError`. Asks the network.

    Where our own identity is let in, only those that carry the owner's external ID: others may be another customer's.
    """
    identity = sign_in(credentials, target)
    by_key = credentials.method == SERVICE_ACCOUNT_KEY
    request = SearchProjectsRequest(query="state:ACTIVE", page_size=_SEARCH_PAGE)
    try:
        for found in identity.connection.projects.search_projects(
            request=request, retry=patient(RETRY_SECONDS), timeout=target.timeout
        ):
            own = (
                by_key
                or check_results.external_id_error(dict(found.labels), found.project_id, target.external_id) is None
            )
            if own and found.project_id != target.account_id and PROJECT_ID.fullmatch(found.project_id):
                yield VisibleAccount(found.project_id, found.display_name, enabled=found.state.name == "ACTIVE")
    except SDK_ERRORS as error:
        raise explain(error, doing="resourcemanager.projects.get") from None
    finally:
        identity.connection.close()


class _Run:
    """One validation."""

    def __init__(self, credentials: Credentials, target: Target, progress: ValidationProgress) -> None:
        self.credentials = credentials
        self.target = target
        self.progress = progress
        self.deadline = Deadline(target.deadline, "Google Cloud")

    def report(self) -> CloudValidationResult:
        identity: Identity | None = None
        try:
            identity = self._identity()
            self._after_identity(identity)
        except Refused:
            self._skip_the_rest()
        finally:
            if identity is not None:
                identity.connection.close()
        return self.progress.finish()

    def _identity(self) -> Identity:
        identity = self._check(IDENTITY, start(self._checked_sign_in))
        self.progress.update(identity=identity.email)
        verb = "Signed in as" if self.credentials.method == SERVICE_ACCOUNT_KEY else "Acting as"
        self.progress.done(check_results.passed(IDENTITY, f"{verb} {identity.email}"))
        return identity

    def _checked_sign_in(self) -> Identity:
        require_regions(self.target.regions)
        return sign_in(self.credentials, self.target)

    def _after_identity(self, identity: Identity) -> None:
        by_key = self.credentials.method == SERVICE_ACCOUNT_KEY
        project = start(partial(project_facts, identity, self.target))
        own_age = start(partial(self._key_facts, identity)) if by_key else None
        states, key_policy = self._states_and_policy(identity, by_key=by_key)
        apis = start(partial(self._api_facts, identity, states))
        permitted = start(partial(self._permissions, identity))
        facts = self._check(PROJECT, project)
        verdict = check_results.project(facts, self.target.account_id)
        self.progress.done(verdict)
        if verdict.status == CheckStatus.FAILED:
            raise Refused
        if own_age is not None:
            self._tell_age(own_age)
        else:
            self._tell_label(facts)
        if key_policy is not None:
            self._tell_key_policy(key_policy, identity)
        self._tell_apis(apis, identity)
        self._tell_permissions(permitted, identity)
        self._tell_regions()

    def _check(self, planned: PlannedCheck, future: Future[T]) -> T:
        """Waits for what a check needs; where that fails, so does the check."""
        self.progress.start(planned.name)
        try:
            return self.deadline.wait(future)
        except ProviderError as error:
            self.progress.done(check_results.failed(planned, error))
            raise Refused from None

    def _tell_label(self, facts: ProjectFacts) -> None:
        self.progress.start(EXTERNAL_ID_LABEL.name)
        verdict = check_results.external_id(facts.labels, self.target.account_id, self.target.external_id)
        if verdict.status == CheckStatus.FAILED:
            command = check_results.label_command(self.target.account_id, self.target.external_id)
            title = "An administrator of the project runs this; then check again"
            self.progress.update(mending=command, mending_title=title)
        self.progress.done(verdict)

    def _key_facts(self, identity: Identity) -> KeyFacts:
        """Raises `ProviderError`."""
        try:
            keys = identity.connection.keys(identity.host_project)
        except SDK_ERRORS as error:
            raise explain(error, doing="iam.serviceAccountKeys.list") from None
        own = next((key for key in keys if str(key.get("name", "")).endswith(f"/keys/{identity.key_id}")), {})
        return KeyFacts(_moment(own.get("validAfterTime")), _moment(own.get("validBeforeTime")))

    def _tell_age(self, future: Future[KeyFacts]) -> None:
        self.progress.start(KEY_AGE.name)
        try:
            facts = self.deadline.wait(future)
        except ProviderError as error:
            self.progress.done(check_results.age_unknown(error))
            return
        if facts.created_at is not None:
            self.progress.update(credential_created_at=facts.created_at.isoformat())
        if facts.expires_at is not None:
            self.progress.update(credential_expires_at=facts.expires_at.isoformat())
        self.progress.done(check_results.age(facts, datetime.now(UTC)))

    def _states_and_policy(
        self, identity: Identity, *, by_key: bool
    ) -> tuple[Future[dict[str, str]], Future[tuple[str, ...]] | None]:
        """One thread for both: whether the policies can be asked follows from the states."""
        told: list[dict[str, str]] = []

        def ask() -> dict[str, str]:
            told.append(self._api_states(identity))
            return told[0]

        if not by_key:
            return start(ask), None
        return start_in_turn(ask, lambda: self._key_policy(identity, told[0] if told else {}))

    def _key_policy(self, identity: Identity, states: Mapping[str, str]) -> tuple[str, ...]:
        """The organization policies that forbid new keys in the project of the service account.

        Raises `ProviderError` where they may not be asked. Where Service Usage tells that their API is off, as it is in
        most projects, nothing is asked.
        """
        host = identity.host_project
        if states.get(permissions.ORG_POLICY) == "DISABLED":
            raise api_disabled([permissions.ORG_POLICY], host)
        try:
            answers = {name: identity.connection.effective_policy(host, name) for name in permissions.KEY_CONSTRAINTS}
        except SDK_ERRORS as error:
            raise explain(error, doing="orgpolicy.policy.get") from None
        return tuple(name for name, answer in answers.items() if check_results.is_enforced(answer))

    def _tell_key_policy(self, future: Future[tuple[str, ...]], identity: Identity) -> None:
        self.progress.start(KEY_POLICY.name)
        try:
            verdict = check_results.key_policy(self.deadline.wait(future), identity.host_project)
        except ProviderError as error:
            verdict = check_results.key_policy_unknown(error, identity.host_project)
        self.progress.done(verdict)

    def _api_states(self, identity: Identity) -> dict[str, str]:
        """Raises the SDK's errors."""
        return identity.connection.services(identity.host_project, [*permissions.APIS, permissions.ORG_POLICY])

    def _api_facts(self, identity: Identity, states: Future[dict[str, str]]) -> ApiFacts:
        off: list[str] = []
        unreadable: ProviderError | None = None
        error_of_read = self._read_one_asset(identity)
        try:
            told = states.result()
            off = [name for name in permissions.APIS if told.get(name) == "DISABLED"]
        except SDK_ERRORS as error:
            unreadable = explain(error, doing="serviceusage.services.get")
            if api := disabled_api(error):
                off.append(api)
        if error_of_read is not None and error_of_read[1]:
            off.append(error_of_read[1])
        return ApiFacts(tuple(dict.fromkeys(off)), unreadable, error_of_read[0] if error_of_read else None)

    def _read_one_asset(self, identity: Identity) -> tuple[ProviderError, str] | None:
        """One small read: proves that Cloud Asset answers. Else the error, and the API where that is off."""
        from google.cloud.asset_v1 import ContentType, ListAssetsRequest

        request = ListAssetsRequest(
            parent=f"projects/{self.target.account_id}",
            asset_types=["cloudresourcemanager.googleapis.com/Project"],
            content_type=ContentType.RESOURCE,
            page_size=1,
        )
        try:
            identity.connection.assets.list_assets(
                request=request, retry=patient(RETRY_SECONDS), timeout=self.target.timeout
            )
        except SDK_ERRORS as error:
            return explain(error, doing="cloudasset.assets.listResource"), disabled_api(error)
        return None

    def _tell_apis(self, future: Future[ApiFacts], identity: Identity) -> None:
        self.progress.start(APIS.name)
        try:
            facts = self.deadline.wait(future)
        except ProviderError as error:
            self.progress.done(check_results.failed(APIS, error))
            return
        disabled = api_disabled(list(facts.off), identity.host_project) if facts.off else None
        verdict = check_results.apis(facts, disabled)
        if disabled is not None and not self.progress.report.mending:
            command = permissions.enabling_command(facts.off, identity.host_project)
            self.progress.update(mending=command, mending_title="Run this, wait a few minutes, then check again")
        self.progress.done(verdict)

    def _permissions(self, identity: Identity) -> check_results.Permissions:
        """Raises `ProviderError`."""
        try:
            answer = identity.connection.projects.test_iam_permissions(
                resource=f"projects/{self.target.account_id}",
                permissions=[permission.name for permission in permissions.PERMISSIONS],
                retry=patient(RETRY_SECONDS),
                timeout=self.target.timeout,
            )
        except SDK_ERRORS as error:
            raise explain(error, doing="resourcemanager.projects.get") from None
        granted = set(answer.permissions)
        return tuple(
            PermissionResult(
                permission.service,
                permission.name,
                PermissionStatus.GRANTED if permission.name in granted else PermissionStatus.DENIED,
            )
            for permission in permissions.PERMISSIONS
        )

    def _tell_permissions(self, future: Future[check_results.Permissions], identity: Identity) -> None:
        self.progress.start(PERMISSIONS.name)
        try:
            results = self.deadline.wait(future)
        except ProviderError as error:
            self.progress.done(check_results.failed(PERMISSIONS, error))
            return
        self.progress.update(permissions=results)
        if not self.progress.report.mending:
            self.progress.update(**check_results.mending(results, self.target.account_id, identity.email))
        self.progress.done(check_results.permissions(results))

    def _tell_regions(self) -> None:
        self.progress.start(REGIONS.name)
        results, verdict = check_results.regions(require_regions(self.target.regions))
        self.progress.update(regions=results)
        self.progress.done(verdict)

    def _skip_the_rest(self) -> None:
        told = {check.name for check in self.progress.report.checks}
        rest = [planned for planned in PLANS[self.credentials.method] if planned.name not in told]
        self.progress.done(*(check_results.skipped(planned, "Not reached.") for planned in rest))


def _moment(text: object) -> datetime | None:
    """Google's RFC 3339 time; None where there is none, or where it means for ever."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return None if found.year > _FOREVER else found
