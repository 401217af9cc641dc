"""What a project holds, as normalized assets, by Cloud Asset Inventory. No Django.

One unit per service, whatever the regions: Cloud Asset lists a project as a whole, and each project may ask for 100
lists a minute (https://cloud.google.com/asset-inventory/docs/quota), so a list per region would use that up. A page is
as large as Google allows; throttling is waited out for a while. A full scan lists each service by itself, in parallel;
what the log leaves to an incremental one is listed together, where it fits a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from google.cloud import asset_v1

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.contract.report import CheckStatus
from cloudaccounts.contract.sessions import KnownAssets
from cloudaccounts.providers.gcp import check_results
from cloudaccounts.providers.gcp.client import Connection, patient
from cloudaccounts.providers.gcp.errors import explain
from cloudaccounts.providers.gcp.identity import sign_in
from cloudaccounts.providers.gcp.inventory import auditing, changes, policies, relations, resources
from cloudaccounts.providers.gcp.inventory.batching import Together
from cloudaccounts.providers.gcp.plan import SERVICE_ACCOUNT_KEY
from cloudaccounts.providers.gcp.regions import GLOBAL, require_regions
from cloudaccounts.providers.gcp.validation import SDK_ERRORS, project_facts

if TYPE_CHECKING:
    from google.cloud.asset_v1.services.asset_service.pagers import ListAssetsPager

LIST_PAGE = 1000  # the most that ListAssets gives
SEARCH_PAGE = 500  # the most that SearchAllIamPolicies gives
PATIENCE_SECONDS = 150.0  # quotas are per minute: two of them, and some

POLICIES = changes.POLICIES
PROJECT_TYPE = "gcp.cloudresourcemanager.project"
# As in asset types: SERVICE.googleapis.com. The first tells of the project itself.
SERVICES = (
    "cloudresourcemanager",
    "iam",
    "serviceusage",
    "compute",
    "storage",
    "container",
    "sqladmin",
    "bigquery",
    "cloudkms",
    "secretmanager",
    "pubsub",
    "run",
    "cloudfunctions",
    "appengine",
    "artifactregistry",
    "apikeys",
    "dns",
    "logging",
    "redis",
    "spanner",
    "dataproc",
)


class GcpSession:
    """An opened connection to one project. Safe to use from several threads."""

    def __init__(self, connection: Connection, target: Target) -> None:
        self._connection = connection
        self._target = target
        self._found = relations.Policies(target.account_id, self._search_policies)
        self._together: Together | None = None

    def units(self, regions: Sequence[str]) -> Sequence[ScanUnit]:
        """One per service, and one for who may do what. Raises `ProviderError` for an unknown region."""
        names = require_regions(regions)
        return (*(ScanUnit(service, GLOBAL, also=names) for service in SERVICES), ScanUnit(POLICIES, GLOBAL))

    def collect(self, unit: ScanUnit) -> Iterator[Asset]:
        """Streams the unit's resources, page by page. Raises `ProviderError`, also after some were yielded."""
        try:
            if unit.service == POLICIES:
                yield from self._found.all()
            elif unit.service in SERVICES:
                yield from self._resources(unit)
            else:
                raise ProviderError("service_unknown", f"There is no collector for {unit.label}.")
        except SDK_ERRORS as error:
            permission = "searchAllIamPolicies" if unit.service == POLICIES else "listResource"
            raise explain(error, doing=f"cloudasset.assets.{permission}") from None

    def unchanged(
        self, units: Sequence[ScanUnit], since: datetime, known: KnownAssets | None = None
    ) -> frozenset[ScanUnit]:
        """By the audit logs that are always on; see `changes` for the units that they do not cover."""
        try:
            quiet = changes.unchanged(self._connection, self._target.account_id, units, since)
        except SDK_ERRORS as error:
            raise explain(error, doing="logging.logEntries.list") from None
        left = [unit.service for unit in units if unit.service in SERVICES and unit not in quiet]
        if quiet and len(left) > 1:
            self._together = Together(left, lambda: self._listed(left))
        return quiet

    def close(self) -> None:
        self._connection.close()

    def _resources(self, unit: ScanUnit) -> Iterator[Asset]:
        wanted = {unit.region, *unit.also}
        listed: Iterable[asset_v1.Asset] | None = self._together.of(unit.service) if self._together else None
        for found in self._listed([unit.service]) if listed is None else listed:
            asset = resources.normalized(unit.service, found)
            if asset.region in wanted:
                yield self._related(asset)

    def _listed(self, services: Sequence[str]) -> ListAssetsPager:
        request = asset_v1.ListAssetsRequest(
            parent=self._parent,
            asset_types=[f"{service}.googleapis.com.*" for service in services],
            content_type=asset_v1.ContentType.RESOURCE,
            page_size=LIST_PAGE,
        )
        return self._connection.assets.list_assets(
            request=request, retry=patient(PATIENCE_SECONDS), timeout=self._target.timeout
        )

    def _related(self, asset: Asset) -> Asset:
        asset = relations.related(asset, self._found, self._explained_search)
        return self._audited(asset) if asset.type == PROJECT_TYPE else asset

    def _explained_search(self, error: Exception) -> ProviderError:
        return explain(error, doing="cloudasset.assets.searchAllIamPolicies")

    def _audited(self, project: Asset) -> Asset:
        try:
            told = auditing.audit_configs(
                self._connection, self._target.account_id, timeout=self._target.timeout, patience=PATIENCE_SECONDS
            )
        except SDK_ERRORS as error:
            return relations.without_facts(project, ("audit_configs",), explain(error).code)
        return relations.with_facts(project, {"audit_configs": told})

    def _search_policies(self) -> Iterator[Asset]:
        request = asset_v1.SearchAllIamPoliciesRequest(scope=self._parent, page_size=SEARCH_PAGE)
        found = self._connection.assets.search_all_iam_policies(
            request=request, retry=patient(PATIENCE_SECONDS), timeout=self._target.timeout
        )
        return (policies.normalized(POLICIES, result) for result in found)

    @property
    def _parent(self) -> str:
        return f"projects/{self._target.account_id}"


def open_session(credentials: Credentials, target: Target) -> GcpSession:
    """Signs in for a scan. Raises `ProviderError`.

    Refuses as the validation does: an inactive project and, where our own identity is let in, one without the owner's
    label.
    """
    require_regions(target.regions)
    identity = sign_in(credentials, target)
    try:
        facts = project_facts(identity, target)
        verdict = check_results.project(facts, target.account_id)
        if verdict.status == CheckStatus.FAILED:
            raise ProviderError(verdict.code, verdict.cause, verdict.remedy)
        if credentials.method != SERVICE_ACCOUNT_KEY and (
            error := check_results.external_id_error(facts.labels, target.account_id, target.external_id)
        ):
            raise error
    except ProviderError:
        identity.connection.close()
        raise
    return GcpSession(identity.connection, target)
