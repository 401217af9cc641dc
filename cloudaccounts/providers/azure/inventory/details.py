"""The types whose details checks need, and what is stored of each: our name, and its path in Azure's answer.

Shapes: https://github.com/Azure/azure-rest-api-specs, each type's newest stable version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from cloudaccounts.provider_kit.normalization import ordered
from cloudaccounts.providers.azure.inventory import extract
from cloudaccounts.providers.azure.inventory.common import at

Source = str | Callable[[Mapping[str, Any]], Any]


# Diagnostic settings of a resource, or of the subscription. A preview version, because the stable one before it
# (2016-09-01) has a single setting without a name:
# https://learn.microsoft.com/rest/api/monitor/diagnostic-settings/list
DIAGNOSTICS = "providers/Microsoft.Insights/diagnosticSettings"
DIAGNOSTICS_TYPE = "Microsoft.Insights/diagnosticSettings"
DIAGNOSTICS_VERSION = "2021-05-01-preview"


@dataclass(frozen=True, slots=True)
class Child:
    """Something below the resource that the list leaves out: a list, or a single object."""

    name: str
    path: str
    type: str
    extract: Callable[[Sequence[Any]], Any]
    single: bool = False
    version: str = ""  # only where the newest stable version of the interface has another shape


@dataclass(frozen=True, slots=True)
class Detail:
    """``sources`` are in the resource's own answer, by the name of our property; each child costs a call."""

    type: str  # of our asset
    sources: Mapping[str, Source] = field(default_factory=dict)
    children: tuple[Child, ...] = ()


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
                "network_ip_rules": extract.sorted_list("properties.networkAcls.ipRules"),
                "network_ipv6_rules": extract.sorted_list("properties.networkAcls.ipv6Rules"),
                "infrastructure_encryption": "properties.encryption.requireInfrastructureEncryption",
                "encryption_key_source": "properties.encryption.keySource",
                "key_expiration_days": "properties.keyPolicy.keyExpirationPeriodInDays",
            },
            (
                Child(
                    "blob_service",
                    "blobServices/default",
                    "Microsoft.Storage/storageAccounts/blobServices",
                    extract.blob_service,
                    single=True,
                ),
            ),
        ),
        "microsoft.network/networksecuritygroups": Detail(
            "azure.network.network_security_group",
            {
                "rules": extract.rules,
                "subnets": extract.arm_ids("properties.subnets"),
                "network_interfaces": extract.arm_ids("properties.networkInterfaces"),
            },
        ),
        "microsoft.network/publicipaddresses": Detail(
            "azure.network.public_ip_address",
            {
                "ip_address": "properties.ipAddress",
                "allocation": "properties.publicIPAllocationMethod",
                "attached_to": extract.arm_id("properties.ipConfiguration.id"),
            },
        ),
        "microsoft.network/virtualnetworks": Detail(
            "azure.network.virtual_network",
            {
                "address_prefixes": extract.sorted_list("properties.addressSpace.addressPrefixes"),
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
                "os_disk": extract.arm_id("properties.storageProfile.osDisk.managedDisk.id"),
                "uses_managed_disks": lambda answer: bool(at(answer, "properties.storageProfile.osDisk.managedDisk")),
                "data_disks": lambda answer: sorted(
                    str(at(disk, "managedDisk.id") or disk.get("name")).lower()
                    for disk in at(answer, "properties.storageProfile.dataDisks") or ()
                ),
                "password_login_disabled": "properties.osProfile.linuxConfiguration.disablePasswordAuthentication",
                "encryption_at_host": "properties.securityProfile.encryptionAtHost",
                "security_type": "properties.securityProfile.securityType",
                "secure_boot": "properties.securityProfile.uefiSettings.secureBootEnabled",
                "network_interfaces": extract.arm_ids("properties.networkProfile.networkInterfaces"),
            },
        ),
        "microsoft.compute/disks": Detail(
            "azure.compute.disk",
            {
                "size_gib": "properties.diskSizeGB",
                "encryption": "properties.encryption.type",
                "disk_encryption_set": extract.arm_id("properties.encryption.diskEncryptionSetId"),
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
                "network_ip_rules": extract.sorted_list("properties.networkAcls.ipRules"),
                "enabled_for_deployment": "properties.enabledForDeployment",
                "access_policies": lambda answer: len(at(answer, "properties.accessPolicies") or ()),
            },
            (Child("log_exports", DIAGNOSTICS, DIAGNOSTICS_TYPE, extract.log_exports, version=DIAGNOSTICS_VERSION),),
        ),
        "microsoft.sql/servers": Detail(
            "azure.sql.server",
            {
                "minimum_tls": "properties.minimalTlsVersion",
                "public_network_access": "properties.publicNetworkAccess",
                "version": "properties.version",
            },
            (
                Child("firewall_rules", "firewallRules", "Microsoft.Sql/servers/firewallRules", extract.firewall),
                Child(
                    "ipv6_firewall_rules",
                    "ipv6FirewallRules",
                    "Microsoft.Sql/servers/ipv6FirewallRules",
                    extract.firewall_v6,
                ),
                # Not properties.administrators, which is in the answer only where the request expands it.
                Child(
                    "entra_administrators",
                    "administrators",
                    "Microsoft.Sql/servers/administrators",
                    extract.administrators,
                ),
                Child(
                    "auditing",
                    "auditingSettings/default",
                    "Microsoft.Sql/servers/auditingSettings",
                    extract.auditing,
                    single=True,
                ),
            ),
        ),
        "microsoft.sql/servers/databases": Detail(
            "azure.sql.database",
            {"status": "properties.status"},
            (
                Child(
                    "encryption",
                    "transparentDataEncryption/current",
                    "Microsoft.Sql/servers/databases/transparentDataEncryption",
                    extract.state,
                    single=True,
                ),
            ),
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
            (
                Child(
                    "firewall_rules",
                    "firewallRules",
                    "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules",
                    extract.firewall,
                ),
                Child(
                    "parameters",
                    "configurations",
                    "Microsoft.DBforPostgreSQL/flexibleServers/configurations",
                    extract.parameters,
                ),
            ),
        ),
        "microsoft.web/sites": Detail(
            "azure.web.site",
            {
                "https_only": "properties.httpsOnly",
                "client_certificates": "properties.clientCertEnabled",
                "public_network_access": "properties.publicNetworkAccess",
                "host_names": extract.sorted_list("properties.enabledHostNames"),
            },
            (Child("config", "config/web", "Microsoft.Web/sites/config", extract.web_config, single=True),),
        ),
        "microsoft.containerservice/managedclusters": Detail(
            "azure.containers.kubernetes_cluster",
            {
                "kubernetes_version": "properties.kubernetesVersion",
                "rbac": "properties.enableRBAC",
                "local_accounts_disabled": "properties.disableLocalAccounts",
                "private_cluster": "properties.apiServerAccessProfile.enablePrivateCluster",
                "authorized_ip_ranges": extract.sorted_list("properties.apiServerAccessProfile.authorizedIPRanges"),
                "network_policy": "properties.networkProfile.networkPolicy",
                "entra_managed": "properties.aadProfile.managed",
            },
        ),
    }
)
