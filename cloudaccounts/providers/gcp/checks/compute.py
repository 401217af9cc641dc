"""Virtual machines, and what holds for all of a project."""

from __future__ import annotations

from collections.abc import Mapping

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    abridge,
    expect,
    flag,
    known,
    list_of_texts,
    mapping,
    mappings,
    not_applicable,
    passed,
    posture_check,
    text,
)
from cloudaccounts.providers.gcp.checks.above import TO_READ, enforced_above, unless_above
from cloudaccounts.providers.gcp.checks.references import cite
from cloudaccounts.providers.gcp.permissions import SERIAL_PORT

_MACHINE = "gcp.compute.instance"
_PROJECT = "gcp.compute.project"
# https://cloud.google.com/compute/docs/metadata/setting-custom-metadata
_ON = ("true", "y", "yes", "1")
_OFF = ("false", "n", "no", "0")
_DEFAULT_ACCOUNT = "-compute@developer.gserviceaccount.com"
_ALL_SCOPES = "https://www.googleapis.com/auth/cloud-platform"


def _switch(asset: Asset, holder: str, key: str) -> bool | None:
    """A metadata key's value; None where it is not set. Raises `UnknownFactError` where it is neither on nor off."""
    for item in mappings(asset, f"{holder}.items"):
        if item.get("key") == key:
            return _as_switch(key, item.get("value"))
    return None


def _effective(asset: Asset, key: str) -> bool:
    """On a machine: its own value goes before the project's; off where neither has one.

    https://cloud.google.com/compute/docs/metadata/overview
    """
    own = _switch(asset, "metadata", key)
    if own is not None:
        return own
    if "project_metadata" in asset.properties:
        known(asset, "project_metadata")  # None where the project's settings were not to be found
    inherited = mapping(asset, "project_metadata")
    return bool(_as_switch(key, inherited[key])) if key in inherited else False


def _as_switch(key: str, value: object) -> bool:
    text = str(value).strip().lower()
    if text not in (*_ON, *_OFF):
        raise UnknownFactError(f"The value of {key} is neither on nor off.")
    return text in _ON


def _is_of_kubernetes(asset: Asset) -> bool:
    """Nodes of GKE are configured by their cluster."""
    return asset.name.startswith("gke-") and "goog-gke-node" in asset.tags


@posture_check(
    "gcp_project_oslogin",
    "SSH keys lie in metadata",
    Severity.MEDIUM,
    "compute",
    _PROJECT,
    why="Without OS Login, SSH keys in metadata open machines to whoever holds them, long after they left. With it, "
    "the sign-in is by Google account and role, and ends with it.",
    console="Compute Engine, Metadata: add enable-oslogin with the value TRUE.",
    command="gcloud compute project-info add-metadata --metadata=enable-oslogin=TRUE",
    references=cite("compute/docs/oslogin"),
)
def oslogin(asset: Asset) -> Evaluation:
    on = _switch(asset, "commonInstanceMetadata", "enable-oslogin")
    return expect(on is True, "OS Login is not switched on for the project.", "OS Login is on for the project.")


@posture_check(
    "gcp_vm_oslogin_overridden",
    "Machine switches OS Login off",
    Severity.LOW,
    "compute",
    _MACHINE,
    why="A machine's own metadata goes before the project's: this one falls back to SSH keys in metadata.",
    console="Compute Engine, VM instances, choose the machine, Edit: remove enable-oslogin from its metadata.",
    command="gcloud compute instances remove-metadata <vm> --zone=<zone> --keys=enable-oslogin",
    references=cite("compute/docs/oslogin"),
)
def oslogin_overridden(asset: Asset) -> Evaluation:
    off = _switch(asset, "metadata", "enable-oslogin") is False
    return expect(not off, "Its metadata switches OS Login off.", "It does as the project says.")


@posture_check(
    "gcp_vm_serial_port",
    "Serial console is open",
    Severity.MEDIUM,
    "compute",
    _MACHINE,
    why="The interactive serial console cannot be limited to addresses: whoever has the SSH key gets in from anywhere.",
    console="Compute Engine, VM instances, choose the machine, Edit: clear Enable connecting to serial ports."
    + TO_READ,
    command="gcloud compute instances add-metadata <vm> --zone=<zone> --metadata=serial-port-enable=FALSE",
    references=cite("compute/docs/troubleshooting/troubleshooting-using-serial-console"),
)
def serial_port(asset: Asset) -> Evaluation:
    own = _switch(asset, "metadata", "serial-port-enable")
    where = "Its metadata opens" if own else "The project's metadata opens"
    return _serial_ports(asset, _effective(asset, "serial-port-enable"), where, "Its serial ports are closed.")


def _serial_ports(asset: Asset, is_on: bool, where: str, closed: str) -> Evaluation:
    above = enforced_above(asset, SERIAL_PORT) if is_on else None
    if above:
        return passed("An organization policy keeps serial ports closed, whatever metadata says.")
    return expect(not is_on, unless_above(f"{where} the serial ports.", above), closed)


