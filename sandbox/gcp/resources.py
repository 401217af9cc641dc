"""Resources as Cloud Asset tells them: their own API's JSON, held against the discovery documents by a test."""

import zlib
from collections.abc import Iterable
from typing import Any

from sandbox.gcp.directory import Directory, Project

Asset = dict[str, Any]
_COMPUTE = "https://www.googleapis.com/compute/v1"


def asset(
    project: Project, kind: str, path: str, version: str, data: dict[str, Any], location: str = "global"
) -> Asset:
    """`kind` as in `compute.googleapis.com/Instance`; `path` is what follows the host in the full resource name."""
    service, _, name = kind.partition("/")
    api = service.split(".")[0]
    return {
        "name": f"//{service}/{path}",
        "assetType": kind,
        "ancestors": [f"projects/{project.number}", *([project.parent] if project.parent else [])],
        "updateTime": project.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "resource": {
            "version": version,
            "discoveryDocumentUri": f"https://{service}/$discovery/rest?version={version}"
            if api not in ("compute", "storage", "sqladmin")
            else f"https://www.googleapis.com/discovery/v1/apis/{api}/{version}/rest",
            "discoveryName": DISCOVERY_NAMES.get(kind, name),
            "parent": f"//cloudresourcemanager.googleapis.com/projects/{project.number}",
            "data": data,
            "location": location,
        },
    }


# Where a schema is named otherwise than the asset type.
DISCOVERY_NAMES = {
    "sqladmin.googleapis.com/Instance": "DatabaseInstance",
    "cloudfunctions.googleapis.com/Function": "Function",
    "run.googleapis.com/Service": "Service",
    "serviceusage.googleapis.com/Service": "GoogleApiServiceusageV1Service",
    "apikeys.googleapis.com/Key": "V2Key",
}


