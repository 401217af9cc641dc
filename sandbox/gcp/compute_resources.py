"""Resources of Compute Engine, as Cloud Asset lists them: machines, disks, networks, the project's own settings."""

import zlib
from typing import Any

from sandbox.gcp.assets import Asset, asset
from sandbox.gcp.directory import Project

_COMPUTE = "https://www.googleapis.com/compute/v1"


def instance(project: Project, zone: str, name: str, **more: Any) -> Asset:
    """`public`, `scopes`, `metadata`, `labels`, `secure`, `machine` say how it is configured."""
    base = f"{_COMPUTE}/projects/{project.id}"
    interface: dict[str, Any] = {
        "name": "nic0",
        "network": f"{base}/global/networks/default",
        "networkIP": "10.20.0.7",
    }
    if more.get("public"):
        interface["accessConfigs"] = [{"name": "External NAT", "type": "ONE_TO_ONE_NAT", "natIP": "203.0.113.10"}]
    secure = bool(more.get("secure", True))
    data = {
        # Compute Engine writes 64-bit ids as texts, since JSON's numbers lose digits above 2^53.
        "id": str(zlib.crc32(f"{project.id}/{name}".encode()) + 10**18),
        "name": name,
        "zone": f"{base}/zones/{zone}",
        "selfLink": f"{base}/zones/{zone}/instances/{name}",
        "machineType": f"{base}/zones/{zone}/machineTypes/{more.get('machine', 'e2-medium')}",
        "status": "RUNNING",
        "creationTimestamp": "2025-03-04T05:06:07.000-07:00",
        "lastStartTimestamp": "2026-01-02T03:04:05.000-07:00",
        "labels": more.get("labels", {}),
        "labelFingerprint": "42WmSpB8rSM=",
        "fingerprint": "P0wBtn3gL3s=",
        "networkInterfaces": [interface],
        "serviceAccounts": [{"email": f"{project.number}-compute@developer.gserviceaccount.com",
                             "scopes": more.get("scopes", ["https://www.googleapis.com/auth/devstorage.read_only"])}],
        "metadata": {"items": [{"key": k, "value": v} for k, v in more.get("metadata", {}).items()]},
        "shieldedInstanceConfig": {
            "enableSecureBoot": secure, "enableVtpm": secure, "enableIntegrityMonitoring": secure},
        "canIpForward": bool(more.get("forwards")),
        "deletionProtection": secure,
    }  # fmt: skip
    return asset(
        project,
        "compute.googleapis.com/Instance",
        f"projects/{project.id}/zones/{zone}/instances/{name}",
        "v1",
        data,
        zone,
    )


def disk(project: Project, zone: str, name: str, *, kms: bool, gigabytes: int) -> Asset:
    base = f"{_COMPUTE}/projects/{project.id}"
    data: dict[str, Any] = {
        "name": name,
        "zone": f"{base}/zones/{zone}",
        # A text too, as all 64-bit numbers of Google's JSON.
        "sizeGb": str(gigabytes),
        "status": "READY",
        "type": f"{base}/zones/{zone}/diskTypes/pd-balanced",
        "creationTimestamp": "2025-03-04T05:06:07.000-07:00",
    }
    if kms:
        data["diskEncryptionKey"] = {
            "kmsKeyName": f"projects/{project.id}/locations/europe-west1/keyRings/main/cryptoKeys/disks"
        }
    return asset(
        project, "compute.googleapis.com/Disk", f"projects/{project.id}/zones/{zone}/disks/{name}", "v1", data, zone
    )


def firewall(
    project: Project, name: str, port: str, source: str, protocol: str = "tcp", *, denies: bool = False
) -> Asset:
    """What denies comes before what allows."""
    traffic = [{"IPProtocol": protocol, **({"ports": [port]} if port else {})}]
    data = {
        "name": name,
        "network": f"{_COMPUTE}/projects/{project.id}/global/networks/default",
        "direction": "INGRESS",
        # Lower comes first, and 1000 is the default: https://cloud.google.com/firewall/docs/firewalls
        "priority": 900 if denies else 1000,
        "sourceRanges": [source],
        "denied" if denies else "allowed": traffic,
        "disabled": False,
        "logConfig": {"enable": False},
    }
    return asset(
        project, "compute.googleapis.com/Firewall", f"projects/{project.id}/global/firewalls/{name}", "v1", data
    )


