"""Virtual machines, and what holds for all of a project."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    abridge,
    expect,
    failed,
    flag,
    list_of_texts,
    mappings,
    not_applicable,
    passed,
    posture_check,
    text,
)
from cloudaccounts.provider_kit.reach.addresses import Reach, networks
from cloudaccounts.provider_kit.reach.verdicts import evaluation
from cloudaccounts.providers.gcp.checks.references import cite

_MACHINE = "gcp.compute.instance"
_PROJECT = "gcp.compute.project"
# The newer of two places: https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters
_ADDRESSES = "controlPlaneEndpointsConfig.ipEndpointsConfig"
_AUTHORIZED = ("masterAuthorizedNetworksConfig", f"{_ADDRESSES}.authorizedNetworksConfig")
# https://cloud.google.com/compute/docs/metadata/setting-custom-metadata
_ON = ("true", "y", "yes", "1")
_OFF = ("false", "n", "no", "0")
_ALL_SCOPES = "https://www.googleapis.com/auth/cloud-platform"


def _metadata(asset: Asset, holder: str, key: str) -> str:
    """The value of a metadata key, in lower case; empty where it is not set."""
    for item in mappings(asset, f"{holder}.items"):
        if item.get("key") == key:
            return str(item.get("value")).lower()
    return ""


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
    on = _metadata(asset, "commonInstanceMetadata", "enable-oslogin") in _ON
    return expect(on, "OS Login is not switched on for the project.", "OS Login is on for the project.")


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
    off = _metadata(asset, "metadata", "enable-oslogin") in _OFF
    return expect(not off, "Its metadata switches OS Login off.", "It does as the project says.")


@posture_check(
    "gcp_vm_serial_port",
    "Serial console is open",
    Severity.MEDIUM,
    "compute",
    _MACHINE,
    why="The interactive serial console cannot be limited to addresses: whoever has the SSH key gets in from anywhere.",
    console="Compute Engine, VM instances, choose the machine, Edit: clear Enable connecting to serial ports.",
    command="gcloud compute instances add-metadata <vm> --zone=<zone> --metadata=serial-port-enable=FALSE",
    references=cite("compute/docs/troubleshooting/troubleshooting-using-serial-console"),
)
def serial_port(asset: Asset) -> Evaluation:
    on = _metadata(asset, "metadata", "serial-port-enable") in _ON
    return expect(not on, "Its metadata opens the serial ports.", "Its serial ports are closed.")


@posture_check(
    "gcp_project_serial_port",
    "Serial consoles are open in the whole project",
    Severity.MEDIUM,
    "compute",
    _PROJECT,
    why="The interactive serial console cannot be limited to addresses, and here every machine has it.",
    console="Compute Engine, Metadata: remove serial-port-enable.",
    command="gcloud compute project-info remove-metadata --keys=serial-port-enable",
    references=cite("compute/docs/troubleshooting/troubleshooting-using-serial-console"),
)
def project_serial_port(asset: Asset) -> Evaluation:
    on = _metadata(asset, "commonInstanceMetadata", "serial-port-enable") in _ON
    return expect(not on, "The project's metadata opens the serial ports.", "The project does not open serial ports.")


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
    accounts = mappings(asset, "serviceAccounts")
    if not accounts:
        return passed("It acts as no service account.")
    default = [
        account for account in accounts if str(account.get("email")).endswith("-compute@developer.gserviceaccount.com")
    ]
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
    # CIS 4.8 requires these two. Secure Boot is left out: it keeps unsigned drivers from loading.
    good = flag(asset, f"{config}.enableVtpm") and flag(asset, f"{config}.enableIntegrityMonitoring")
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
    # With OS Login, keys in metadata have no effect.
    if _metadata(asset, "metadata", "enable-oslogin") in _ON:
        return passed("OS Login is on: keys in metadata are not looked at.")
    blocked = _metadata(asset, "metadata", "block-project-ssh-keys") in _ON
    return expect(blocked, "Keys in the project's metadata are accepted.", "Keys of the project are not accepted.")


@posture_check(
    "gcp_gke_legacy_abac",
    "Kubernetes cluster uses the old authorization",
    Severity.HIGH,
    "container",
    "gcp.container.cluster",
    why="Attribute-based access control gives every account of the cluster wide rights that roles cannot take away.",
    console="Kubernetes Engine, Clusters, choose the cluster, Security: disable Legacy authorization.",
    command="gcloud container clusters update <cluster> --location=<location> --no-enable-legacy-authorization",
    references=cite("kubernetes-engine/docs/how-to/hardening-your-cluster"),
)
def legacy_abac(asset: Asset) -> Evaluation:
    return expect(not flag(asset, "legacyAbac.enabled"), "Legacy authorization is on.", "Legacy authorization is off.")


@posture_check(
    "gcp_gke_api_open",
    "Kubernetes API is reachable from every network",
    Severity.MEDIUM,
    "container",
    "gcp.container.cluster",
    why="The API commands all that runs in the cluster: a leaked token or a new flaw in it is tried from everywhere.",
    console="Kubernetes Engine, Clusters, choose the cluster, Networking: enable Control plane authorized networks.",
    command="gcloud container clusters update <cluster> --location=<location> --enable-master-authorized-networks "
    "--master-authorized-networks=<your-network>",
    references=cite("kubernetes-engine/docs/how-to/authorized-networks"),
)
def api_open(asset: Asset) -> Evaluation:
    if flag(asset, "privateClusterConfig.enablePrivateEndpoint"):
        return passed("Its API has a private address only.")
    if not flag(asset, f"{_ADDRESSES}.enabled", default=True):
        return passed("Its API is not reached by address.")
    if not flag(asset, f"{_ADDRESSES}.enablePublicEndpoint", default=True):
        return passed("Its API has a private address only.")
    named = [path for path in _AUTHORIZED if flag(asset, f"{path}.enabled")]
    if not named:
        return failed("Every network may reach its API.")
    blocks = [block.get("cidrBlock") for path in named for block in mappings(asset, f"{path}.cidrBlocks")]
    reach = networks(blocks).reach
    if reach != Reach.OPEN and any(flag(asset, f"{path}.gcpPublicCidrsAccessEnabled") for path in named):
        return failed("Every machine in Google Cloud with a public address, of any customer, may reach its API.")
    return evaluation(
        reach,
        "Networks as large as the internet may reach its API.",
        "Only named networks may reach its API.",
        "An authorized network has a form that is not known here.",
    )


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
    default_account,
    public_address,
    shielded,
    project_ssh_keys,
    legacy_abac,
    api_open,
    disk_key,
)
