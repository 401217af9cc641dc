"""Storage accounts."""

from __future__ import annotations

from typing import Any

from tests.cloudaccounts.providers.azure.cases import Cases, on_day

WIDE = [{"value": "0.0.0.0/1", "action": "Allow"}, {"value": "128.0.0.0/1", "action": "Allow"}]
OFFICE = [{"value": "203.0.113.0/24", "action": "Allow"}]


def endpoints(*states: Any) -> dict[str, Any]:
    return {"private_endpoints": [{"endpoint": "/e", "state": state} for state in states]}


PRIVATE = Cases(
    (endpoints("Approved"), endpoints("Pending", "Approved"), endpoints("approved")),
    (endpoints(), endpoints("Pending"), endpoints("Rejected", "Disconnected")),
    (),
    (endpoints("Wavering"), endpoints(None), {}, {"private_endpoints": "odd"}),
)
NO_PUBLIC_NETWORK = Cases(
    (
        {"public_network_access": "Disabled"},
        {"public_network_access": "disabled"},
        {"public_network_access": "Disabled", "network_default_action": "Allow"},
    ),
    (
        {"public_network_access": "Enabled"},
        {"public_network_access": None},
        {"public_network_access": "Enabled", "network_default_action": "Deny"},
    ),
    (),
    ({"public_network_access": "SecuredByPerimeter"}, {"public_network_access": "New"}, {"public_network_access": 1}),
)
NETWORKS = Cases(
    (
        {"public_network_access": "Disabled", "network_default_action": "Allow"},
        {"public_network_access": "Enabled", "network_default_action": "Deny"},
        {"public_network_access": None, "network_default_action": "Deny", "network_ip_rules": OFFICE},
    ),
    (
        {"public_network_access": None, "network_default_action": "Allow"},
        {"public_network_access": "Enabled", "network_default_action": None},
        {"public_network_access": "Enabled", "network_default_action": "Deny", "network_ip_rules": WIDE},
    ),
    (),
    (
        {"public_network_access": "SecuredByPerimeter", "network_default_action": "Allow"},
        {"public_network_access": "Enabled", "network_default_action": "Perhaps"},
        {"public_network_access": "Enabled", "network_default_action": "Deny", "network_ip_rules": [{"value": "x"}]},
    ),
)


def service(name: str, key: str, value: Any, **more: Any) -> dict[str, Any]:
    return {name: {key: value}, "kind": "StorageV2", **more}


def kept(name: str, key: str, without: str) -> Cases:
    return Cases(
        tuple(service(name, key, days) for days in (1, 7, 365)),
        tuple(service(name, key, 0, x=number) for number in range(3)),
        (service(name, key, 0, kind=without), {"kind": without, name: None}),
        (service(name, key, None), service(name, key, "seven"), {"kind": "StorageV2", name: {}}, {"kind": None}),
    )


def wants(name: str, value: bool, *absent: str) -> Cases:
    """A flag that should be ``value``; where it is missing, the one word of ``absent``: pass, fail or unknown."""
    missing: tuple[dict[str, Any], ...] = ({name: None}, {})
    return Cases(
        ({name: value}, {name: value, "kind": "StorageV2"}, {name: value, "sku": "Standard_LRS"})
        + (missing if "pass" in absent else ()),
        ({name: not value}, {name: not value, "kind": "StorageV2"}, {name: not value, "sku": "Standard_LRS"})
        + (missing if "fail" in absent else ()),
        (),
        ({name: "perhaps"}, {name: 1}) + (missing if "unknown" in absent else ()),
    )


def smb(name: str, good: str, *bad: str) -> Cases:
    return Cases(
        tuple(service("file_service", name, [good], kind=kind) for kind in ("StorageV2", "Storage", "FileStorage")),
        (
            service("file_service", name, None),
            service("file_service", name, [good, bad[0]]),
            service("file_service", name, [bad[-1]]),
        ),
        (service("file_service", name, None, kind="BlobStorage"), {"kind": "BlockBlobStorage", "file_service": None}),
        (
            service("file_service", name, ["NEW-9"]),
            service("file_service", name, [good, "NEW-9"]),
            service("file_service", name, "odd"),
        ),
    )


