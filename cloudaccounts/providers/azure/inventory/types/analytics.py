"""Azure Databricks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from cloudaccounts.providers.azure.inventory import extract
from cloudaccounts.providers.azure.inventory.common import at
from cloudaccounts.providers.azure.inventory.detail import (
    DIAGNOSTICS,
    DIAGNOSTICS_TYPE,
    DIAGNOSTICS_VERSION,
    Child,
    Detail,
)
from cloudaccounts.providers.azure.inventory.types.network import subnets

_PARAMETERS = "properties.parameters"


def network_of(answer: Mapping[str, Any]) -> str | None:
    """The customer's own network that the clusters run in; it may lie in another subscription."""
    value = at(answer, f"{_PARAMETERS}.customVirtualNetworkId.value")
    return value if isinstance(value, str) and value else None


def _subnets(answers: Sequence[Any]) -> list[Any] | None:
    return subnets(extract.first(answers))


DETAILS: Mapping[str, Detail] = MappingProxyType(
    {
        "microsoft.databricks/workspaces": Detail(
            "azure.databricks.workspace",
            {
                "compute_mode": "properties.computeMode",
                "virtual_network": extract.arm_id(f"{_PARAMETERS}.customVirtualNetworkId.value"),
                "public_subnet": f"{_PARAMETERS}.customPublicSubnetName.value",
                "private_subnet": f"{_PARAMETERS}.customPrivateSubnetName.value",
                "no_public_ip": f"{_PARAMETERS}.enableNoPublicIp.value",
                "public_network_access": "properties.publicNetworkAccess",
                "private_endpoints": extract.private_endpoints,
            },
            (
                Child("log_exports", DIAGNOSTICS, DIAGNOSTICS_TYPE, extract.log_exports, version=DIAGNOSTICS_VERSION),
                Child("subnets", network_of, "Microsoft.Network/virtualNetworks", _subnets, single=True),
            ),
        ),
    }
)
