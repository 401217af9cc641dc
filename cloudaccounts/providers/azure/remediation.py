"""What the placeholders of Azure's commands stand for, by type of resource. No Django, no SDK, no network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import PostureCheck, Remediation
from cloudaccounts.provider_kit.remediation import Scope, Values, remediation

# For every resource: <id> (the ARM id), <name>, <subscription-id> and <group> (its resource group). By type, one for
# each name of its ARM id, from the outside in: of /…/servers/a/databases/b, <server> is a and <database> is b.
RESOURCES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "azure.compute.disk": ("disk",),
        "azure.compute.scale_set": ("scale-set",),
        "azure.compute.virtual_machine": ("vm",),
        "azure.containers.kubernetes_cluster": ("cluster",),
        "azure.keyvault.vault": ("vault",),
        "azure.databricks.workspace": ("workspace",),
        "azure.mysql.flexible_server": ("server",),
        "azure.network.application_gateway": ("gateway",),
        "azure.network.flow_log": ("watcher", "flow-log"),
        "azure.network.network_security_group": ("nsg",),
        "azure.network.virtual_network": ("network",),
        "azure.network.virtual_network_gateway": ("gateway",),
        "azure.network.web_application_firewall_policy": ("policy",),
        "azure.network.front_door_firewall_policy": ("policy",),
        "azure.postgresql.flexible_server": ("server",),
        "azure.sql.database": ("server", "database"),
        "azure.sql.managed_instance": ("instance",),
        "azure.sql.server": ("server",),
        "azure.storage.storage_account": ("account",),
        "azure.web.site": ("app",),
        "azure.web.slot": ("app", "slot"),
    }
)
# Types whose whole id, or whose name, has a placeholder of its own.
_BY_ID = MappingProxyType({"azure.keyvault.vault": "vault-id", "azure.authorization.role_assignment": "assignment-id"})
_BY_NAME = MappingProxyType({"azure.authorization.role_definition": "role-name"})
# Placeholders that a person has to choose a value for, in commands about resources that do not tell it.
CHOSEN = frozenset(
    {
        *("action-group-id", "alert", "group", "group-name", "group-object-id", "operation", "plan", "principal-id"),
        *("public-key", "region", "rule", "user", "workspace-id", "your-network", "address", "bastion", "component"),
        *("endpoint", "subnet-id", "subnet", "other-subnet", "new-workspace", "network-id", "nsg", "nsg-id", "network"),
        *("plan-id", "policy-id", "policy-file", "key", "secret", "date", "regions", "runtime", "setting", "version"),
        *("tenant-url", "audience", "issuer", "client-id"),
    }
)
# A global parameter: https://learn.microsoft.com/cli/azure/manage-azure-subscriptions-azure-cli. Not of commands that
# name a whole id, nor of those about the directory.
_NAMES_SUBSCRIPTION = re.compile(
    r"--subscription\b|/subscriptions/|--ids\b|--scope /(\s|$)|--resource <(vault-)?id>|^az (ad|login|account|rest)\b"
)


def remediate(check: PostureCheck, asset: Asset, *, account_id: str, partition: str) -> Remediation:
    values = values_of(asset, account_id=account_id)
    scope = Scope("az", "--subscription <subscription-id>", _NAMES_SUBSCRIPTION, at_end=True)
    return remediation(check, values, scope)


def values_of(asset: Asset, *, account_id: str) -> Values:
    parts = asset.native_id.split("/")
    lower = [part.lower() for part in parts]
    values = {"id": asset.native_id, "name": asset.name, "subscription-id": account_id}
    if len(parts) > 4 and lower[3] == "resourcegroups":
        values["group"] = parts[4]
    if "providers" in lower:
        # Behind the namespace: type, name, type, name …
        names = parts[lower.index("providers") + 3 :: 2]
        values |= dict(zip(RESOURCES.get(asset.type, ()), names, strict=False))
    if asset.type in _BY_ID:
        values[_BY_ID[asset.type]] = asset.native_id
    if asset.type in _BY_NAME:
        values[_BY_NAME[asset.type]] = asset.name
    # Without the empty ones: what is not known stays a placeholder, for the person to fill in.
    return {name: value for name, value in values.items() if value}
