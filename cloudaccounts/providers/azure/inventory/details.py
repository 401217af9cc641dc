"""All types whose details checks need; see `detail` for the form and ``types`` for what is read of each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cloudaccounts.providers.azure.inventory.detail import Detail
from cloudaccounts.providers.azure.inventory.types import (
    analytics,
    compute,
    databases,
    keyvault,
    network,
    storage,
    web,
)

DETAILS: Mapping[str, Detail] = MappingProxyType(
    {
        kind: detail
        for module in (storage, network, compute, keyvault, databases, web, analytics)
        for kind, detail in module.DETAILS.items()
    }
)
