"""What a project holds, as normalized assets, by Cloud Asset Inventory. No Django.

One unit for each service, whatever the regions: Cloud Asset lists a project as a whole, and a project may make 100
lists a minute (https://cloud.google.com/asset-inventory/docs/quota), which a list for each region would use up. A page
is as large as Google allows; throttling is waited out for a while. A full scan lists the services separately and in
parallel. An incremental scan lists all services that may have changed in one call, where they fit one page (see
`batching`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from google.cloud import asset_v1

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.contract.report import RegionResult
from cloudaccounts.contract.sessions import KnownAssets
from cloudaccounts.providers.gcp.client import Connection, retry_for
from cloudaccounts.providers.gcp.errors import SDK_ERRORS, explain
from cloudaccounts.providers.gcp.identity import sign_in
from cloudaccounts.providers.gcp.inventory import (
    changes,
    cloud_identity,
    details,
    joins,
    overview,
    policies,
    relations,
    resources,
)
from cloudaccounts.providers.gcp.inventory.batching import Batch
from cloudaccounts.providers.gcp.inventory.firewall_policies import Effective
from cloudaccounts.providers.gcp.inventory.held import NETWORK, Held
from cloudaccounts.providers.gcp.inventory.policies_above import PoliciesAbove
from cloudaccounts.providers.gcp.project import require_usable
from cloudaccounts.providers.gcp.regions import GLOBAL, project_regions, require_regions

if TYPE_CHECKING:
    from google.cloud.asset_v1.services.asset_service.pagers import ListAssetsPager

LIST_PAGE = 1000  # the most that ListAssets returns
SEARCH_PAGE = 500  # the most that SearchAllIamPolicies returns
MOST_NETWORKS = 20  # a list of all of Compute Engine is one call for each thousand assets
PATIENCE_SECONDS = 150.0  # quotas are per minute: two minutes and a margin

POLICIES = changes.POLICIES
# As in asset types: SERVICE.googleapis.com. The first holds the project itself.
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
    "monitoring",
    "redis",
    "spanner",
    "dataproc",
)


class GcpSession:
    """An opened connection to one project. Safe to use from several threads."""

    def __init__(self, connection: Connection, target: Target) -> None:
        self._connection = connection
        self._target = target
        self._policies = relations.Policies(self._search_policies)
        # One search and one list for the whole scan, whichever unit asks first (docs/decisions/0020).
        self._overview = overview.Overview(self._list_overview)
        self._effective = Effective(self._effective_policies, target.account_id)
        self._details = details.Details(connection, target, patience=PATIENCE_SECONDS)
        self._above = PoliciesAbove(partial(connection.effective_policy, target.account_id))
        self._batch: Batch | None = None

    def regions(self) -> tuple[RegionResult, ...]:
        """No call: see `regions.project_regions`."""
        return project_regions()

    def units(self, regions: Sequence[str]) -> Sequence[ScanUnit]:
        """One per service, one for who may do what, one for people. Raises `ProviderError` for an unknown region."""
        names = require_regions(regions)
        # `also` says which regions the unit covers: Cloud Asset lists all of them in one call.
        others = (ScanUnit(POLICIES, GLOBAL), ScanUnit(cloud_identity.SERVICE, GLOBAL))
        return (*(ScanUnit(service, GLOBAL, also=names) for service in SERVICES), *others)

    def collect(self, unit: ScanUnit) -> Iterator[Asset]:
        """Streams the unit's resources, page by page. Raises `ProviderError`, also after some were yielded."""
        try:
            if unit.service == POLICIES:
                yield from self._policies.all()
            elif unit.service == cloud_identity.SERVICE:
                yield from cloud_identity.collect(self._connection, self._target.account_id, patience=PATIENCE_SECONDS)
            elif unit.service in SERVICES:
                yield from self._resources(unit)
            else:
                raise ProviderError("service_unknown", f"There is no collector for {unit.label}.")
        except SDK_ERRORS as error:
            permission = "searchAllIamPolicies" if unit.service == POLICIES else "listResource"
            raise explain(error, permission=f"cloudasset.assets.{permission}") from None

    def unchanged(
        self, units: Sequence[ScanUnit], since: datetime, known: KnownAssets | None = None
    ) -> frozenset[ScanUnit]:
        """By the audit logs that are always on; see `changes` for the units that they do not cover."""
        try:
            quiet = changes.unchanged(self._connection, self._target.account_id, units, since)
        except SDK_ERRORS as error:
            raise explain(error, permission="logging.logEntries.list") from None
        # The log does not show what folders and the organization change, so the firewall policies are compared with
        # the stored ones.
        quiet -= {unit for unit in quiet if unit.service == "compute" and known and not self._is_as_known(known(unit))}
        quiet -= {
            unit
            for unit in quiet
            if unit.service in ("storage", "compute") and known and not self._above.are_as_stored(known(unit))
        }
        remaining = [unit.service for unit in units if unit.service in SERVICES and unit not in quiet]
        # Where nothing is quiet it is as much as a full scan, whose lists are separate and parallel.
        if quiet and len(remaining) > 1:
            self._batch = Batch(remaining, lambda: self._list([f"{service}.googleapis.com.*" for service in remaining]))
        return quiet

    def _effective_policies(self, network: str) -> list[dict[str, Any]]:
        read = partial(self._connection.effective_policies, self._target.account_id, network)
        return retry_for(PATIENCE_SECONDS)(read)()

    def _is_as_known(self, assets: Iterable[Asset]) -> bool:
        """Whether the firewall policies are those that were stored: folders' and the organization's change without an
        entry in the project's log. A call for each network, so of many networks it is not asked.
        """
        networks = [asset for asset in assets if asset.type == NETWORK]
        return len(networks) <= MOST_NETWORKS and all(
            self._effective.of(network.name).is_as_stored(network) for network in networks
        )

    def close(self) -> None:
        self._connection.close()

    def _resources(self, unit: ScanUnit) -> Iterator[Asset]:
        regions = {unit.region, *unit.also}
        batch: Iterable[asset_v1.Asset] | None = self._batch.of(unit.service) if self._batch else None
        held = Held(self._effective)
        try:
            for item in self._list([f"{unit.service}.googleapis.com.*"]) if batch is None else batch:
                asset = resources.normalize(unit.service, item)
                # Cloud Asset cannot filter by location, so regions that are not the account's are left out here.
                # What is held is told at the end, once everything that completes it has been seen.
                if asset.region in regions and not held.takes(asset):
                    yield self._with_related(asset)
        except SDK_ERRORS as error:
            # A list that breaks off must not lose what it had given: the held assets are told with the reason why
            # facts are missing.
            yield from map(self._with_related, held.release(unread=explain(error).code))
            raise
        yield from map(self._with_related, held.release())

    def _list(self, asset_types: Sequence[str]) -> ListAssetsPager:
        request = asset_v1.ListAssetsRequest(
            parent=self._parent,
            asset_types=asset_types,
            content_type=asset_v1.ContentType.RESOURCE,
            page_size=LIST_PAGE,
        )
        return self._connection.assets.list_assets(
            request=request, retry=retry_for(PATIENCE_SECONDS), timeout=self._target.timeout
        )

    def _list_overview(self) -> Iterator[Asset]:
        for item in self._list(overview.TYPES):
            yield resources.normalize(item.asset_type.partition(".")[0], item)

    def _with_related(self, asset: Asset) -> Asset:
        asset = relations.with_related_facts(
            asset, self._policies, partial(self._explain, "cloudasset.assets.searchAllIamPolicies")
        )
        asset = joins.with_overview_facts(
            asset, self._overview, partial(self._explain, "cloudasset.assets.listResource")
        )
        # Last, and only for few types, because each detail costs a call.
        return self._details.of(self._above.added(asset))

    def _explain(self, permission: str, error: Exception) -> ProviderError:
        return explain(error, permission=permission)

    def _search_policies(self) -> Iterator[Asset]:
        request = asset_v1.SearchAllIamPoliciesRequest(scope=self._parent, page_size=SEARCH_PAGE)
        results = self._connection.assets.search_all_iam_policies(
            request=request, retry=retry_for(PATIENCE_SECONDS), timeout=self._target.timeout
        )
        return (policies.normalize(POLICIES, result) for result in results)

    @property
    def _parent(self) -> str:
        return f"projects/{self._target.account_id}"


def open_session(credentials: Credentials, target: Target) -> GcpSession:
    """Signs in for a scan. Raises `ProviderError`; refuses what the validation refuses, a missing label included."""
    require_regions(target.regions)
    identity = sign_in(credentials, target)
    try:
        require_usable(credentials, target, identity)
    except ProviderError:
        identity.connection.close()
        raise
    return GcpSession(identity.connection, target)
