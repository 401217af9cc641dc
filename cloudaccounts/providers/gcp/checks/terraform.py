"""Terraform snippets by check, where a few lines remediate it. Placeholders as in commands, unquoted.

Arguments are those of https://registry.terraform.io/providers/hashicorp/google/latest/docs. Where an attribute of a
resource has to change, the snippet shows the resource with that attribute alone, for the block that manages it already.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cloudaccounts.providers.gcp.checks.database_flags import FLAGS


def _attribute(resource: str, identity: str, *lines: str) -> str:
    """A resource that exists, with the attributes that are to change."""
    body = "\n".join(f"  {line}" for line in (*identity.split("\n"), "# and what else it has", *lines))
    return f'resource "{resource}" "this" {{\n{body}\n}}\n'


_MACHINE = ("google_compute_instance", "name = <vm>\nzone = <zone>")
_BUCKET = ("google_storage_bucket", "name = <bucket>")
_DATABASE = ("google_sql_database_instance", "name = <instance>")


def _flag(name: str, value: str) -> str:
    lines = ("settings {", "  database_flags {", f'    name  = "{name}"', f'    value = "{value}"', "  }", "}")
    return _attribute(*_DATABASE, *lines)


SNIPPETS: Mapping[str, str] = MappingProxyType(
    {
        "gcp_project_audit_logs": """\
resource "google_project_iam_audit_config" "this" {
  project = <project>
  service = "allServices"
  audit_log_config {
    log_type = "ADMIN_READ"
  }
  audit_log_config {
    log_type = "DATA_READ"
  }
  audit_log_config {
    log_type = "DATA_WRITE"
  }
}
""",
        "gcp_project_oslogin": """\
resource "google_compute_project_metadata_item" "oslogin" {
  project = <project>
  key     = "enable-oslogin"
  value   = "TRUE"
}
""",
        "gcp_project_serial_port": """\
resource "google_compute_project_metadata_item" "serial_port" {
  project = <project>
  key     = "serial-port-enable"
  value   = "FALSE"
}
""",
        "gcp_vm_serial_port": _attribute(*_MACHINE, "metadata = {", '  serial-port-enable = "FALSE"', "}"),
        "gcp_vm_project_ssh_keys": _attribute(*_MACHINE, "metadata = {", '  block-project-ssh-keys = "TRUE"', "}"),
        "gcp_vm_shielded": _attribute(
            *_MACHINE,
            "shielded_instance_config {",
            "  enable_vtpm                 = true",
            "  enable_integrity_monitoring = true",
            "}",
        ),
        "gcp_firewall_ssh_open": _attribute(
            "google_compute_firewall", "name = <rule>", "source_ranges = [<your-network>]"
        ),
        "gcp_firewall_rdp_open": _attribute(
            "google_compute_firewall", "name = <rule>", "source_ranges = [<your-network>]"
        ),
        "gcp_subnet_flow_logs": _attribute(
            "google_compute_subnetwork",
            "name   = <subnet>\nregion = <region>",
            "log_config {",
            '  aggregation_interval = "INTERVAL_5_SEC"',
            "  flow_sampling        = 0.5",
            '  metadata             = "INCLUDE_ALL_METADATA"',
            "}",
        ),
        "gcp_dns_dnssec": _attribute(
            "google_dns_managed_zone", "name = <zone>", "dnssec_config {", '  state = "on"', "}"
        ),
        "gcp_gke_legacy_abac": _attribute(
            "google_container_cluster", "name     = <cluster>\nlocation = <location>", "enable_legacy_abac = false"
        ),
        "gcp_storage_public_access_prevention": _attribute(*_BUCKET, 'public_access_prevention = "enforced"'),
        "gcp_storage_uniform_access": _attribute(*_BUCKET, "uniform_bucket_level_access = true"),
        "gcp_kms_rotation": _attribute("google_kms_crypto_key", "name = <key>", 'rotation_period = "7776000s"'),
        "gcp_sql_ssl": _attribute(
            *_DATABASE, "settings {", "  ip_configuration {", '    ssl_mode = "ENCRYPTED_ONLY"', "  }", "}"
        ),
        "gcp_sql_public_address": _attribute(
            *_DATABASE,
            "settings {",
            "  ip_configuration {",
            "    ipv4_enabled    = false",
            "    private_network = <network>",
            "  }",
            "}",
        ),
        "gcp_sql_backups": _attribute(
            *_DATABASE, "settings {", "  backup_configuration {", "    enabled = true", "  }", "}"
        ),
        "gcp_sql_point_in_time": _attribute(
            *_DATABASE,
            "settings {",
            "  backup_configuration {",
            "    enabled                        = true",
            "    # On MySQL it is: binary_log_enabled = true",
            "    point_in_time_recovery_enabled = true",
            "  }",
            "}",
        ),
        "gcp_sql_deletion_protection": _attribute(
            *_DATABASE, "settings {", "  deletion_protection_enabled = true", "}"
        ),
        "gcp_subnet_flow_log_detail": _attribute(
            "google_compute_subnetwork",
            "name   = <subnet>\nregion = <region>",
            "log_config {",
            '  aggregation_interval = "INTERVAL_5_SEC"',
            "  flow_sampling        = 1.0",
            '  metadata             = "INCLUDE_ALL_METADATA"',
            "}",
        ),
        "gcp_lb_logging": _attribute(
            "google_compute_backend_service",
            "name = <backend-service>",
            "log_config {",
            "  enable      = true",
            "  sample_rate = 1.0",
            "}",
        ),
        "gcp_storage_log_lock": _attribute(
            *_BUCKET, "retention_policy {", '  retention_period = "31536000"', "  is_locked        = true", "}"
        ),
        "gcp_bigquery_dataset_customer_key": _attribute(
            "google_bigquery_dataset",
            "dataset_id = <dataset>",
            "default_encryption_configuration {",
            "  kms_key_name = <key>",
            "}",
        ),
        "gcp_project_log_sink": """\
resource "google_logging_project_sink" "this" {
  project                = <project>
  name                   = <sink>
  destination            = <destination>
  unique_writer_identity = true
}
""",
        "gcp_project_essential_contacts": """\
resource "google_essential_contacts_contact" "this" {
  parent                              = <organization>
  email                               = <address>
  language_tag                        = "en"
  notification_category_subscriptions = ["ALL"]
}
""",
        **{flag.identifier: _flag(flag.name, flag.good[0]) for flag in FLAGS},
    }
)