def of_directory(directory: Directory, project: Project) -> Iterable[Asset]:
    """What the directory itself knows: the project, its service accounts with their keys, its enabled APIs."""
    yield asset(
        project,
        "cloudresourcemanager.googleapis.com/Project",
        f"projects/{project.number}",
        "v3",
        {
            "name": f"projects/{project.number}",
            "projectId": project.id,
            "displayName": project.name,
            "parent": project.parent,
            "state": project.state,
            "labels": dict(project.labels),
            "createTime": project.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
    )
    for account in [one for one in directory.accounts.values() if one.project_id == project.id]:
        name = f"projects/{project.id}/serviceAccounts/{account.unique_id}"
        data = {
            "name": f"projects/{project.id}/serviceAccounts/{account.email}",
            "projectId": project.id,
            "uniqueId": account.unique_id,
            "email": account.email,
            "displayName": account.display_name,
            "oauth2ClientId": account.unique_id,
            "disabled": account.disabled,
        }
        yield asset(project, "iam.googleapis.com/ServiceAccount", name, "v1", data)
        for key in account.keys.values():
            details = {
                "name": f"{data['name']}/keys/{key.id}",
                "keyType": "USER_MANAGED",
                "keyOrigin": "GOOGLE_PROVIDED",
                "keyAlgorithm": "KEY_ALG_RSA_2048",
                "validAfterTime": key.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "validBeforeTime": "9999-12-31T23:59:59Z",
                "disabled": key.disabled,
            }
            yield asset(project, "iam.googleapis.com/ServiceAccountKey", f"{name}/keys/{key.id}", "v1", details)
    for api in sorted(project.apis):
        own = f"projects/{project.number}"
        data = {"name": f"{own}/services/{api}", "parent": own, "state": "ENABLED"}
        yield asset(project, "serviceusage.googleapis.com/Service", f"{own}/services/{api}", "v1", data)


def policies_of(directory: Directory, project: Project) -> list[dict[str, Any]]:
    """The policies of the project, its service accounts and its public buckets."""
    own = f"projects/{project.number}"
    found = [_policy(own, "cloudresourcemanager.googleapis.com/Project", f"projects/{project.id}", project.bindings)]
    for account in directory.accounts.values():
        if account.project_id == project.id and account.bindings:
            path = f"projects/{project.id}/serviceAccounts/{account.unique_id}"
            found.append(_policy(own, "iam.googleapis.com/ServiceAccount", path, account.bindings))
    buckets = [one for one in project.assets if one["assetType"] == "storage.googleapis.com/Bucket"]
    names = [str(one["resource"]["data"]["name"]) for one in buckets]
    kind = "storage.googleapis.com/Bucket"
    return found + [_policy(own, kind, name, PUBLIC[name]) for name in names if name in PUBLIC]


PUBLIC: dict[str, dict[str, set[str]]] = {
    "meadowlark-public-docs": {"roles/storage.objectViewer": {"allUsers"}},
    "meadowlark-legacy-dumps": {"roles/storage.objectAdmin": {"allAuthenticatedUsers"}},
}


def _policy(project: str, kind: str, path: str, bindings: dict[str, set[str]]) -> dict[str, Any]:
    held = [{"role": role, "members": sorted(members)} for role, members in sorted(bindings.items()) if members]
    return {
        "resource": f"//{kind.split('/')[0]}/{path}",
        "assetType": kind,
        "project": project,
        "policy": {"bindings": held},
    }


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


def firewall(project: Project, name: str, port: str, source: str, protocol: str = "tcp") -> Asset:
    data = {
        "name": name,
        "network": f"{_COMPUTE}/projects/{project.id}/global/networks/default",
        "direction": "INGRESS",
        "priority": 1000,
        "sourceRanges": [source],
        "allowed": [{"IPProtocol": protocol, **({"ports": [port]} if port else {})}],
        "disabled": False,
        "logConfig": {"enable": False},
    }
    return asset(
        project, "compute.googleapis.com/Firewall", f"projects/{project.id}/global/firewalls/{name}", "v1", data
    )


def network(project: Project, name: str) -> Asset:
    data = {"name": name, "autoCreateSubnetworks": True, "routingConfig": {"routingMode": "REGIONAL"}}
    return asset(project, "compute.googleapis.com/Network", f"projects/{project.id}/global/networks/{name}", "v1", data)


def bucket(
    project: Project, name: str, location: str, *, closed: bool = True, labels: dict[str, str] | None = None
) -> Asset:
    """`closed`: uniform access, public access prevention, versioning."""
    data = {
        "id": name,
        "name": name,
        "location": location.upper(),
        "locationType": "region" if "-" in location else "multi-region",
        "storageClass": "STANDARD",
        "projectNumber": project.number,
        "metageneration": "7",
        "etag": "CAc=",
        "iamConfiguration": {
            "uniformBucketLevelAccess": {"enabled": closed},
            "publicAccessPrevention": "enforced" if closed else "inherited",
        },
        "versioning": {"enabled": closed},
        "labels": labels or {},
        "timeCreated": "2024-11-12T13:14:15.161Z",
    }
    return asset(project, "storage.googleapis.com/Bucket", name, "v1", data, location)


def database(project: Project, region: str, name: str, *, open_to_all: bool) -> Asset:
    data = {
        "name": name,
        "project": project.id,
        "region": region,
        "databaseVersion": "POSTGRES_16",
        "state": "RUNNABLE",
        "instanceType": "CLOUD_SQL_INSTANCE",
        "settings": {
            "tier": "db-custom-2-7680",
            "userLabels": {"env": "prod"},
            "backupConfiguration": {"enabled": not open_to_all, "pointInTimeRecoveryEnabled": not open_to_all},
            "ipConfiguration": {
                "ipv4Enabled": open_to_all,
                "requireSsl": not open_to_all,
                "authorizedNetworks": [{"name": "all", "value": "0.0.0.0/0"}] if open_to_all else [],
            },
        },
    }
    return asset(
        project, "sqladmin.googleapis.com/Instance", f"projects/{project.id}/instances/{name}", "v1beta4", data, region
    )


def secret(project: Project, name: str) -> Asset:
    data = {
        "name": f"projects/{project.number}/secrets/{name}",
        "createTime": "2025-01-02T03:04:05Z",
        "replication": {"automatic": {}},
        "labels": {"env": "prod"},
    }
    return asset(project, "secretmanager.googleapis.com/Secret", data["name"], "v1", data)  # type: ignore[arg-type] # a str


def function(project: Project, region: str, name: str) -> Asset:
    """With a password in its environment, as people do."""
    data = {
        "name": f"projects/{project.id}/locations/{region}/functions/{name}",
        "state": "ACTIVE",
        "environment": "GEN_2",
        "serviceConfig": {
            "availableMemory": "256M",
            "ingressSettings": "ALLOW_ALL",
            "environmentVariables": {"DB_PASSWORD": "correct-horse-battery", "LOG_LEVEL": "info"},
        },
    }
    return asset(project, "cloudfunctions.googleapis.com/Function", str(data["name"]), "v2", data, region)


def compute_project(project: Project, **metadata: str) -> Asset:
    """Compute Engine's own settings of the project; metadata with underscores for hyphens."""
    items = [{"key": key.replace("_", "-"), "value": value} for key, value in metadata.items()]
    data = {
        "name": project.id,
        "commonInstanceMetadata": {"fingerprint": "x", "items": items},
        "defaultServiceAccount": f"{project.number}-compute@developer.gserviceaccount.com",
        "xpnProjectStatus": "UNSPECIFIED_XPN_PROJECT_STATUS",
    }
    return asset(project, "compute.googleapis.com/Project", f"projects/{project.id}", "v1", data)


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


def key(project: Project, region: str, ring: str, name: str, *, days: int) -> Asset:
    """A key for encryption; with 0 days it is never rotated."""
    path = f"projects/{project.id}/locations/{region}/keyRings/{ring}/cryptoKeys/{name}"
    data: dict[str, Any] = {
        "name": path,
        "purpose": "ENCRYPT_DECRYPT",
        "createTime": "2025-01-02T03:04:05Z",
        "versionTemplate": {"protectionLevel": "SOFTWARE", "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION"},
    }
    if days:
        data |= {"rotationPeriod": f"{days * 86_400}s", "nextRotationTime": "2027-01-02T03:04:05Z"}
    return asset(project, "cloudkms.googleapis.com/CryptoKey", path, "v1", data, region)


def zone(project: Project, name: str, *, signed: bool, visibility: str = "public") -> Asset:
    data = {
        "name": name,
        "dnsName": f"{name}.example.",
        "visibility": visibility,
        "dnssecConfig": {"state": "on" if signed else "off"},
        "creationTime": "2025-01-02T03:04:05Z",
    }
    return asset(project, "dns.googleapis.com/ManagedZone", f"projects/{project.id}/managedZones/{name}", "v1", data)


def dataset(project: Project, name: str, *, public: bool) -> Asset:
    access: list[dict[str, Any]] = [{"role": "OWNER", "specialGroup": "projectOwners"}]
    if public:
        access.append({"role": "READER", "specialGroup": "allAuthenticatedUsers"})
    data = {
        "datasetReference": {"datasetId": name, "projectId": project.id},
        "id": f"{project.id}:{name}",
        "location": "EU",
        "access": access,
    }
    path = f"projects/{project.id}/datasets/{name}"
    return asset(project, "bigquery.googleapis.com/Dataset", path, "v2", data, "EU")


def cluster(project: Project, region: str, name: str, *, closed: bool) -> Asset:
    data: dict[str, Any] = {
        "name": name,
        "location": region,
        "currentMasterVersion": "1.33.2-gke.1000",
        "legacyAbac": {} if closed else {"enabled": True},
        "masterAuthorizedNetworksConfig": {"enabled": closed},
        "privateClusterConfig": {"enablePrivateNodes": closed, "enablePrivateEndpoint": closed},
        "nodeConfig": {"serviceAccount": "default"},
    }
    path = f"projects/{project.id}/locations/{region}/clusters/{name}"
    return asset(project, "container.googleapis.com/Cluster", path, "v1", data, region)


def api_key(project: Project, uid: str, *, restricted: bool) -> Asset:
    path = f"projects/{project.number}/locations/global/keys/{uid}"
    data: dict[str, Any] = {"name": path, "uid": uid, "displayName": "Maps", "createTime": "2025-01-02T03:04:05Z"}
    if restricted:
        data["restrictions"] = {
            "apiTargets": [{"service": "maps-backend.googleapis.com"}],
            "browserKeyRestrictions": {"allowedReferrers": ["https://meadowlark.example/*"]},
        }
    return asset(project, "apikeys.googleapis.com/Key", path, "v2", data)
