"""What Google Cloud's rules cite. Compare with the published list of recommendations before anything here changes."""

from __future__ import annotations

from cloudaccounts.providers.gcp.checks import CHECKS
from tests.cloudaccounts.providers.citations import numbers, strangers

BENCHMARK = "CIS GCP 2.0.0"
NUMBERS = {
    "gcp_service_account_user_key": ("1.4",),
    "gcp_service_account_key_age": ("1.7",),
    "gcp_service_account_admin_roles": ("1.5",),
    "gcp_project_acting_roles": ("1.6",),
    "gcp_project_audit_logs": ("2.1",),
    "gcp_firewall_ssh_open": ("3.6",),
    "gcp_firewall_rdp_open": ("3.7",),
    "gcp_default_network": ("3.1",),
    "gcp_legacy_network": ("3.2",),
    "gcp_subnet_flow_logs": ("3.8",),
    "gcp_dns_dnssec": ("3.3",),
    "gcp_project_oslogin": ("4.4",),
    "gcp_vm_oslogin_overridden": ("4.4",),
    "gcp_vm_serial_port": ("4.5",),
    "gcp_project_serial_port": ("4.5",),
    "gcp_vm_ip_forwarding": ("4.6",),
    "gcp_vm_default_account_full_scope": ("4.2",),
    "gcp_vm_public_address": ("4.9",),
    "gcp_vm_shielded": ("4.8",),
    "gcp_vm_project_ssh_keys": ("4.3",),
    "gcp_storage_public": ("5.1",),
    "gcp_storage_uniform_access": ("5.2",),
    "gcp_bigquery_dataset_public": ("7.1",),
    "gcp_kms_key_public": ("1.9",),
    "gcp_kms_rotation": ("1.10",),
    "gcp_sql_open_network": ("6.5",),
    "gcp_sql_public_address": ("6.2.9", "6.6"),
    "gcp_sql_ssl": ("6.4",),
    "gcp_sql_backups": ("6.7",),
    "gcp_api_key_apis": ("1.14",),
    "gcp_api_key_clients": ("1.13",),
}


def test_each_rule_cites_these_recommendations_and_no_others() -> None:
    assert numbers(CHECKS, BENCHMARK) == NUMBERS


def test_everything_cited_is_of_one_benchmark_or_a_page_of_the_vendor() -> None:
    assert strangers(CHECKS, BENCHMARK, "cloud.google.com") == []