@posture_check(
    "gcp_project_serial_port",
    "Serial consoles are open in the whole project",
    Severity.MEDIUM,
    "compute",
    _PROJECT,
    why="The interactive serial console cannot be limited to addresses, and here every machine has it.",
    console="Compute Engine, Metadata: remove serial-port-enable." + TO_READ,
    command="gcloud compute project-info remove-metadata --keys=serial-port-enable",
    references=cite("compute/docs/troubleshooting/troubleshooting-using-serial-console"),
)
def project_serial_port(asset: Asset) -> Evaluation:
    on = bool(_switch(asset, "commonInstanceMetadata", "serial-port-enable"))
    return _serial_ports(asset, on, "The project's metadata opens", "The project does not open serial ports.")


@posture_check(
    "gcp_vm_ip_forwarding",
    "Machine forwards packets",
    Severity.MEDIUM,
    "compute",
    _MACHINE,
    why="A machine that may send packets with others' addresses can pass traffic around the firewall. Routers of your "
    "own need it, nothing else does.",
    console="It is chosen when the machine is made: make it anew without IP forwarding.",
    command="gcloud compute instances create <vm> --zone=<zone>  # without --can-ip-forward",
    references=cite("vpc/docs/using-routes#canipforward"),
)
def ip_forwarding(asset: Asset) -> Evaluation:
    if _is_of_kubernetes(asset):
        return not_applicable("Nodes of a Kubernetes cluster forward packets by design.")
    return expect(not flag(asset, "canIpForward"), "It may forward packets.", "It may not forward packets.")


def _default_accounts(asset: Asset) -> list[Mapping[str, object]]:
    accounts = mappings(asset, "serviceAccounts")
    return [account for account in accounts if str(account.get("email")).endswith(_DEFAULT_ACCOUNT)]


@posture_check(
    "gcp_vm_default_account",
    "Machine acts as the default account",
    Severity.MEDIUM,
    "compute",
    _MACHINE,
    why="All machines that nobody gave an account share this one, which is an Editor of the project in most places: "
    "what one of them needs, all may do.",
    console="Stop the machine, Edit, choose a service account of its own with the roles that it needs.",
    command="gcloud compute instances set-service-account <vm> --zone=<zone> --service-account=<account>",
    references=cite("compute/docs/access/service-accounts#default_service_account"),
    expected={"serviceAccounts": "an account that was made for this machine"},
)
def default_account_used(asset: Asset) -> Evaluation:
    if _is_of_kubernetes(asset):
        return not_applicable("Nodes of a Kubernetes cluster are configured by the cluster.")
    return expect(not _default_accounts(asset), "It acts as the default account.", "It acts as no default account.")


@posture_check(
    "gcp_vm_default_account_full_scope",
    "Machine acts as the default account with all scopes",
    Severity.HIGH,
    "compute",
    _MACHINE,
    why="The default account is an Editor of the project in most places: any program on the machine may then change "
    "everything in it.",
    console="Stop the machine, Edit, choose a service account of its own with the roles that it needs.",
    command="gcloud compute instances set-service-account <vm> --zone=<zone> --service-account=<account>",
    references=cite("compute/docs/access/service-accounts#default_service_account"),
)
def default_account(asset: Asset) -> Evaluation:
    if _is_of_kubernetes(asset):
        return not_applicable("Nodes of a Kubernetes cluster are configured by the cluster.")
    if not mappings(asset, "serviceAccounts"):
        return passed("It acts as no service account.")
    default = _default_accounts(asset)
    if not default:
        return passed("It acts as an account of its own.")
    wide = any(_ALL_SCOPES in list_of_texts(account.get("scopes"), "serviceAccounts.scopes") for account in default)
    return expect(not wide, "It acts as the default account, with all scopes.", "Its scopes are narrower.")


@posture_check(
    "gcp_vm_public_address",
    "Machine has a public address",
    Severity.MEDIUM,
    "compute",
    _MACHINE,
    why="What has no address cannot be reached: load balancers, NAT and Identity-Aware Proxy serve machines without.",
    console="Compute Engine, VM instances, choose the machine, Edit, Network interfaces: External IPv4 address None.",
    command="gcloud compute instances delete-access-config <vm> --zone=<zone> --access-config-name=<access-config>",
    references=cite("compute/docs/ip-addresses"),
)
def public_address(asset: Asset) -> Evaluation:
    if _is_of_kubernetes(asset):
        return not_applicable("Nodes of a Kubernetes cluster are configured by the cluster.")
    known(asset, "networkInterfaces")
    interfaces = [
        str(interface.get("name"))
        for interface in mappings(asset, "networkInterfaces")
        if interface.get("accessConfigs") or interface.get("ipv6AccessConfigs")
    ]
    return expect(not interfaces, f"Public on {abridge(interfaces)}.", "It has no public address.")


