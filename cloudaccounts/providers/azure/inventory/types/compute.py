"""Virtual machines, disks and Kubernetes clusters."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from cloudaccounts.providers.azure.inventory import extract
from cloudaccounts.providers.azure.inventory.common import at
from cloudaccounts.providers.azure.inventory.detail import Detail

_PROFILE = "properties.virtualMachineProfile"


def assessment_mode(answer: Mapping[str, Any]) -> Any:
    """Of missing updates; the setting stands where the operating system's settings are."""
    systems = ("linuxConfiguration", "windowsConfiguration")
    modes = [at(answer, f"properties.osProfile.{system}.patchSettings.assessmentMode") for system in systems]
    return next((mode for mode in modes if mode), None)


def uses_managed_disks(answer: Mapping[str, Any]) -> bool | None:
    """False where a disk is a file (``vhd``) in a storage account; None where neither is told of one of them."""
    storage = at(answer, "properties.storageProfile") or {}
    disks = [storage.get("osDisk") or {}, *(storage.get("dataDisks") or ())]
    if any(disk.get("vhd") for disk in disks):
        return False
    return True if all(disk.get("managedDisk") for disk in disks) else None


DETAILS: Mapping[str, Detail] = MappingProxyType(
    {
        "microsoft.compute/virtualmachines": Detail(
            "azure.compute.virtual_machine",
            {
                "size": "properties.hardwareProfile.vmSize",
                "os_type": "properties.storageProfile.osDisk.osType",
                "image": "properties.storageProfile.imageReference",
                "os_disk": extract.arm_id("properties.storageProfile.osDisk.managedDisk.id"),
                "uses_managed_disks": uses_managed_disks,
                "data_disks": lambda answer: sorted(
                    str(at(disk, "managedDisk.id") or disk.get("name")).lower()
                    for disk in at(answer, "properties.storageProfile.dataDisks") or ()
                ),
                # A machine made of a disk that was set up elsewhere has no osProfile: how it lets people in is not
                # known to Azure then, and must not read as "accepts passwords".
                "has_os_settings": lambda answer: at(answer, "properties.osProfile") is not None,
                "password_login_disabled": "properties.osProfile.linuxConfiguration.disablePasswordAuthentication",
                "update_assessment": assessment_mode,
                "encryption_at_host": "properties.securityProfile.encryptionAtHost",
                "security_type": "properties.securityProfile.securityType",
                "secure_boot": "properties.securityProfile.uefiSettings.secureBootEnabled",
                "vtpm": "properties.securityProfile.uefiSettings.vTpmEnabled",
                "network_interfaces": extract.arm_ids("properties.networkProfile.networkInterfaces"),
            },
        ),
        # Of a scale set what its machines are made of; those of a flexible one are machines of their own beside it.
        "microsoft.compute/virtualmachinescalesets": Detail(
            "azure.compute.scale_set",
            {
                "orchestration": "properties.orchestrationMode",
                "size": "sku.name",
                "os_type": f"{_PROFILE}.storageProfile.osDisk.osType",
                "has_os_settings": lambda answer: at(answer, f"{_PROFILE}.osProfile") is not None,
                "password_login_disabled": f"{_PROFILE}.osProfile.linuxConfiguration.disablePasswordAuthentication",
                "encryption_at_host": f"{_PROFILE}.securityProfile.encryptionAtHost",
                "security_type": f"{_PROFILE}.securityProfile.securityType",
                "secure_boot": f"{_PROFILE}.securityProfile.uefiSettings.secureBootEnabled",
                "vtpm": f"{_PROFILE}.securityProfile.uefiSettings.vTpmEnabled",
            },
        ),
        "microsoft.compute/disks": Detail(
            "azure.compute.disk",
            {
                "size_gib": "properties.diskSizeGB",
                "encryption": "properties.encryption.type",
                "disk_encryption_set": extract.arm_id("properties.encryption.diskEncryptionSetId"),
                "network_access": "properties.networkAccessPolicy",
                "public_network_access": "properties.publicNetworkAccess",
                "os_type": "properties.osType",
                "attached": lambda answer: bool(answer.get("managedBy")),
            },
        ),
        "microsoft.containerservice/managedclusters": Detail(
            "azure.containers.kubernetes_cluster",
            {
                "kubernetes_version": "properties.kubernetesVersion",
                "current_version": "properties.currentKubernetesVersion",
                "support_plan": "properties.supportPlan",
                "rbac": "properties.enableRBAC",
                "local_accounts_disabled": "properties.disableLocalAccounts",
                "private_cluster": "properties.apiServerAccessProfile.enablePrivateCluster",
                "public_network_access": "properties.publicNetworkAccess",
                "authorized_ip_ranges": extract.sorted_list("properties.apiServerAccessProfile.authorizedIPRanges"),
                "network_policy": "properties.networkProfile.networkPolicy",
                "entra_managed": "properties.aadProfile.managed",
            },
        ),
    }
)
