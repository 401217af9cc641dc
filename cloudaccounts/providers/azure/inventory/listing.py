"""All resources of a subscription, listed once for all units; and the API version of each type."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from azure.core.exceptions import AzureError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.deadlines import start
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.azure.errors import explain
from cloudaccounts.providers.azure.inventory.common import Scope, region_of, service_of, tags_of

T = TypeVar("T")
ListedResource = Mapping[str, Any]  # id, type, name, region, tags and whatever else the list holds


@dataclass(frozen=True, slots=True)
class Part:
    """What the list has of one service and region; all that could be read before ``error``, where there is one."""

    items: list[ListedResource]
    error: ProviderError | None = None


class Listing:
    """Safe to use from several threads: the first caller starts the listing, the others wait for it."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._lock = threading.Lock()
        self._running: dict[str, Future[Any]] = {}

    def resources(self, service: str, region: str) -> Part:
        by_place, error = self._once("resources", self._list_resources)
        return Part(by_place.get((service, region), []), error)

    def groups(self, region: str) -> Part:
        """The resource groups of a region."""
        by_region, error = self._once("groups", self._list_groups)
        return Part(by_region.get(region, []), error)

    def everything(self) -> Part:
        """All resources of the subscription, whatever regions were chosen."""
        by_place, error = self._once("resources", self._list_resources)
        return Part([item for items in by_place.values() for item in items], error)

    def occupied_regions(self) -> frozenset[str] | None:
        """The locations that hold a resource or a group, `GLOBAL` included; None where not all could be listed."""
        by_place, resources_error = self._once("resources", self._list_resources)
        by_region, groups_error = self._once("groups", self._list_groups)
        if resources_error or groups_error:
            return None
        return frozenset(region for _, region in by_place) | frozenset(by_region)

    def api_version(self, resource_type: str) -> str:
        """The newest that is not a preview, from the subscription's own list; empty for an unknown type.

        Not a constant for each type: a version that Azure retires must not end scans.
        """
        return self._once("versions", self._list_versions).get(resource_type.lower(), "")

    # Errors are part of the result, so each waiting unit gets what could be read and the reason why the rest is
    # missing.
    def _once(self, what: str, call: Callable[[], T]) -> T:
        with self._lock:
            if what not in self._running:
                # In a thread of its own: the unit that happens to be first must not lend its thread to all others.
                self._running[what] = start(call)
            # The wait is outside of the lock: units of other lists must not wait as well.
            future: Future[T] = self._running[what]
        return future.result()

    def _list_resources(self) -> tuple[dict[tuple[str, str], list[ListedResource]], ProviderError | None]:
        resources: dict[tuple[str, str], list[ListedResource]] = defaultdict(list)
        try:
            for item in self._scope.connection.resources.resources.list(
                expand="createdTime,changedTime,provisioningState"
            ):
                kind, region = str(item.type or ""), region_of(item.location)
                resources[service_of(kind), region].append(
                    {
                        "id": str(item.id or ""),
                        "type": kind,
                        "name": str(item.name or ""),
                        "region": region,
                        "tags": tags_of(item.tags),
                        "kind": item.kind,
                        "sku": plain(item.sku.name) if item.sku else None,
                        "managed_by": (item.managed_by or "").lower() or None,
                        "identity": str(getattr(item.identity.type, "value", item.identity.type))
                        if item.identity
                        else None,
                        "created_at": plain(item.created_time),
                        "changed_at": plain(item.changed_time),
                        "provisioning_state": item.provisioning_state,
                    }
                )
        except (AzureError, ProviderError) as error:
            return resources, explain(error, "Microsoft.Resources/subscriptions/resources/read")
        return resources, None

    def _list_groups(self) -> tuple[dict[str, list[ListedResource]], ProviderError | None]:
        groups: dict[str, list[ListedResource]] = defaultdict(list)
        try:
            for item in self._scope.connection.resources.resource_groups.list():
                region = region_of(item.location)
                groups[region].append(
                    {
                        "id": str(item.id or ""),
                        "name": str(item.name or ""),
                        "region": region,
                        "tags": tags_of(item.tags),
                        "managed_by": (item.managed_by or "").lower() or None,
                    }
                )
        except (AzureError, ProviderError) as error:
            return groups, explain(error, "Microsoft.Resources/subscriptions/resourceGroups/read")
        return groups, None

    def _list_versions(self) -> dict[str, str]:
        versions: dict[str, str] = {}
        try:
            for provider in self._scope.connection.resources.providers.list():
                for kind in provider.resource_types or ():
                    # Dates as texts sort by time, so the largest is the newest.
                    stable = [
                        str(version) for version in kind.api_versions or () if "preview" not in str(version).lower()
                    ]
                    name = f"{provider.namespace}/{kind.resource_type}".lower()
                    versions[name] = max(stable, default=max(map(str, kind.api_versions or ()), default=""))
        except (AzureError, ProviderError) as error:
            raise explain(error, "Microsoft.Resources/subscriptions/providers/read") from None
        return versions
