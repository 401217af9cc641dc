"""What Google Cloud's rules want to see, by check and path, for the evidence of findings.

For rules whose reading does not say it: flags need no entry, and a rule may have its own (``expected=``). A path is a
property that a rule reads, or a part of it; of a list, the entry that decides is shown beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cloudaccounts.provider_kit.posture import Expected

_NOBODY: Expected = MappingProxyType({"public_roles": "no role for allUsers or allAuthenticatedUsers"})
_OWN_SOURCES: Expected = MappingProxyType({"sourceRanges": "networks of your own"})
_OWN_POLICIES: Expected = MappingProxyType({"firewall_policies": "no rule that allows it from everywhere"})

EXPECTED: Mapping[str, Expected] = MappingProxyType(
    {
        "gcp_service_account_user_key": {"keyType": "SYSTEM_MANAGED, or disabled"},
        "gcp_service_account_admin_roles": {"project_roles": "no role of an administrator, owner or editor"},
        "gcp_project_basic_roles": {"basic_roles": "few owners, and no editors"},
        "gcp_project_acting_roles": {"acting_roles": "nobody: on single service accounts instead"},
        "gcp_project_audit_logs": {
            "audit_configs": "ADMIN_READ, DATA_READ and DATA_WRITE of allServices, for everybody"
        },
        "gcp_firewall_ssh_open": _OWN_SOURCES,
        "gcp_firewall_rdp_open": _OWN_SOURCES,
        "gcp_firewall_all_open": _OWN_SOURCES,
        "gcp_dns_dnssec": {"dnssecConfig.state": "on"},
        "gcp_project_oslogin": {"commonInstanceMetadata.items": "enable-oslogin with TRUE"},
        "gcp_project_serial_port": {"commonInstanceMetadata.items": "no serial-port-enable"},
        "gcp_vm_oslogin_overridden": {"metadata.items": "no enable-oslogin"},
        "gcp_vm_serial_port": {"metadata.items": "no serial-port-enable"},
        "gcp_vm_project_ssh_keys": {"metadata.items": "block-project-ssh-keys with TRUE"},
        "gcp_vm_default_account_full_scope": {"serviceAccounts": "an account of its own, or narrower scopes"},
        "gcp_vm_public_address": {"networkInterfaces": "no accessConfigs"},
        "gcp_disk_customer_key": {"diskEncryptionKey.kmsKeyName": "a key of yours"},
        "gcp_storage_public": _NOBODY,
        "gcp_storage_public_access_prevention": {"iamConfiguration.publicAccessPrevention": "enforced"},
        "gcp_bigquery_dataset_public": {**_NOBODY, "access": "no entry for everybody"},
        "gcp_kms_key_public": _NOBODY,
        "gcp_pubsub_topic_public": _NOBODY,
        "gcp_secret_public": _NOBODY,
        "gcp_function_public": _NOBODY,
        "gcp_function_v1_public": _NOBODY,
        "gcp_bigquery_table_public": _NOBODY,
        "gcp_artifact_repository_public": _NOBODY,
        "gcp_pubsub_subscription_public": _NOBODY,
        "gcp_image_public": _NOBODY,
        "gcp_snapshot_public": _NOBODY,
        "gcp_service_account_public": _NOBODY,
        "gcp_network_policy_ssh_open": _OWN_POLICIES,
        "gcp_network_policy_rdp_open": _OWN_POLICIES,
        "gcp_network_policy_all_open": _OWN_POLICIES,
        "gcp_sql_version": {"databaseVersion": "a version that is supported"},
        "gcp_gke_version": {"currentMasterVersion": "a version that is supported"},
        "gcp_run_public": _NOBODY,
        "gcp_kms_rotation": {"rotationPeriod": "90 days (7776000s) at most"},
        "gcp_sql_open_network": {"settings.ipConfiguration.authorizedNetworks": "networks of your own"},
        "gcp_api_key_apis": {"restrictions.apiTargets": "the APIs that it is for"},
        "gcp_api_key_clients": {"restrictions": "the sites, addresses or apps that use it"},
    }
)
