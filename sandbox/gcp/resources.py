"""Resources of other services than Compute Engine, as Cloud Asset lists them."""

from typing import Any

from sandbox.gcp.assets import Asset, asset
from sandbox.gcp.directory import Project


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