@posture_check(
    "gcp_vm_shielded",
    "Machine is not shielded",
    Severity.LOW,
    "compute",
    _MACHINE,
    why="A virtual TPM and integrity monitoring tell when somebody changed what runs before the operating system.",
    console="Stop the machine, Edit, Security: turn on vTPM and Integrity Monitoring.",
    command="gcloud compute instances update <vm> --zone=<zone> --shielded-vtpm --shielded-integrity-monitoring",
    references=cite("compute/shielded-vm/docs/shielded-vm"),
)
def shielded(asset: Asset) -> Evaluation:
    config = "shieldedInstanceConfig"
    # Both are on by default, and off on images that cannot have them: what is left out says neither.
    # https://cloud.google.com/compute/docs/reference/rest/v1/instances
    flags = [flag(asset, f"{config}.{name}", default=None) for name in ("enableVtpm", "enableIntegrityMonitoring")]
    # Secure Boot is left out: it keeps unsigned drivers from loading.
    good = all(flags)
    return expect(good, "vTPM or integrity monitoring is off.", "vTPM and integrity monitoring are on.")


@posture_check(
    "gcp_vm_project_ssh_keys",
    "Keys of the whole project open the machine",
    Severity.LOW,
    "compute",
    _MACHINE,
    why="A key in the project's metadata opens every machine: one lost laptop, all of them.",
    console="Compute Engine, VM instances, choose the machine, Edit, Security: Block project-wide SSH keys.",
    command="gcloud compute instances add-metadata <vm> --zone=<zone> --metadata=block-project-ssh-keys=TRUE",
    references=cite("compute/docs/connect/restrict-ssh-keys"),
)
def project_ssh_keys(asset: Asset) -> Evaluation:
    # The project's value of this key has no effect: https://cloud.google.com/compute/docs/connect/restrict-ssh-keys
    blocked = _switch(asset, "metadata", "block-project-ssh-keys")
    # With OS Login, keys in metadata have no effect.
    if not blocked and _effective(asset, "enable-oslogin"):
        return passed("OS Login is on: keys in metadata are not looked at.")
    return expect(
        blocked is True, "Keys in the project's metadata are accepted.", "Keys of the project are not accepted."
    )


@posture_check(
    "gcp_vm_confidential",
    "Machine's memory is not encrypted",
    Severity.LOW,
    "compute",
    _MACHINE,
    why="On a Confidential VM the processor encrypts memory with a key that nobody has: neither another customer nor "
    "somebody with the hardware in hand reads what is being worked on.",
    console="It is chosen when the machine is made, of a type that can do it: make it anew as a Confidential VM.",
    command="gcloud compute instances create <vm> --zone=<zone> --machine-type=n2d-standard-2 "
    "--confidential-compute-type=SEV --maintenance-policy=TERMINATE",
    references=cite("confidential-computing/confidential-vm/docs/confidential-vm-overview"),
    expected={"confidentialInstanceConfig": {"enableConfidentialCompute": True}},
)
def confidential(asset: Asset) -> Evaluation:
    if _is_of_kubernetes(asset):
        return not_applicable("Nodes of a Kubernetes cluster are configured by the cluster.")
    config = "confidentialInstanceConfig"
    kind = text(asset, f"{config}.confidentialInstanceType")
    on = kind in _CONFIDENTIAL or flag(asset, f"{config}.enableConfidentialCompute")
    if not on and kind not in ("", "CONFIDENTIAL_INSTANCE_TYPE_UNSPECIFIED"):
        raise UnknownFactError(f"Whether memory is encrypted by {kind} is not known here.")
    return expect(on, "It is no Confidential VM.", "It is a Confidential VM.")


# https://cloud.google.com/compute/docs/reference/rest/v1/instances#ConfidentialInstanceConfig
_CONFIDENTIAL = ("SEV", "SEV_SNP", "TDX")


@posture_check(
    "gcp_disk_customer_key",
    "Disk is not encrypted with a key of your own",
    Severity.LOW,
    "compute",
    "gcp.compute.disk",
    why="Google encrypts every disk. With a key in Cloud KMS you decide who may read it, see each use, and can end it.",
    console="It is chosen when the disk is made: take a snapshot and make the disk anew with a Cloud KMS key.",
    command="gcloud compute disks create <disk> --zone=<zone> --source-snapshot=<snapshot> --kms-key=<key>",
    references=cite("compute/docs/disks/customer-managed-encryption"),
)
def disk_key(asset: Asset) -> Evaluation:
    own = bool(text(asset, "diskEncryptionKey.kmsKeyName") or text(asset, "diskEncryptionKey.sha256"))
    return expect(own, "It is encrypted with Google's key.", "It is encrypted with a key of yours.")


CHECKS = (
    oslogin,
    oslogin_overridden,
    serial_port,
    project_serial_port,
    ip_forwarding,
    default_account_used,
    default_account,
    public_address,
    shielded,
    project_ssh_keys,
    confidential,
    disk_key,
)
