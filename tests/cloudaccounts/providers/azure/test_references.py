"""What Azure's rules cite. Compare with the published list of recommendations before anything here changes."""

from __future__ import annotations

from cloudaccounts.providers.azure.checks import CHECKS
from tests.cloudaccounts.providers.citations import numbers, strangers

BENCHMARK = "CIS Azure 2.0.0"
NUMBERS = {
    "azure_custom_owner_role": ("1.23",),
    "azure_activity_log_exported": ("5.1.1", "5.1.2"),
    "azure_activity_log_alerts": (
        "5.2.1",
        "5.2.2",
        "5.2.3",
        "5.2.4",
        "5.2.5",
        "5.2.6",
        "5.2.7",
        "5.2.8",
        "5.2.9",
        "5.2.10",
    ),
    "azure_defender_plans": ("2.1.1", "2.1.2", "2.1.4", "2.1.7", "2.1.8", "2.1.10", "2.1.12"),
    "azure_nsg_rdp_open": ("6.1",),
    "azure_nsg_ssh_open": ("6.2",),
    "azure_storage_public_access": ("3.7",),
    "azure_storage_https_only": ("3.1",),
    "azure_storage_minimum_tls": ("3.15",),
    "azure_storage_network_open": ("3.8",),
    "azure_storage_soft_delete": ("3.11",),
    "azure_keyvault_recoverable": ("8.5",),
    "azure_keyvault_rbac": ("8.6",),
    "azure_keyvault_logging": ("5.1.5",),
    "azure_sql_firewall_open": ("4.1.2",),
    "azure_sql_auditing": ("4.1.1",),
    "azure_sql_entra_administrator": ("4.1.4",),
    "azure_sql_database_encryption": ("4.1.5",),
    "azure_postgresql_ssl": ("4.3.1",),
    "azure_postgresql_firewall_open": ("4.3.7",),
    "azure_postgresql_logs_connections": ("4.3.2", "4.3.3"),
    "azure_web_https_only": ("9.2",),
    "azure_web_minimum_tls": ("9.3",),
    "azure_web_ftp": ("9.10",),
    "azure_vm_managed_disks": ("7.2",),
}


def test_each_rule_cites_these_recommendations_and_no_others() -> None:
    assert numbers(CHECKS, BENCHMARK) == NUMBERS


def test_everything_cited_is_of_one_benchmark_or_a_page_of_the_vendor() -> None:
    assert strangers(CHECKS, BENCHMARK, "learn.microsoft.com") == []
