"""Resources and resource groups as assets: what the list tells, and details of the types that checks read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from azure.core.exceptions import AzureError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import OBSERVED, Asset, ScanUnit
from cloudaccounts.provider_kit.deadlines import in_order
from cloudaccounts.provider_kit.normalization import with_unreadable
from cloudaccounts.providers.azure.errors import explain
from cloudaccounts.providers.azure.inventory.common import (
    OTHER,
    Scope,
    at,
    resource_group_of,
    service_of,
)
from cloudaccounts.providers.azure.inventory.details import DETAILS, Child, Detail
from cloudaccounts.providers.azure.inventory.listing import Found, Listing

THREADS = 4  # resources read at once: Azure gives a subscription 25 reads a second, and as many units run side by side


def collect(scope: Scope, listing: Listing, unit: ScanUnit) -> Iterator[Asset]:
    """Raises `ProviderError`. What one resource refuses is told on the resource."""
    if unit.service == OTHER:
        yield from (_group(found) for found in listing.groups(unit.region))
    yield from in_order(
        partial(_resource, scope, listing), listing.resources(unit.service, unit.region), threads=THREADS
    )


def _group(found: Found) -> Asset:
    return Asset(
        type="azure.resources.resource_group",
        service=OTHER,
        region=found["region"],
        native_id=found["id"].lower(),
        name=found["name"],
        tags=found["tags"],
        properties={"managed_by": found["managed_by"]},
    )


def _resource(scope: Scope, listing: Listing, found: Found) -> Asset:
    native_id, kind = found["id"].lower(), found["type"].lower()
    detail = DETAILS.get(kind)
    properties: dict[str, Any] = {
        "resource_type": kind,
        "resource_group": resource_group_of(native_id),
        "kind": found["kind"],
        "sku": found["sku"],
        "managed_by": found["managed_by"],
        "identity": found["identity"],
        "created_at": found["created_at"],
        OBSERVED: {"changed_at": found["changed_at"], "provisioning_state": found["provisioning_state"]},
    }
    if detail is not None:
        properties |= _details(scope, listing, found, detail)
    return Asset(
        type=detail.type if detail else generic_type(kind),
        service=service_of(kind),
        region=found["region"],
        native_id=native_id,
        name=found["name"],
        tags=found["tags"],
        properties=properties,
    )


def _details(scope: Scope, listing: Listing, found: Found, detail: Detail) -> dict[str, Any]:
    told: dict[str, Any] = {}
    refused: dict[str, str] = {}
    try:
        answer = _read(scope, listing, found["type"], found["id"])
    except (AzureError, ProviderError) as error:
        code = explain(error).code
        told |= dict.fromkeys(detail.picks)
        refused |= dict.fromkeys(detail.picks, code)
    else:
        told |= {name: pick(answer) if callable(pick) else at(answer, pick) for name, pick in detail.picks.items()}
    for child in detail.children:
        try:
            told[child.name] = child.tell(_read_child(scope, listing, found, child))
        except (AzureError, ProviderError) as error:
            told[child.name] = None
            refused[child.name] = explain(error).code
    return with_unreadable(told, refused)


def _read(scope: Scope, listing: Listing, resource_type: str, path: str) -> dict[str, Any]:
    """A generic GET, whole and as Azure writes it. Raises the SDK's errors and `ProviderError`."""
    version = listing.api_version(resource_type)
    if not version:
        raise ProviderError("provider_not_registered", "Azure does not list this type in the subscription.")
    return scope.connection.get(path, version)


def _read_child(scope: Scope, listing: Listing, found: Found, child: Child) -> list[Any]:
    version = child.version or listing.api_version(child.type) or listing.api_version(found["type"])
    if not version:
        raise ProviderError("provider_not_registered", "Azure does not list this type in the subscription.")
    path = f"{found['id']}/{child.path}"
    if child.single:
        return [scope.connection.get(path, version)]
    return list(scope.connection.pages(path, version))


def generic_type(kind: str) -> str:
    """``microsoft.insights/actiongroups`` is ``azure.insights.actiongroups``: lower case, since Azure's case varies."""
    namespace, _, rest = kind.partition("/")
    return ".".join(("azure", namespace.removeprefix("microsoft.").replace(".", "_"), *rest.split("/")))
