"""The types whose details checks read, and what is kept of each: our name, and where it stands in Azure's answer.

Shapes: https://github.com/Azure/azure-rest-api-specs, each type's newest stable version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from cloudaccounts.providers.azure.inventory.common import at, ordered

Pick = str | Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Child:
    """Something below the resource that the list leaves out: a list, or a single object."""

    name: str
    path: str
    type: str
    tell: Callable[[Sequence[Any]], Any]
    single: bool = False


@dataclass(frozen=True, slots=True)
class Detail:
    type: str  # of our asset
    picks: Mapping[str, Pick] = field(default_factory=dict)
    children: tuple[Child, ...] = ()


def _id(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """An ARM id, in lower case like all native ids."""

    def pick(answer: Mapping[str, Any]) -> str | None:
        value = at(answer, path)
        return value.lower() if isinstance(value, str) else None

    return pick


def _ids(path: str, key: str = "id") -> Callable[[Mapping[str, Any]], Any]:
    def pick(answer: Mapping[str, Any]) -> list[str]:
        return sorted(str(item[key]).lower() for item in at(answer, path) or () if item.get(key))

    return pick


def _sorted(path: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda answer: ordered(at(answer, path))


def _texts(*values: Any) -> list[str]:
    """Azure writes one value in one property and several in another."""
    found: list[str] = []
    for value in values:
        found += [str(item) for item in value] if isinstance(value, list) else [str(value)] if value else []
    return sorted(set(found))


def _rules(answer: Mapping[str, Any]) -> list[Any]:
    """Of a network security group; the three kinds of ends in one list each. The default rules are the same for all."""
    return ordered(
        {
            "name": rule.get("name"),
            "direction": at(rule, "properties.direction"),
            "access": at(rule, "properties.access"),
            "protocol": at(rule, "properties.protocol"),
            "priority": at(rule, "properties.priority"),
            "sources": _texts(
                at(rule, "properties.sourceAddressPrefix"),
                at(rule, "properties.sourceAddressPrefixes"),
                [
                    str(one.get("id", "")).lower()
                    for one in at(rule, "properties.sourceApplicationSecurityGroups") or ()
                ],
            ),
            "destinations": _texts(
                at(rule, "properties.destinationAddressPrefix"), at(rule, "properties.destinationAddressPrefixes")
            ),
            "ports": _texts(at(rule, "properties.destinationPortRange"), at(rule, "properties.destinationPortRanges")),
        }
        for rule in at(answer, "properties.securityRules") or ()
    )


def _firewall(rules: Sequence[Any]) -> list[Any]:
    return ordered(
        {
            "name": rule.get("name"),
            "from": at(rule, "properties.startIpAddress"),
            "to": at(rule, "properties.endIpAddress"),
        }
        for rule in rules
    )


def _web_config(answers: Sequence[Any]) -> dict[str, Any]:
    told = answers[0] if answers else {}
    return {
        "minimum_tls": at(told, "properties.minTlsVersion"),
        "ftps_state": at(told, "properties.ftpsState"),
        "http2": at(told, "properties.http20Enabled"),
        "remote_debugging": at(told, "properties.remoteDebuggingEnabled"),
        "always_on": at(told, "properties.alwaysOn"),
    }


DETAILS: Mapping[str, Detail] = MappingProxyType(
    {
        "microsoft.storage/storageaccounts": Detail(
            "azure.storage.storage_account",
            {
                "https_only": "properties.supportsHttpsTrafficOnly",
                "minimum_tls": "properties.minimumTlsVersion",
                "allow_blob_public_access": "properties.allowBlobPublicAccess",
                "allow_shared_key_access": "properties.allowSharedKeyAccess",
                "public_network_access": "properties.publicNetworkAccess",
                "network_default_action": "properties.networkAcls.defaultAction",
                "network_bypass": "properties.networkAcls.bypass",
                "network_ip_rules": _sorted("properties.networkAcls.ipRules"),
                "infrastructure_encryption": "properties.encryption.requireInfrastructureEncryption",
                "encryption_key_source": "properties.encryption.keySource",
                "key_expiration_days": "properties.keyPolicy.keyExpirationPeriodInDays",
            },
        ),
        "microsoft.network/networksecuritygroups": Detail(
            "azure.network.network_security_group",
            {
                "rules": _rules,
                "subnets": _ids("properties.subnets"),
                "network_interfaces": _ids("properties.networkInterfaces"),
            },
        ),
        "microsoft.network/publicipaddresses": Detail(
            "azure.network.public_ip_address",
            {
                "ip_address": "properties.ipAddress",
                "allocation": "properties.publicIPAllocationMethod",
                "attached_to": _id("properties.ipConfiguration.id"),
            },
        ),
        "microsoft.network/virtualnetworks": Detail(
            "azure.network.virtual_network",
            {
                "address_prefixes": _sorted("properties.addressSpace.addressPrefixes"),
                "ddos_protection": "properties.enableDdosProtection",
                "subnets": lambda answer: ordered(
                    {
                        "name": subnet.get("name"),
                        "prefix": at(subnet, "properties.addressPrefix"),
                        "network_security_group": (at(subnet, "properties.networkSecurityGroup.id") or "").lower()
                        or None,
                    }
                    for subnet in at(answer, "properties.subnets") or ()
                ),
            },
        ),
        "microsoft.compute/virtualmachines": Detail(
            "azure.compute.virtual_machine",
            {
                "size": "properties.hardwareProfile.vmSize",
                "os_type": "properties.storageProfile.osDisk.osType",
                "image": "properties.storageProfile.imageReference",
                "os_disk": _id("properties.storageProfile.osDisk.managedDisk.id"),
                "uses_managed_disks": lambda answer: bool(at(answer, "properties.storageProfile.osDisk.managedDisk")),
                "data_disks": lambda answer: sorted(
                    str(at(disk, "managedDisk.id") or disk.get("name")).lower()
                    for disk in at(answer, "properties.storageProfile.dataDisks") or ()
                ),
                "password_login_disabled": "properties.osProfile.linuxConfiguration.disablePasswordAuthentication",
                "encryption_at_host": "properties.securityProfile.encryptionAtHost",
                "security_type": "properties.securityProfile.securityType",
                "secure_boot": "properties.securityProfile.uefiSettings.secureBootEnabled",
                "network_interfaces": _ids("properties.networkProfile.networkInterfaces"),
            },
        ),
        "microsoft.compute/disks": Detail(
            "azure.compute.disk",
            {
                "size_gib": "properties.diskSizeGB",
                "encryption": "properties.encryption.type",
                "disk_encryption_set": _id("properties.encryption.diskEncryptionSetId"),
                "network_access": "properties.networkAccessPolicy",
                "public_network_access": "properties.publicNetworkAccess",
                "os_type": "properties.osType",
                "attached": lambda answer: bool(answer.get("managedBy")),
            },
        ),
        "microsoft.keyvault/vaults": Detail(
            "azure.keyvault.vault",
            {
                "rbac_authorization": "properties.enableRbacAuthorization",
                "soft_delete": "properties.enableSoftDelete",
                "soft_delete_days": "properties.softDeleteRetentionInDays",
                "purge_protection": "properties.enablePurgeProtection",
                "public_network_access": "properties.publicNetworkAccess",
                "network_default_action": "properties.networkAcls.defaultAction",
                "enabled_for_deployment": "properties.enabledForDeployment",
                "access_policies": lambda answer: len(at(answer, "properties.accessPolicies") or ()),
            },
        ),
        "microsoft.sql/servers": Detail(
            "azure.sql.server",
            {
                "minimum_tls": "properties.minimalTlsVersion",
                "public_network_access": "properties.publicNetworkAccess",
                "entra_only": "properties.administrators.azureADOnlyAuthentication",
                "entra_administrator": "properties.administrators.login",
                "version": "properties.version",
            },
            (Child("firewall_rules", "firewallRules", "Microsoft.Sql/servers/firewallRules", _firewall),),
        ),
        "microsoft.dbforpostgresql/flexibleservers": Detail(
            "azure.postgresql.flexible_server",
            {
                "version": "properties.version",
                "public_network_access": "properties.network.publicNetworkAccess",
                "entra_authentication": "properties.authConfig.activeDirectoryAuth",
                "password_authentication": "properties.authConfig.passwordAuth",
                "backup_days": "properties.backup.backupRetentionDays",
                "geo_redundant_backup": "properties.backup.geoRedundantBackup",
                "high_availability": "properties.highAvailability.mode",
            },
        ),
        "microsoft.web/sites": Detail(
            "azure.web.site",
            {
                "https_only": "properties.httpsOnly",
                "client_certificates": "properties.clientCertEnabled",
                "public_network_access": "properties.publicNetworkAccess",
                "host_names": _sorted("properties.enabledHostNames"),
            },
            (Child("config", "config/web", "Microsoft.Web/sites/config", _web_config, single=True),),
        ),
        "microsoft.containerservice/managedclusters": Detail(
            "azure.containers.kubernetes_cluster",
            {
                "kubernetes_version": "properties.kubernetesVersion",
                "rbac": "properties.enableRBAC",
                "local_accounts_disabled": "properties.disableLocalAccounts",
                "private_cluster": "properties.apiServerAccessProfile.enablePrivateCluster",
                "authorized_ip_ranges": _sorted("properties.apiServerAccessProfile.authorizedIPRanges"),
                "network_policy": "properties.networkProfile.networkPolicy",
                "entra_managed": "properties.aadProfile.managed",
            },
        ),
    }
)
