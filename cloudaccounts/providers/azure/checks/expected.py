"""What Azure's rules want to see, by check and path, for the evidence of findings.

For rules whose reading does not say it: flags need no entry, and a rule may have its own (``expected=``). A path is a
property that a rule reads, or a part of it; of a list, the entry that decides is shown beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cloudaccounts.provider_kit.posture import Expected

_NO_INTERNET = "no rule for the internet, nor for all of Azure's services"
_SELECTED = {"public_network_access": "Disabled, or selected networks", "network_default_action": "Deny"}
_ALERT: Expected = MappingProxyType({"alerts": "one for this operation that notifies somebody"})


def _closed(ports: str) -> Expected:
    return {"rules": f"no inbound rule that opens {ports} to the internet"}


EXPECTED: Mapping[str, Expected] = MappingProxyType(
    {
        "azure_subscription_owners": {"owners": "three at most"},
        "azure_custom_owner_role": {"permissions": "named actions"},
        "azure_access_administrator_at_root": {"scope": "no assignment at /"},
        "azure_owner_is_application": {"principal_type": "User or Group"},
        "azure_activity_log_exported": {"exports": "one with Administrative, Security, Alert and Policy"},
        **dict.fromkeys(
            (
                *("azure_alert_nsg_delete", "azure_alert_nsg_write", "azure_alert_policy_delete"),
                *("azure_alert_policy_write", "azure_alert_public_ip_delete", "azure_alert_public_ip_write"),
                *("azure_alert_security_solution_delete", "azure_alert_security_solution_write"),
                *("azure_alert_service_health", "azure_alert_sql_firewall_delete", "azure_alert_sql_firewall_write"),
            ),
            _ALERT,
        ),
        "azure_activity_log_categories": {"exports": "one with Administrative, Security, Alert and Policy"},
        "azure_application_insights": {"application_insights": "at least 1"},
        "azure_databricks_logging": {"log_exports": "one of the audit events"},
        "azure_databricks_private_endpoint": {"private_endpoints": "one that is approved"},
        "azure_keyvault_private_endpoint": {"private_endpoints": "one that is approved"},
        "azure_storage_private_endpoint": {"private_endpoints": "one that is approved"},
        "azure_keyvault_key_expiry_policies": {"keys": "a date of expiry"},
        "azure_keyvault_key_expiry_rbac": {"keys": "a date of expiry"},
        "azure_keyvault_secret_expiry_policies": {"secrets": "a date of expiry"},
        "azure_keyvault_secret_expiry_rbac": {"secrets": "a date of expiry"},
        "azure_keyvault_key_rotation": {"keys": "a policy that rotates it"},
        "azure_mysql_firewall_open": {"firewall_rules": _NO_INTERNET},
        "azure_mysql_minimum_tls": {"parameters.tls_version": "TLSv1.2 or later alone"},
        "azure_nsg_http_open": _closed("port 80 or 443"),
        "azure_nsg_udp_open": _closed("a UDP port"),
        "azure_storage_key_reminder": {"key_expiration_days": "a number of days"},
        "azure_subnet_without_nsg": {"subnets": "a network security group"},
        "azure_nsg_rdp_open": _closed("port 3389"),
        "azure_nsg_ssh_open": _closed("port 22"),
        "azure_nsg_all_ports_open": _closed("every port"),
        "azure_nsg_database_open": _closed("a database's port"),
        "azure_storage_minimum_tls": {"minimum_tls": "TLS1_2 or later"},
        "azure_storage_network_open": _SELECTED,
        "azure_storage_soft_delete": {
            "blob_service.delete_days": "at least 1",
        },
        "azure_keyvault_network_open": _SELECTED,
        "azure_keyvault_logging": {"log_exports": "one of the audit events"},
        "azure_sql_firewall_open": {"firewall_rules": _NO_INTERNET, "ipv6_firewall_rules": _NO_INTERNET},
        "azure_sql_auditing": {"auditing.state": "Enabled"},
        "azure_sql_minimum_tls": {"minimum_tls": "1.2 or later"},
        "azure_sql_entra_administrator": {"entra_administrators": "one"},
        "azure_sql_database_encryption": {"encryption": "Enabled"},
        "azure_postgresql_ssl": {"parameters.require_secure_transport": "on"},
        "azure_postgresql_firewall_open": {"firewall_rules": _NO_INTERNET},
        "azure_postgresql_logs_connections": {
            "parameters.log_checkpoints": "on",
            "parameters.log_connections": "on",
        },
        "azure_web_minimum_tls": {"config.minimum_tls": "1.2 or later"},
        "azure_web_ftp": {"config.ftps_state": "FtpsOnly or Disabled"},
        "azure_vm_trusted_launch": {
            "security_type": "TrustedLaunch or ConfidentialVM",
            "secure_boot": True,
            "vtpm": True,
        },
        "azure_disk_public_network": {
            "network_access": "DenyAll or AllowPrivate",
            "public_network_access": "Disabled",
        },
        "azure_aks_api_open": {"authorized_ip_ranges": "networks of your own"},
    }
)
