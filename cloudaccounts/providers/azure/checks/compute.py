"""Virtual machines, disks and Kubernetes clusters."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    expect,
    failed,
    flag,
    known,
    not_applicable,
    passed,
    posture_check,
    text,
    texts,
    unknown,
    value,
)
from cloudaccounts.provider_kit.reach.addresses import Reach, networks
from cloudaccounts.provider_kit.reach.verdicts import evaluation
from cloudaccounts.providers.azure.checks.firewalls import public_network
from cloudaccounts.providers.azure.checks.references import cite
from cloudaccounts.providers.azure.checks.values import also_for, facts, is_one_of, supported

_MACHINE = "azure.compute.virtual_machine"
_DISK = "azure.compute.disk"
_CLUSTER = "azure.containers.kubernetes_cluster"
_VERSIONS = facts("kubernetes")


@posture_check(
    "azure_vm_managed_disks",
    "Virtual machine without managed disks",
    Severity.MEDIUM,
    "compute",
    _MACHINE,
    why="Disks in a storage account are files that the account's keys open, and are not encrypted automatically.",
    console="Open the virtual machine, Disks, choose Migrate to managed disks.",
    command="az vm convert --resource-group <group> --name <vm>",
    references=cite("virtual-machines/managed-disks-overview"),
)
def managed_disks(asset: Asset) -> Evaluation:
    managed = flag(asset, "uses_managed_disks", default=None)
    return expect(managed, "Its disk is a file in a storage account.", "Its disks are managed.")


@posture_check(
    "azure_vm_encryption_at_host",
    "Virtual machine without encryption at host",
    Severity.LOW,
    "compute",
    _MACHINE,
    why="Managed disks are encrypted where they are stored; the temporary disk and the caches on the host are so only "
    "with encryption at host.",
    console="Stop the virtual machine, open Disks, Additional settings, choose Encryption at host.",
    command="az vm update --resource-group <group> --name <vm> --set securityProfile.encryptionAtHost=true",
    references=cite("virtual-machines/disk-encryption-overview"),
)
def encryption_at_host(asset: Asset) -> Evaluation:
    return expect(flag(asset, "encryption_at_host"), "Encryption at host is off.", "Encryption at host is on.")


@posture_check(
    "azure_vm_password_login",
    "Linux machine takes passwords over SSH",
    Severity.MEDIUM,
    "compute",
    _MACHINE,
    why="Passwords are guessed by machines all day long; keys cannot be.",
    console="Set up a key with Reset password, SSH public key; then switch PasswordAuthentication off in sshd_config.",
    command="az vm user update --resource-group <group> --name <vm> --username <user> --ssh-key-value <public-key>",
    references=cite("virtual-machines/linux/ssh-from-windows"),
)
def password_login(asset: Asset) -> Evaluation:
    # The setting exists for Linux only.
    if is_one_of(asset, "os_type", good=("Windows",), bad=("Linux",)):
        return not_applicable("This machine runs Windows.")
    if not flag(asset, "has_os_settings", default=None):
        return unknown("It was made of a disk that was set up elsewhere: Azure does not know how people sign in.")
    return expect(
        flag(asset, "password_login_disabled", default=None),
        "Passwords are accepted at sign-in.",
        "Only keys are accepted at sign-in.",
    )


@posture_check(
    "azure_vm_trusted_launch",
    "Virtual machine without trusted launch",
    Severity.LOW,
    "compute",
    _MACHINE,
    why="Secure boot and a virtual TPM keep rootkits out of what runs before the operating system.",
    console="Stop the virtual machine, open Configuration, set Security type to Trusted launch (generation 2 only).",
    command="az vm update --resource-group <group> --name <vm> --security-type TrustedLaunch --enable-secure-boot true "
    "--enable-vtpm true",
    references=cite("virtual-machines/trusted-launch"),
)
def trusted_launch(asset: Asset) -> Evaluation:
    # Where none is set, it is Standard, as the type's specification says.
    good = is_one_of(asset, "security_type", good=("TrustedLaunch", "ConfidentialVM"), bad=("Standard",), absent=False)
    if not good:
        return failed("Its security type is standard.")
    # The type only allows both, and each can be switched off. One that surely is goes before one that was not told.
    kind = text(asset, "security_type")
    if off := [label for label, name in _LAUNCH.items() if value(asset, name) is False]:
        return failed(f"Its security type is {kind}, with {' and '.join(off)} switched off.")
    on = all(flag(asset, name, default=None) for name in _LAUNCH.values())
    return expect(on, f"Its security type is {kind}.", f"Its security type is {kind}, with Secure Boot and vTPM.")


# https://learn.microsoft.com/azure/virtual-machines/trusted-launch#secure-boot and #vtpm
_LAUNCH = {"Secure Boot": "secure_boot", "vTPM": "vtpm"}


@posture_check(
    "azure_vm_update_assessment",
    "Nobody looks for missing updates of the virtual machine",
    Severity.LOW,
    "compute",
    _MACHINE,
    why="Most machines are broken into by flaws for which an update had been there for months. The platform looks for "
    "missing ones each day, and tells.",
    console="Open the virtual machine, Updates, Update settings, set Periodic assessment to Enable.",
    command="az vm update --resource-group <group> --name <vm> --set "
    "osProfile.linuxConfiguration.patchSettings.assessmentMode=AutomaticByPlatform",
    references=cite("update-manager/assessment-options"),
    expected={"update_assessment": "AutomaticByPlatform"},
)
def update_assessment(asset: Asset) -> Evaluation:
    if not flag(asset, "has_os_settings", default=None):
        return unknown("It was made of a disk that was set up elsewhere: Azure does not know its settings.")
    looked_for = is_one_of(asset, "update_assessment", good=("AutomaticByPlatform",), bad=("ImageDefault",))
    return expect(
        looked_for, "Updates are looked for by the image's own settings, or not at all.", "Azure looks daily."
    )


@posture_check(
    "azure_disk_public_network",
    "Disk can be exported over the internet",
    Severity.MEDIUM,
    "compute",
    _DISK,
    why="Whoever may act on the disk can make a link that downloads all of it from anywhere: a quiet way out for data. "
    "Disks that hang on no machine are the ones that nobody looks after.",
    console="Open the disk, Networking, choose Disable public access and enable private access, or Disable both.",
    command="az disk update --resource-group <group> --name <disk> --public-network-access Disabled "
    "--network-access-policy DenyAll",
    references=cite("virtual-machines/disks-restrict-import-export-overview"),
)
def disk_public(asset: Asset) -> Evaluation:
    # Both default to open: https://learn.microsoft.com/azure/virtual-machines/disks-restrict-import-export-overview
    if is_one_of(asset, "network_access", good=("DenyAll", "AllowPrivate"), bad=("AllowAll",), absent=False):
        return passed("Export is closed, or goes over private links only.")
    closed = is_one_of(asset, "public_network_access", good=("Disabled",), bad=("Enabled",), absent=False)
    return expect(closed, "Export over the internet is allowed.", "The public network is switched off.")


@posture_check(
    "azure_aks_api_open",
    "Kubernetes API is reachable from every network",
    Severity.MEDIUM,
    "containers",
    _CLUSTER,
    why="The API commands all that runs in the cluster: a leaked token or a new flaw in it is tried from everywhere.",
    console="Open the cluster, Networking, set authorized IP ranges; new clusters can be private.",
    command="az aks update --resource-group <group> --name <cluster> --api-server-authorized-ip-ranges <your-network>",
    references=cite("aks/api-server-authorized-ip-ranges"),
)
def api_open(asset: Asset) -> Evaluation:
    if flag(asset, "private_cluster"):
        return passed("The cluster is private.")
    by_switch = public_network(asset)
    if by_switch is not None:
        return by_switch
    ranges = texts(asset, "authorized_ip_ranges")
    # 0.0.0.0/32 is no address: it leaves the API open to the cluster's own way out alone.
    # https://learn.microsoft.com/azure/aks/api-server-authorized-ip-ranges
    return evaluation(
        networks(ranges).reach if ranges else Reach.OPEN,
        "Every address may reach its API.",
        "Only named addresses reach its API.",
        "An authorized range is no list of addresses: from where its API is reachable cannot be told.",
    )


@posture_check(
    "azure_aks_local_accounts",
    "Kubernetes cluster keeps local accounts",
    Severity.LOW,
    "containers",
    _CLUSTER,
    why="A local account is a certificate with all rights that knows no person, no second factor and no end.",
    console="Open the cluster, Security configuration, choose Microsoft Entra ID and clear Kubernetes local accounts.",
    command="az aks update --resource-group <group> --name <cluster> --disable-local-accounts",
    references=cite("aks/manage-local-accounts-managed-azure-ad"),
)
def local_accounts(asset: Asset) -> Evaluation:
    # Every cluster has one, so without it nothing was read. The next property may be missing for either reason.
    known(asset, "kubernetes_version")
    return expect(flag(asset, "local_accounts_disabled"), "Local accounts are on.", "Local accounts are off.")


@posture_check(
    "azure_aks_version",
    "Kubernetes version is no longer supported",
    Severity.MEDIUM,
    "containers",
    _CLUSTER,
    why="Flaws that are found in an old version stay open: nobody makes updates for it any more.",
    console="Open the cluster, Cluster configuration, Upgrade version, one minor version after the other.",
    command="az aks upgrade --resource-group <group> --name <cluster> --kubernetes-version <version>",
    references=cite("aks/supported-kubernetes-versions"),
    time_dependent=True,
)
def kubernetes_version(asset: Asset) -> Evaluation:
    version = text(asset, "current_version") or str(known(asset, "kubernetes_version"))
    minor = ".".join(version.split(".")[:2])
    long_term = is_one_of(
        asset, "support_plan", good=("AKSLongTermSupport",), bad=("KubernetesOfficial",), absent=False
    )
    return supported(asset, _VERSIONS, f"{minor}/lts" if long_term else minor, f"Kubernetes {minor}")


_SCALE_SETS = tuple(
    also_for(
        check,
        "azure.compute.scale_set",
        identifier=("azure_vm_", "azure_scale_set_"),
        title=title,
        command=f"az vmss update --resource-group <group> --name <scale-set> "  # nosec B608 # no SQL: Azure's command
        f"--set virtualMachineProfile.{setting}",
    )
    for check, title, setting in (
        (
            encryption_at_host,
            "Scale set without encryption at host",
            "securityProfile.encryptionAtHost=true",
        ),
        (
            password_login,
            "Linux machines of a scale set take passwords over SSH",
            "osProfile.linuxConfiguration.disablePasswordAuthentication=true",
        ),
        (
            trusted_launch,
            "Scale set without trusted launch",
            "securityProfile.securityType=TrustedLaunch",
        ),
    )
)
CHECKS = (
    *_SCALE_SETS,
    managed_disks,
    encryption_at_host,
    password_login,
    update_assessment,
    kubernetes_version,
    trusted_launch,
    disk_public,
    api_open,
    local_accounts,
)
