"""Storage accounts, with the settings of their blobs and of their file shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from cloudaccounts.providers.azure.inventory import extract
from cloudaccounts.providers.azure.inventory.common import at
from cloudaccounts.providers.azure.inventory.detail import Child, Detail

# Kinds of accounts that have no such service:
# https://learn.microsoft.com/azure/storage/common/storage-account-overview#types-of-storage-accounts
WITHOUT_BLOBS = frozenset({"FileStorage"})
WITHOUT_FILES = frozenset({"BlobStorage", "BlockBlobStorage"})


def blob_service(answers: Sequence[Any]) -> dict[str, Any]:
    """For how many days deleted blobs and containers can be restored: 0 where they cannot, None where not told."""
    service = extract.first(answers)
    return {
        "delete_days": _days(service, "deleteRetentionPolicy"),
        "container_delete_days": _days(service, "containerDeleteRetentionPolicy"),
        "versioning": at(service, "properties.isVersioningEnabled"),
    }


def file_service(answers: Sequence[Any]) -> dict[str, Any]:
    """``versions`` and ``encryption`` of SMB are None where nobody restricted them: then all are accepted."""
    service = extract.first(answers)
    return {
        "delete_days": _days(service, "shareDeleteRetentionPolicy"),
        "smb_versions": _words(at(service, "properties.protocolSettings.smb.versions")),
        "smb_encryption": _words(at(service, "properties.protocolSettings.smb.channelEncryption")),
    }


def _days(service: Mapping[str, Any], policy: str) -> Any:
    enabled = at(service, f"properties.{policy}.enabled")
    # Days are told only where the policy is on; that it is off is known, and 0 says so.
    return 0 if enabled is False else at(service, f"properties.{policy}.days") if enabled is True else None


def _words(text: Any) -> list[str] | None:
    """Azure joins them by semicolons."""
    return sorted(word.strip() for word in text.split(";") if word.strip()) if isinstance(text, str) and text else None


DETAILS: Mapping[str, Detail] = MappingProxyType(
    {
        "microsoft.storage/storageaccounts": Detail(
            "azure.storage.storage_account",
            {
                "https_only": "properties.supportsHttpsTrafficOnly",
                # Without defaults, here and below: several changed over the years, so a missing value tells nothing
                # of an older account (docs/decisions/0016-azure-reader-and-an-optional-grant.md).
                "minimum_tls": "properties.minimumTlsVersion",
                "allow_blob_public_access": "properties.allowBlobPublicAccess",
                "allow_shared_key_access": "properties.allowSharedKeyAccess",
                "allow_cross_tenant_replication": "properties.allowCrossTenantReplication",
                "default_to_entra": "properties.defaultToOAuthAuthentication",
                "hierarchical": "properties.isHnsEnabled",
                "public_network_access": "properties.publicNetworkAccess",
                "network_default_action": "properties.networkAcls.defaultAction",
                "network_bypass": "properties.networkAcls.bypass",
                "network_ip_rules": extract.sorted_list("properties.networkAcls.ipRules"),
                "network_ipv6_rules": extract.sorted_list("properties.networkAcls.ipv6Rules"),
                "private_endpoints": extract.private_endpoints,
                "infrastructure_encryption": "properties.encryption.requireInfrastructureEncryption",
                "encryption_key_source": "properties.encryption.keySource",
                "key_expiration_days": "properties.keyPolicy.keyExpirationPeriodInDays",
                "key_created": "properties.keyCreationTime",
            },
            (
                Child(
                    "blob_service",
                    "blobServices/default",
                    "Microsoft.Storage/storageAccounts/blobServices",
                    blob_service,
                    single=True,
                    not_for=WITHOUT_BLOBS,
                ),
                Child(
                    "file_service",
                    "fileServices/default",
                    "Microsoft.Storage/storageAccounts/fileServices",
                    file_service,
                    single=True,
                    not_for=WITHOUT_FILES,
                ),
            ),
        ),
    }
)
