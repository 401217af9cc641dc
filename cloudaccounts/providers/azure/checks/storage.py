"""Storage accounts."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import expect, flag, not_applicable, number, posture_check, text, value
from cloudaccounts.providers.azure.checks import firewalls
from cloudaccounts.providers.azure.checks.references import cite

_ACCOUNT = "azure.storage.storage_account"
_UPDATE = "az storage account update --resource-group <group> --name <account>"
_WEAK = ("TLS1_0", "TLS1_1", "")  # without one: accounts made before August 2020 accept TLS 1.0


@posture_check(
    "azure_storage_public_access",
    "Blobs may be made public",
    Severity.HIGH,
    "storage",
    _ACCOUNT,
    why="While the account allows it, anybody who may write a container can publish it to the whole internet, by "
    "mistake as well: the commonest leak of data in the cloud.",
    console="Open the storage account, Configuration, set Allow Blob anonymous access to Disabled.",
    command=f"{_UPDATE} --allow-blob-public-access false",
    references=cite("storage/blobs/anonymous-read-access-prevent"),
)
def public_access(asset: Asset) -> Evaluation:
    # Where nobody ever set it, Azure allows it.
    allowed = flag(asset, "allow_blob_public_access", default=True)
    return expect(not allowed, "Containers may be opened to anonymous readers.", "Anonymous access is switched off.")


@posture_check(
    "azure_storage_https_only",
    "Storage account answers without encryption",
    Severity.HIGH,
    "storage",
    _ACCOUNT,
    why="Over plain HTTP, everybody on the way reads the data and the access signature that opens it.",
    console="Open the storage account, Configuration, set Secure transfer required to Enabled.",
    command=f"{_UPDATE} --https-only true",
    references=cite("storage/common/storage-require-secure-transfer"),
)
def https_only(asset: Asset) -> Evaluation:
    return expect(flag(asset, "https_only"), "Plain HTTP is accepted.", "HTTPS is required.")


@posture_check(
    "azure_storage_minimum_tls",
    "Storage account accepts old TLS",
    Severity.MEDIUM,
    "storage",
    _ACCOUNT,
    why="TLS 1.0 and 1.1 have known weaknesses; clients that still use them can be listened to.",
    console="Open the storage account, Configuration, set Minimum TLS version to Version 1.2.",
    command=f"{_UPDATE} --min-tls-version TLS1_2",
    references=cite("storage/common/transport-layer-security-configure-minimum-version"),
)
def minimum_tls(asset: Asset) -> Evaluation:
    version = text(asset, "minimum_tls")
    shown = version.replace("TLS", "TLS ").replace("_", ".") or "TLS 1.0, since none is set"
    return expect(version.upper() not in _WEAK, f"The minimum is {shown}.", f"The minimum is {shown}.")


@posture_check(
    "azure_storage_shared_keys",
    "Storage account opens with its shared keys",
    Severity.MEDIUM,
    "storage",
    _ACCOUNT,
    why="An account key gives everything, to whoever holds it, without a trace of who that was. With Microsoft Entra "
    "ID each access has a name and a role.",
    console="Open the storage account, Configuration, set Allow storage account key access to Disabled, once its "
    "metrics show no request with a key.",
    command=f"{_UPDATE} --allow-shared-key-access false",
    references=cite("storage/common/shared-key-authorization-prevent"),
)
def shared_keys(asset: Asset) -> Evaluation:
    # Where nobody ever set it, Azure allows it.
    allowed = flag(asset, "allow_shared_key_access", default=True)
    return expect(not allowed, "Access by account key is allowed.", "Access by account key is switched off.")


@posture_check(
    "azure_storage_network_open",
    "Storage account is reachable from every network",
    Severity.MEDIUM,
    "storage",
    _ACCOUNT,
    why="With the network closed by default, a leaked key or signature is of no use from outside.",
    console="Open the storage account, Networking, choose Enabled from selected networks (or Disabled) and add your "
    "networks.",
    command=f"{_UPDATE} --default-action Deny",
    references=cite("storage/common/storage-network-security"),
)
def network_open(asset: Asset) -> Evaluation:
    return firewalls.of_networks(asset)


@posture_check(
    "azure_storage_soft_delete",
    "Deleted blobs cannot be had back",
    Severity.LOW,
    "storage",
    _ACCOUNT,
    why="A mistake or an extortionist deletes in seconds. Soft delete keeps what was deleted for some days.",
    console="Open the storage account, Data protection, enable soft delete for blobs and for containers.",
    command="az storage account blob-service-properties update --resource-group <group> --account-name <account> "
    "--enable-delete-retention true --delete-retention-days 7 --enable-container-delete-retention true "
    "--container-delete-retention-days 7",
    references=cite("storage/blobs/soft-delete-blob-overview"),
)
def soft_delete(asset: Asset) -> Evaluation:
    # Premium file shares: such an account has no blob service.
    if value(asset, "kind") == "FileStorage":
        return not_applicable("This account holds file shares only.")
    missing = [
        what
        for name, what in (("delete_days", "blobs"), ("container_delete_days", "containers"))
        if not number(asset, f"blob_service.{name}")
    ]
    return expect(
        not missing, f"Soft delete is off for {' and '.join(missing)}.", "Blobs and containers can be had back."
    )


CHECKS = (public_access, https_only, minimum_tls, shared_keys, network_open, soft_delete)
