"""Blobs and files of storage accounts: what brings deleted ones back, and how shares are reached."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    expect,
    flag,
    known,
    not_applicable,
    number,
    posture_check,
    text,
    texts,
    unknown,
)
from cloudaccounts.providers.azure.checks.references import cite

_ACCOUNT = "azure.storage.storage_account"
_BLOBS = "az storage account blob-service-properties update --resource-group <group> --account-name <account>"
_FILES = "az storage account file-service-properties update --resource-group <group> --account-name <account>"
_WITHOUT_BLOBS = frozenset({"FileStorage"})
_WITHOUT_FILES = frozenset({"BlobStorage", "BlockBlobStorage"})


@posture_check(
    "azure_storage_soft_delete",
    "Deleted blobs cannot be had back",
    Severity.LOW,
    "storage",
    _ACCOUNT,
    why="A mistake or an extortionist deletes in seconds. Soft delete keeps what was deleted for some days.",
    console="Open the storage account, Data protection, enable soft delete for blobs.",
    command=f"{_BLOBS} --enable-delete-retention true --delete-retention-days 7",
    references=cite("storage/blobs/soft-delete-blob-overview"),
    expected={"blob_service.delete_days": "at least 1"},
)
def soft_delete(asset: Asset) -> Evaluation:
    return _kept(asset, "blob_service.delete_days", "blobs", _WITHOUT_BLOBS)


@posture_check(
    "azure_storage_container_soft_delete",
    "Deleted containers cannot be had back",
    Severity.LOW,
    "storage",
    _ACCOUNT,
    why="Whoever deletes a container deletes all blobs in it, and soft delete of blobs does not bring them back.",
    console="Open the storage account, Data protection, enable soft delete for containers.",
    command=f"{_BLOBS} --enable-container-delete-retention true --container-delete-retention-days 7",
    references=cite("storage/blobs/soft-delete-container-overview"),
    expected={"blob_service.container_delete_days": "at least 1"},
)
def container_soft_delete(asset: Asset) -> Evaluation:
    return _kept(asset, "blob_service.container_delete_days", "containers", _WITHOUT_BLOBS)


@posture_check(
    "azure_storage_share_soft_delete",
    "Deleted file shares cannot be had back",
    Severity.LOW,
    "storage",
    _ACCOUNT,
    why="A share that is deleted by mistake or by an extortionist is gone with all files and snapshots.",
    console="Open the storage account, File shares, enable soft delete.",
    command=f"{_FILES} --enable-delete-retention true --delete-retention-days 7",
    references=cite("storage/files/storage-files-prevent-file-share-deletion"),
    expected={"file_service.delete_days": "at least 1"},
)
def share_soft_delete(asset: Asset) -> Evaluation:
    return _kept(asset, "file_service.delete_days", "file shares", _WITHOUT_FILES)


def _kept(asset: Asset, path: str, what: str, without: frozenset[str]) -> Evaluation:
    if text(asset, "kind") in without:
        return not_applicable(f"This kind of account has no {what}.")
    known(asset, path)
    days = number(asset, path)
    return expect(
        days > 0,
        f"Soft delete is off for {what}.",
        f"Deleted {what} are kept for {days} day{'' if days == 1 else 's'}.",
    )


@posture_check(
    "azure_storage_versioning",
    "Overwritten blobs cannot be had back",
    Severity.LOW,
    "storage",
    _ACCOUNT,
    why="Soft delete does not help where a blob is overwritten with rubbish. Versioning keeps what was there before.",
    console="Open the storage account, Data protection, enable versioning for blobs, with a rule that deletes old "
    "versions.",
    command=f"{_BLOBS} --enable-versioning true",
    references=cite("storage/blobs/versioning-overview"),
    expected={"blob_service.versioning": True},
)
def versioning(asset: Asset) -> Evaluation:
    if text(asset, "kind") in _WITHOUT_BLOBS:
        return not_applicable("This account holds file shares only.")
    if flag(asset, "hierarchical"):
        return not_applicable("Accounts with a hierarchy of directories have no versions.")
    known(asset, "blob_service")
    return expect(flag(asset, "blob_service.versioning"), "What is overwritten is gone.", "Versions of blobs are kept.")


@posture_check(
    "azure_storage_smb_version",
    "File shares accept old versions of SMB",
    Severity.MEDIUM,
    "storage",
    _ACCOUNT,
    why="SMB 2.1 does not encrypt, and before 3.1.1 somebody on the way can talk both sides into less.",
    console="Open the storage account, File shares, Security, choose maximum security: SMB 3.1.1 alone.",
    command=f"{_FILES} --versions SMB3.1.1",
    references=cite("storage/files/files-smb-protocol#smb-security-settings"),
    expected={"file_service.smb_versions": ["SMB3.1.1"]},
)
def smb_version(asset: Asset) -> Evaluation:
    return _smb(asset, "smb_versions", good=("SMB3.1.1",), bad=("SMB2.1", "SMB3.0"))


@posture_check(
    "azure_storage_smb_encryption",
    "File shares accept weaker encryption of SMB",
    Severity.LOW,
    "storage",
    _ACCOUNT,
    why="AES-256-GCM is the strongest that SMB has, and each client of today knows it.",
    console="Open the storage account, File shares, Security, choose AES-256-GCM alone as SMB channel encryption.",
    command=f"{_FILES} --channel-encryption AES-256-GCM",
    references=cite("storage/files/files-smb-protocol#smb-security-settings"),
    expected={"file_service.smb_encryption": ["AES-256-GCM"]},
)
def smb_encryption(asset: Asset) -> Evaluation:
    return _smb(asset, "smb_encryption", good=("AES-256-GCM",), bad=("AES-128-CCM", "AES-128-GCM"))


def _smb(asset: Asset, name: str, *, good: tuple[str, ...], bad: tuple[str, ...]) -> Evaluation:
    if text(asset, "kind") in _WITHOUT_FILES:
        return not_applicable("This kind of account has no file shares.")
    known(asset, "file_service")
    # Where nobody restricted it, all are accepted: "maximum compatibility" is Azure's default.
    accepted = texts(asset, f"file_service.{name}") or [*good, *bad]
    # One weak one is enough; what is not known matters only where none is.
    weak = [version for version in accepted if version in bad]
    if not weak and (new := [version for version in accepted if version not in good]):
        return unknown(f"What {new[0][:40]} is worth is not known here.")
    return expect(not weak, f"Accepted as well: {', '.join(weak)}.", f"Only {good[0]} is accepted.")


CHECKS = (
    soft_delete,
    container_soft_delete,
    share_soft_delete,
    versioning,
    smb_version,
    smb_encryption,
)