KEYS = {"key1": "2026-10-01T00:00:00Z", "key2": "2026-11-29T00:00:00Z"}
DAY = "2026-11-30"
CASES = {
    "azure_storage_public_access": wants("allow_blob_public_access", False, "unknown"),
    "azure_storage_https_only": wants("https_only", True, "unknown"),
    "azure_storage_minimum_tls": Cases(
        ({"minimum_tls": "TLS1_2"}, {"minimum_tls": "TLS1_3"}, {"minimum_tls": "tls1_2", "kind": "Storage"}),
        ({"minimum_tls": "TLS1_1"}, {"minimum_tls": "TLS1_0"}, {"minimum_tls": None}, {}),
        (),
        ({"minimum_tls": "TLS1_4"}, {"minimum_tls": 1.2}, {"minimum_tls": ["TLS1_2"]}),
    ),
    "azure_storage_shared_keys": wants("allow_shared_key_access", False, "fail"),
    "azure_storage_network_open": NETWORKS,
    "azure_storage_public_network": NO_PUBLIC_NETWORK,
    "azure_storage_private_endpoint": PRIVATE,
    "azure_storage_trusted_services": Cases(
        tuple({"network_default_action": "Deny", "network_bypass": text} for text in
              ("AzureServices", "Logging, AzureServices", "azureservices,metrics")),
        tuple({"network_default_action": "Deny", "network_bypass": text} for text in ("None", "Logging", "Metrics")),
        ({"network_default_action": "Allow", "network_bypass": "None"},),
        (
            {"network_default_action": "Deny", "network_bypass": None},
            {"network_default_action": "Deny", "network_bypass": "AzureServices, Strangers"},
            {"network_default_action": "New", "network_bypass": "AzureServices"},
            {"network_default_action": None, "network_bypass": "AzureServices"},
        ),
    ),
    "azure_storage_entra_default": wants("default_to_entra", True, "fail"),
    "azure_storage_cross_tenant": wants("allow_cross_tenant_replication", False, "unknown"),
    "azure_storage_redundancy": Cases(
        ({"sku": "Standard_GRS"}, {"sku": "Standard_RAGZRS"}, {"sku": "StandardV2_GZRS"}),
        ({"sku": "Standard_LRS"}, {"sku": "Standard_ZRS"}, {"sku": "StandardV2_ZRS"}),
        ({"sku": "Premium_LRS"}, {"sku": "PremiumV2_ZRS"}),
        ({"sku": "Standard_Moon"}, {"sku": None}, {}),
    ),
    "azure_storage_key_reminder": Cases(
        tuple({"key_expiration_days": days, "allow_shared_key_access": True} for days in (1, 90, 365)),
        (
            {"key_expiration_days": 0, "allow_shared_key_access": True},
            {"key_expiration_days": None, "allow_shared_key_access": None},
            {"allow_shared_key_access": True},
        ),
        ({"key_expiration_days": None, "allow_shared_key_access": False},),
        ({"key_expiration_days": "ninety"}, {"key_expiration_days": True}),
    ),
    "azure_storage_key_age": Cases(
        (
            on_day(DAY, key_created=KEYS),
            on_day(DAY, key_created={**KEYS, "key1": "2026-09-01T12:00:00Z"}),
            on_day("2026-10-01", key_created={"key1": "2026-10-01T00:00:00Z", "key2": "2026-10-01T00:00:00Z"}),
        ),
        (
            on_day(DAY, key_created={**KEYS, "key1": "2026-08-31T00:00:00Z"}),
            on_day(DAY, key_created={**KEYS, "key2": "2020-01-01T00:00:00Z"}),
            on_day("2027-06-01", key_created=KEYS, allow_shared_key_access=True),
        ),
        (on_day(DAY, key_created={}, allow_shared_key_access=False),),
        (
            {"key_created": KEYS},
            on_day(DAY, key_created={"key1": None, "key2": "2026-11-29T00:00:00Z"}),
            on_day(DAY, key_created=None),
            on_day(DAY, key_created={**KEYS, "key1": "long ago"}),
        ),
    ),
    "azure_storage_soft_delete": kept("blob_service", "delete_days", "FileStorage"),
    "azure_storage_container_soft_delete": kept("blob_service", "container_delete_days", "FileStorage"),
    "azure_storage_share_soft_delete": kept("file_service", "delete_days", "BlockBlobStorage"),
    "azure_storage_versioning": Cases(
        tuple(service("blob_service", "versioning", True, kind=kind) for kind in ("StorageV2", "Storage", None)),
        (
            service("blob_service", "versioning", False, hierarchical=False),
            service("blob_service", "versioning", None, hierarchical=False),
            service("blob_service", "versioning", False, hierarchical=None),
        ),
        (service("blob_service", "versioning", None, hierarchical=True), {"kind": "FileStorage"}),
        (service("blob_service", "versioning", "on"), {"kind": "StorageV2"}, {"kind": None, "blob_service": 7}),
    ),
    "azure_storage_smb_version": smb("smb_versions", "SMB3.1.1", "SMB2.1", "SMB3.0"),
    "azure_storage_smb_encryption": smb("smb_encryption", "AES-256-GCM", "AES-128-CCM", "AES-128-GCM"),
}  # fmt: skip
