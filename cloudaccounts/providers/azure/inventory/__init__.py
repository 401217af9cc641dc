"""What a subscription holds, as normalized assets. No Django.

One listing of all resources serves all units, because Azure lists a subscription as a whole. Each unit takes its
service and region from it, then reads the details of the types that checks need, one by one. A service is one line in
`SERVICES`. All reads must be covered by `permissions.PERMISSIONS` (a test compares).

Properties are stable facts in JSON types, lists in a fixed order, so that a fingerprint changes exactly when a person
changed something. What changes by mere use is under `OBSERVED`, which the fingerprint leaves out. What could not be
read is under `UNREADABLE`, by property, with the error's code: a resource whose details may not be read is still an
asset. ``native_id`` is the ARM id in lower case: Azure returns one and the same id in several spellings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from azure.core.exceptions import AzureError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.contract.report import RegionResult
from cloudaccounts.contract.sessions import KnownAssets
from cloudaccounts.providers.azure.clouds import require_regions
from cloudaccounts.providers.azure.errors import explain
from cloudaccounts.providers.azure.inventory import access, changes, directory, monitoring, resources
from cloudaccounts.providers.azure.inventory.common import GLOBAL, OTHER, SERVICES, Scope
from cloudaccounts.providers.azure.inventory.listing import Listing
from cloudaccounts.providers.azure.signin import get_subscription, require_readable, sign_in, subscription_regions

AUTHORIZATION = access.SERVICE
MONITORING = monitoring.SERVICE
DIRECTORY = directory.SERVICE


class AzureSession:
    """An opened connection to one subscription. Safe to use from several threads."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._listing = Listing(scope)
        self._occupied: frozenset[str] | None = None  # None until `regions` has asked, and where Azure did not tell

    def regions(self) -> tuple[RegionResult, ...]:
        """The locations that are open to the subscription, and any other that holds something of it (an edge zone)."""
        # The list is needed for the scan anyway, so knowing which regions are empty costs no call of its own.
        self._occupied = self._listing.occupied_regions()
        regions = subscription_regions(self._scope.connection)
        known = {GLOBAL, *(region.name for region in regions)}
        return (*regions, *(RegionResult(name, True) for name in sorted((self._occupied or frozenset()) - known)))

    def units(self, regions: Sequence[str]) -> Sequence[ScanUnit]:
        """Global services first. Raises `ProviderError` for a region outside the subscription's cloud.

        Once `regions` was asked, locations without a resource are part of one global unit: the list that says so covers
        the whole subscription, and 60 locations in 8 services would be 480 units of nothing.
        """
        names = require_regions(self._scope.connection.cloud.name, regions)
        empty = () if self._occupied is None else tuple(name for name in names if name not in self._occupied)
        # Global units stay also where nothing is global: the one named OTHER stands for the empty locations.
        services = tuple(dict.fromkeys((OTHER, *SERVICES.values())))  # several namespaces may be of one service
        return (
            ScanUnit(AUTHORIZATION, GLOBAL),
            ScanUnit(DIRECTORY, GLOBAL),
            ScanUnit(MONITORING, GLOBAL),
            *(ScanUnit(service, GLOBAL, also=empty if service == OTHER else ()) for service in services),
            *(ScanUnit(service, region) for region in names if region not in empty for service in services),
        )

    def collect(self, unit: ScanUnit) -> Iterator[Asset]:
        """Streams the unit's resources. Raises `ProviderError`, also after some were yielded."""
        # Units may come from a stored scan, and a region from a form: checked again before it becomes a part of
        # anything.
        if unit.region != GLOBAL:
            require_regions(self._scope.connection.cloud.name, (unit.region,))
        if unit.service not in (AUTHORIZATION, DIRECTORY, MONITORING, OTHER, *SERVICES.values()):
            raise ProviderError("service_unknown", f"There is no collector for {unit.label}.")
        try:
            if unit.service == AUTHORIZATION:
                yield from access.collect(self._scope)
            elif unit.service == DIRECTORY:
                yield from directory.collect(self._scope)
            elif unit.service == MONITORING:
                yield from monitoring.collect(self._scope, self._listing)
            else:
                yield from resources.collect(self._scope, self._listing, unit)
        except AzureError as error:
            raise explain(error) from None

    def unchanged(
        self, units: Sequence[ScanUnit], since: datetime, known: KnownAssets | None = None
    ) -> frozenset[ScanUnit]:
        """By the subscription's Activity Log; see `changes` for what it does not cover."""
        return changes.unchanged(self._scope, units, since)

    def close(self) -> None:
        self._scope.connection.close()


def open_session(credentials: Credentials, target: Target) -> AzureSession:
    """Signs in for a scan. Raises `ProviderError`; refuses what the validation refuses, a missing owner's tag
    included.
    """
    signed_in = sign_in(credentials, target)
    try:
        subscription = get_subscription(signed_in)
        # As strict as a validation: an account may be scanned weeks after its last one, and its owner's tag be gone.
        require_readable(credentials, target, subscription)
    except ProviderError:
        signed_in.connection.close()
        raise
    return AzureSession(Scope(signed_in.connection, subscription))
