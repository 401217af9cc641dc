"""Resources and resource groups as assets: what the list holds, and details of the types that checks need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import OBSERVED, Asset, ScanUnit
from cloudaccounts.provider_kit.deadlines import in_order
from cloudaccounts.provider_kit.focus import may_be_meant
from cloudaccounts.provider_kit.normalization import with_unreadable
from cloudaccounts.providers.azure.error_messages import GONE
from cloudaccounts.providers.azure.inventory.common import (
    OTHER,
    READ_ERRORS,
    Scope,
    at,
    failure,
    resource_group_of,
    service_of,
)
from cloudaccounts.providers.azure.inventory.detail import MOST_READ_ONE_BY_ONE, UNREAD, Child, Detail
from cloudaccounts.providers.azure.inventory.details import DETAILS
from cloudaccounts.providers.azure.inventory.listing import ListedResource, Listing, Part

# Resources read at once by each unit; several units run at the same time, and Azure allows a subscription 25 reads a
# second: https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
THREADS = 4


def collect(scope: Scope, listing: Listing, unit: ScanUnit) -> Iterator[Asset]:
    """Raises `ProviderError`, after what could be read. What one resource denies is marked on its asset."""
    groups = listing.groups(unit.region) if unit.service == OTHER else Part([])
    yield from (_group(item) for item in groups.items)
    listed = listing.resources(unit.service, unit.region)
    items = (item for item in listed.items if may_be_meant(item["id"]))
    assets = in_order(partial(_resource, scope, listing), items, threads=THREADS)
    yield from (asset for asset in assets if asset is not None)
    if error := groups.error or listed.error:
        raise error


def _group(item: ListedResource) -> Asset:
    return Asset(
        type="azure.resources.resource_group",
        service=OTHER,
        region=item["region"],
        native_id=item["id"].lower(),
        name=item["name"],
        tags=item["tags"],
        properties={"managed_by": item["managed_by"]},
    )


def _resource(scope: Scope, listing: Listing, item: ListedResource) -> Asset | None:
    """None where it is gone: it was deleted after it was listed, or Azure's list is behind."""
    native_id, kind = item["id"].lower(), item["type"].lower()
    detail = DETAILS.get(kind)
    properties: dict[str, Any] = {
        "resource_type": kind,
        "resource_group": resource_group_of(native_id),
        "kind": item["kind"],
        "sku": item["sku"],
        "managed_by": item["managed_by"],
        "identity": item["identity"],
        "created_at": item["created_at"],
        OBSERVED: {"changed_at": item["changed_at"], "provisioning_state": item["provisioning_state"]},
    }
    if detail is not None:
        details = _details(scope, listing, item, detail)
        if details is None:
            return None
        properties |= details
    return Asset(
        type=detail.type if detail else generic_type(kind),
        service=service_of(kind),
        region=item["region"],
        native_id=native_id,
        name=item["name"],
        tags=item["tags"],
        properties=properties,
    )


def _details(scope: Scope, listing: Listing, item: ListedResource, detail: Detail) -> dict[str, Any] | None:
    """None where Azure says that there is no such resource."""
    properties: dict[str, Any] = {}
    refused: dict[str, str] = {}
    answer: dict[str, Any] = {}
    try:
        answer = _read(scope, listing, item["type"], item["id"])
    except READ_ERRORS as error:
        code = failure(error).code
        # Azure's list may be behind its resources: this one was deleted after it was listed, or before.
        if code == GONE.code:
            return None
        # None for each, so that checks find the reason instead of a default.
        properties |= dict.fromkeys(detail.sources)
        refused |= dict.fromkeys(detail.sources, code)
    else:
        for name, source in detail.sources.items():
            try:
                properties[name] = source(answer) if callable(source) else at(answer, source)
            except READ_ERRORS as error:
                properties[name], refused[name] = None, failure(error).code
    for child in detail.children:
        try:
            properties[child.name] = _child(scope, listing, item, child, answer, refused)
        except READ_ERRORS as error:
            properties[child.name], refused[child.name] = None, failure(error).code
    return with_unreadable(properties, refused)


def _read(scope: Scope, listing: Listing, resource_type: str, path: str) -> dict[str, Any]:
    """A generic GET, whole and as Azure writes it. Raises the SDK's errors and `ProviderError`."""
    version = listing.api_version(resource_type)
    if not version:
        raise ProviderError("provider_not_registered", "Azure does not list this type in the subscription.")
    return scope.connection.get(path, version)


def _child(
    scope: Scope,
    listing: Listing,
    item: ListedResource,
    child: Child,
    answer: Mapping[str, Any],
    refused: Mapping[str, str],
) -> Any:
    """None where the resource has no such child. Raises `READ_ERRORS`."""
    if item["kind"] in child.not_for:
        return None
    if callable(child.path):
        if not answer and refused:  # the path stands in the answer, which could not be read
            raise ProviderError(next(iter(refused.values())), "The resource itself could not be read.")
        path = child.path(answer)
        if path is None:
            return None
    else:
        path = f"{item['id']}/{child.path}"
    # Children that Azure does not list as a type of their own share their parent's version.
    version = child.version or listing.api_version(child.type) or listing.api_version(item["type"])
    if not version:
        raise ProviderError("provider_not_registered", "Azure does not list this type in the subscription.")
    # An object and a list differ in paging alone; `extract` takes a list in both cases.
    if child.single:
        paths = (path,) if isinstance(path, str) else path
        return child.extract([scope.connection.get(one, version) for one in paths])
    listed = list(scope.connection.pages(str(path), version))
    return child.extract(_one_by_one(scope, listed, version) if child.one_by_one else listed)


def _one_by_one(scope: Scope, listed: list[dict[str, Any]], version: str) -> list[dict[str, Any]]:
    """What each tells itself; as listed, with the reason, where that cannot be read."""
    items = []
    for number, item in enumerate(listed):
        if number >= MOST_READ_ONE_BY_ONE:
            # Told as unread, with a reason of its own: a limit of ours must not read as a refusal of Azure's.
            items.append({**item, UNREAD: "too_many"})
            continue
        try:
            items.append(scope.connection.get(str(item["id"]), version))
        except READ_ERRORS as error:
            code = failure(error).code
            if code != GONE.code:
                items.append({**item, UNREAD: code})
    return items


def generic_type(kind: str) -> str:
    """``microsoft.insights/actiongroups`` is ``azure.insights.actiongroups``: lower case, since Azure's case varies."""
    namespace, _, rest = kind.partition("/")
    return ".".join(("azure", namespace.removeprefix("microsoft.").replace(".", "_"), *rest.split("/")))
