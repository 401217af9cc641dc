"""What all collectors share: the subscription, its services, and reading of nested answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from azure.core.exceptions import AzureError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.azure.client import Connection
from cloudaccounts.providers.azure.errors import explain
from cloudaccounts.providers.azure.signin import Subscription

GLOBAL = "global"
# All that can go wrong with one read. An answer of another shape than the published one is an error of that read alone:
# the other facts and resources must not be lost with it.
READ_ERRORS = (AzureError, ProviderError, AttributeError, LookupError, TypeError, ValueError)
OTHER = "resources"  # resource groups, and what is of no other service

# Resource provider namespaces, lower case, and the service under which their resources are shown.
SERVICES: Mapping[str, str] = MappingProxyType(
    {
        "microsoft.compute": "compute",
        "microsoft.network": "network",
        "microsoft.storage": "storage",
        "microsoft.keyvault": "keyvault",
        "microsoft.sql": "databases",
        "microsoft.dbforpostgresql": "databases",
        "microsoft.dbformysql": "databases",
        "microsoft.documentdb": "databases",
        "microsoft.web": "web",
        "microsoft.databricks": "analytics",
        "microsoft.containerservice": "containers",
        "microsoft.containerregistry": "containers",
    }
)


@dataclass(frozen=True, slots=True)
class Scope:
    """One subscription and the connection to it."""

    connection: Connection
    subscription: Subscription


def failure(error: BaseException, action: str = "") -> ProviderError:
    """One of `READ_ERRORS` as a value for people; ``unexpected_answer`` where the answer had a shape of its own."""
    if isinstance(error, AzureError | ProviderError):
        return explain(error, action)
    return ProviderError(
        "unexpected_answer",
        "Azure's answer has a form that is not known here.",
        "Tell the operator: the form of the answer may be new.",
        sdk_error=type(error).__name__,
    )


def region_of(location: str | None) -> str:
    """Azure writes ``West Europe`` as well as ``westeurope``; resources without a location are global."""
    return "".join((location or GLOBAL).lower().split())


def service_of(resource_type: str) -> str:
    return SERVICES.get(resource_type.split("/", 1)[0].lower(), OTHER)


def resource_group_of(native_id: str) -> str:
    """Empty for resources in none. ``native_id`` is in lower case."""
    # /subscriptions/ID/resourceGroups/NAME/…: the text before the first slash is empty, so the name is the fifth
    # part.
    parts = native_id.split("/")
    return parts[4] if len(parts) > 4 and parts[3] == "resourcegroups" else ""


def at(value: Any, path: str) -> Any:
    """The value at ``a.b.c`` of nested mappings, in JSON types; None where any part of the path is missing."""
    for key in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return plain(value)


def tags_of(tags: Mapping[str, Any] | None) -> dict[str, str]:
    return {str(key): str(value) for key, value in sorted((tags or {}).items())}