def policy(name: str, kind: str, *rules: dict[str, Any]) -> dict[str, Any]:
    """A firewall policy as Compute Engine tells it of a network. `kind` is HIERARCHY, NETWORK or SYSTEM."""
    return {"name": name, "shortName": name, "type": kind, "rules": list(rules)}


def policy_rule(number: int, action: str, source: str, protocol: str = "tcp", *ports: str) -> dict[str, Any]:
    traffic = {"ipProtocol": protocol, **({"ports": list(ports)} if ports else {})}
    return {
        "kind": "compute#firewallPolicyRule",
        "priority": number,
        "direction": "INGRESS",
        "action": action,
        "match": {"srcIpRanges": [source], "layer4Configs": [traffic]},
    }


def network(project: Project, name: str) -> Asset:
    data = {"name": name, "autoCreateSubnetworks": True, "routingConfig": {"routingMode": "REGIONAL"}}
    return asset(project, "compute.googleapis.com/Network", f"projects/{project.id}/global/networks/{name}", "v1", data)


def subnetwork(project: Project, region: str, name: str, *, logged: bool) -> Asset:
    base = f"{_COMPUTE}/projects/{project.id}"
    data = {
        "name": name,
        "region": f"{base}/regions/{region}",
        "network": f"{base}/global/networks/default",
        "ipCidrRange": "10.20.0.0/16",
        "purpose": "PRIVATE",
        "privateIpGoogleAccess": logged,
        "logConfig": {"enable": logged},
    }
    path = f"projects/{project.id}/regions/{region}/subnetworks/{name}"
    return asset(project, "compute.googleapis.com/Subnetwork", path, "v1", data, region)


def backend_service(project: Project, name: str, *, logged: bool) -> Asset:
    data = {
        "name": name,
        "protocol": "HTTPS",
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "logConfig": {"enable": logged, "sampleRate": 1.0},
    }
    path = f"projects/{project.id}/global/backendServices/{name}"
    return asset(project, "compute.googleapis.com/BackendService", path, "v1", data)


def https_proxy(project: Project, name: str, policy: str = "") -> Asset:
    base = f"{_COMPUTE}/projects/{project.id}/global"
    data = {"name": name, "urlMap": f"{base}/urlMaps/{name}"}
    # Without a policy Google's default applies, which the asset does not name.
    if policy:
        data["sslPolicy"] = f"{base}/sslPolicies/{policy}"
    path = f"projects/{project.id}/global/targetHttpsProxies/{name}"
    return asset(project, "compute.googleapis.com/TargetHttpsProxy", path, "v1", data)


def ssl_policy(project: Project, name: str, version: str = "TLS_1_2", profile: str = "MODERN") -> Asset:
    data = {"name": name, "minTlsVersion": version, "profile": profile}
    path = f"projects/{project.id}/global/sslPolicies/{name}"
    return asset(project, "compute.googleapis.com/SslPolicy", path, "v1", data)


def compute_project(project: Project, **metadata: str) -> Asset:
    """Compute Engine's own settings of the project; metadata with underscores for hyphens."""
    # Keyword arguments cannot have hyphens, and keys of metadata do.
    items = [{"key": key.replace("_", "-"), "value": value} for key, value in metadata.items()]
    data = {
        "name": project.id,
        "commonInstanceMetadata": {"fingerprint": "x", "items": items},
        "defaultServiceAccount": f"{project.number}-compute@developer.gserviceaccount.com",
        "xpnProjectStatus": "UNSPECIFIED_XPN_PROJECT_STATUS",
    }
    return asset(project, "compute.googleapis.com/Project", f"projects/{project.id}", "v1", data)
