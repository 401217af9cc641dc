"""SQL servers and databases, and the flexible servers of PostgreSQL and MySQL."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cloudaccounts.providers.azure.inventory import extract
from cloudaccounts.providers.azure.inventory.detail import Child, Detail


def _firewall_and_parameters(provider: str) -> tuple[Child, Child]:
    servers = f"{provider}/flexibleServers"
    return (
        Child("firewall_rules", "firewallRules", f"{servers}/firewallRules", extract.firewall),
        Child("parameters", "configurations", f"{servers}/configurations", extract.parameters),
    )


DETAILS: Mapping[str, Detail] = MappingProxyType(
    {
        "microsoft.sql/servers": Detail(
            "azure.sql.server",
            {
                "minimum_tls": "properties.minimalTlsVersion",
                "public_network_access": "properties.publicNetworkAccess",
                "ipv6": "properties.isIPv6Enabled",
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
        "microsoft.sql/managedinstances": Detail(
            "azure.sql.managed_instance",
            {
                "minimum_tls": "properties.minimalTlsVersion",
                "public_endpoint": "properties.publicDataEndpointEnabled",
                "subnet": extract.arm_id("properties.subnetId"),
                "entra_only": "properties.administrators.azureADOnlyAuthentication",
            },
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
            _firewall_and_parameters("Microsoft.DBforPostgreSQL"),
        ),
        "microsoft.dbformysql/flexibleservers": Detail(
            "azure.mysql.flexible_server",
            {
                "version": "properties.version",
                "public_network_access": "properties.network.publicNetworkAccess",
                "backup_days": "properties.backup.backupRetentionDays",
                "geo_redundant_backup": "properties.backup.geoRedundantBackup",
                "high_availability": "properties.highAvailability.mode",
            },
            _firewall_and_parameters("Microsoft.DBforMySQL"),
        ),
    }
)
