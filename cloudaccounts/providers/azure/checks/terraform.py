"""Terraform snippets by check, where a few lines remediate it. Placeholders as in commands, unquoted.

Arguments are those of https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs. Where an attribute of a
resource has to change, the snippet shows the resource with that attribute alone, for the block that manages it already.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cloudaccounts.providers.azure.checks.defender import PLANS


def _attribute(resource: str, placeholder: str, *lines: str) -> str:
    """A resource that exists, with the attributes that are to change."""
    head = (f"name                = <{placeholder}>", "resource_group_name = <group>", "# and what else it has")
    body = "\n".join(f"  {line}" for line in (*head, *lines))
    return f'resource "{resource}" "this" {{\n{body}\n}}\n'


def _parameter(name: str) -> str:
    return f"""\
resource "azurerm_postgresql_flexible_server_configuration" "this" {{
  server_id = <id>
  name      = "{name}"
  value     = "on"
}}
"""


def _plan(name: str) -> str:
    return f"""\
resource "azurerm_security_center_subscription_pricing" "this" {{
  resource_type = "{name}"
  tier          = "Standard"
}}
"""


_ACCOUNT = ("azurerm_storage_account", "account")
_VAULT = ("azurerm_key_vault", "vault")
_APP = ("azurerm_linux_web_app", "app")  # its sibling for Windows has the same arguments

SNIPPETS: Mapping[str, str] = MappingProxyType(
    {
        **{f"azure_defender_{suffix}": _plan(name) for suffix, name, _ in PLANS},
        "azure_storage_public_network": _attribute(*_ACCOUNT, "public_network_access_enabled = false"),
        "azure_storage_cross_tenant": _attribute(*_ACCOUNT, "cross_tenant_replication_enabled = false"),
        "azure_storage_entra_default": _attribute(*_ACCOUNT, "default_to_oauth_authentication = true"),
        "azure_keyvault_public_network": _attribute(*_VAULT, "public_network_access_enabled = false"),
        "azure_storage_public_access": _attribute(*_ACCOUNT, "allow_nested_items_to_be_public = false"),
        "azure_storage_https_only": _attribute(*_ACCOUNT, "https_traffic_only_enabled = true"),
        "azure_storage_minimum_tls": _attribute(*_ACCOUNT, 'min_tls_version = "TLS1_2"'),
        "azure_storage_shared_keys": _attribute(*_ACCOUNT, "shared_access_key_enabled = false"),
        "azure_storage_network_open": """\
resource "azurerm_storage_account_network_rules" "this" {
  storage_account_id = <id>
  default_action     = "Deny"
  ip_rules           = [<your-network>]
}
""",
        "azure_storage_soft_delete": _attribute(
            *_ACCOUNT,
            "blob_properties {",
            "  delete_retention_policy {",
            "    days = 7",
            "  }",
            "  container_delete_retention_policy {",
            "    days = 7",
            "  }",
            "}",
        ),
        "azure_keyvault_recoverable": _attribute(*_VAULT, "purge_protection_enabled = true"),
        # Since version 4.42 of the provider; before, it is called enable_rbac_authorization.
        "azure_keyvault_rbac": _attribute(*_VAULT, "rbac_authorization_enabled = true"),
        "azure_keyvault_network_open": _attribute(
            *_VAULT, "network_acls {", '  default_action = "Deny"', '  bypass         = "AzureServices"', "}"
        ),
        "azure_sql_minimum_tls": _attribute("azurerm_mssql_server", "server", 'minimum_tls_version = "1.2"'),
        "azure_postgresql_ssl": _parameter("require_secure_transport"),
        "azure_web_https_only": _attribute(*_APP, "https_only = true"),
        "azure_web_minimum_tls": _attribute(*_APP, "site_config {", '  minimum_tls_version = "1.2"', "}"),
        "azure_web_ftp": _attribute(*_APP, "site_config {", '  ftps_state = "Disabled"', "}"),
        "azure_web_remote_debugging": _attribute(*_APP, "site_config {", "  remote_debugging_enabled = false", "}"),
        "azure_disk_public_network": _attribute(
            "azurerm_managed_disk", "disk", "public_network_access_enabled = false", 'network_access_policy = "DenyAll"'
        ),
        "azure_aks_local_accounts": _attribute(
            "azurerm_kubernetes_cluster", "cluster", "local_account_disabled = true"
        ),
    }
)
