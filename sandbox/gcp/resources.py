"""Resources of other services than Compute Engine, as Cloud Asset lists them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.gcp.assets import Asset, asset
from sandbox.gcp.directory import Project


def bucket(
    project: Project,
    name: str,
    location: str,
    *,
    closed: bool = True,
    labels: dict[str, str] | None = None,
    **more: Any,
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
            # "inherited" leaves the decision to an organization policy, so it is neither on nor off here.
            "publicAccessPrevention": "enforced" if closed else "inherited",
        },
        "versioning": {"enabled": closed},
        "labels": labels or {},
        "timeCreated": "2024-11-12T13:14:15.161Z",
        **more,
    }
    return asset(project, "storage.googleapis.com/Bucket", name, "v1", data, location)


def database(
    project: Project,
    region: str,
    name: str,
    *,
    open_to_all: bool,
    version: str = "POSTGRES_16",
    flags: dict[str, str] | None = None,
) -> Asset:
    data = {
        "name": name,
        "project": project.id,
        "region": region,
        "databaseVersion": version,
        "state": "RUNNABLE",
        "instanceType": "CLOUD_SQL_INSTANCE",
        "settings": {
            "tier": "db-custom-2-7680",
            "userLabels": {"env": "prod"},
            "databaseFlags": [{"name": key, "value": value} for key, value in (flags or {}).items()],
            "deletionProtectionEnabled": not open_to_all,
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
        # The secret's content is another call (`versions.access`), which the product never makes.
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
        "buildConfig": {"runtime": "python313", "entryPoint": "main"},
        "serviceConfig": {
            "availableMemory": "256M",
            "ingressSettings": "ALLOW_ALL",
            "environmentVariables": {"DB_PASSWORD": "correct-horse-battery", "LOG_LEVEL": "info"},
        },
    }
    return asset(project, "cloudfunctions.googleapis.com/Function", str(data["name"]), "v2", data, region)


def function_v1(project: Project, region: str, name: str) -> Asset:
    """Of the first generation, with a type of its own in Cloud Asset."""
    path = f"projects/{project.id}/locations/{region}/functions/{name}"
    data = {
        "name": path,
        "status": "ACTIVE",
        "runtime": "python39",
        "entryPoint": "main",
        "httpsTrigger": {"url": f"https://{region}-{project.id}.cloudfunctions.net/{name}"},
        "ingressSettings": "ALLOW_ALL",
    }
    return asset(project, "cloudfunctions.googleapis.com/CloudFunction", path, "v1", data, region)


def key_version(project: Project, region: str, ring: str, name: str, number: int, state: str) -> Asset:
    path = f"projects/{project.id}/locations/{region}/keyRings/{ring}/cryptoKeys/{name}/cryptoKeyVersions/{number}"
    data = {
        "name": path,
        "state": state,
        "protectionLevel": "SOFTWARE",
        "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION",
        "createTime": "2025-01-02T03:04:05Z",
    }
    return asset(project, "cloudkms.googleapis.com/CryptoKeyVersion", path, "v1", data, region)


def table(project: Project, dataset_id: str, name: str, *, key_name: str = "", kind: str = "TABLE") -> Asset:
    data: dict[str, Any] = {
        "id": f"{project.id}:{dataset_id}.{name}",
        "tableReference": {"projectId": project.id, "datasetId": dataset_id, "tableId": name},
        "type": kind,
    }
    if key_name:
        data["encryptionConfiguration"] = {"kmsKeyName": key_name}
    path = f"projects/{project.id}/datasets/{dataset_id}/tables/{name}"
    return asset(project, "bigquery.googleapis.com/Table", path, "v2", data, "EU")


def dataproc(project: Project, region: str, name: str, *, key_name: str = "") -> Asset:
    encryption = {"encryptionConfig": {"gcePdKmsKeyName": key_name}} if key_name else {}
    data = {"projectId": project.id, "clusterName": name, "config": {"configBucket": "staging", **encryption}}
    path = f"projects/{project.id}/regions/{region}/clusters/{name}"
    return asset(project, "dataproc.googleapis.com/Cluster", path, "v1", data, region)


def key(project: Project, region: str, ring: str, name: str, *, days: int, state: str = "ENABLED") -> Asset:
    """A key for encryption; with 0 days it is never rotated."""
    path = f"projects/{project.id}/locations/{region}/keyRings/{ring}/cryptoKeys/{name}"
    data: dict[str, Any] = {
        "name": path,
        "purpose": "ENCRYPT_DECRYPT",
        "createTime": "2025-01-02T03:04:05Z",
        "versionTemplate": {"protectionLevel": "SOFTWARE", "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION"},
    }
    if state:
        data["primary"] = {"name": f"{path}/cryptoKeyVersions/1", "state": state, "protectionLevel": "SOFTWARE"}
    # Without a period the fields are left out; they are not zero.
    if days:
        upcoming = datetime.now(UTC) + timedelta(days=min(days, 30))
        data |= {"rotationPeriod": f"{days * 86_400}s", "nextRotationTime": f"{upcoming:%Y-%m-%d}T03:04:05Z"}
    return asset(project, "cloudkms.googleapis.com/CryptoKey", path, "v1", data, region)


def zone(project: Project, name: str, *, signed: bool, visibility: str = "public", algorithm: str = "") -> Asset:
    # Left out where the zone has Google's own choice of algorithms.
    kinds = ("keySigning", "zoneSigning") if algorithm else ()
    specs = [{"keyType": kind, "algorithm": algorithm, "keyLength": 2048} for kind in kinds]
    data = {
        "name": name,
        "dnsName": f"{name}.example.",
        "visibility": visibility,
        "dnssecConfig": {"state": "on" if signed else "off", **({"defaultKeySpecs": specs} if specs else {})},
        "creationTime": "2025-01-02T03:04:05Z",
    }
    return asset(project, "dns.googleapis.com/ManagedZone", f"projects/{project.id}/managedZones/{name}", "v1", data)


def dataset(project: Project, name: str, *, public: bool, key_name: str = "") -> Asset:
    access: list[dict[str, Any]] = [{"role": "OWNER", "specialGroup": "projectOwners"}]
    if public:
        access.append({"role": "READER", "specialGroup": "allAuthenticatedUsers"})
    data: dict[str, Any] = {
        "datasetReference": {"datasetId": name, "projectId": project.id},
        "id": f"{project.id}:{name}",
        "location": "EU",
        "access": access,
    }
    if key_name:
        data["defaultEncryptionConfiguration"] = {"kmsKeyName": key_name}
    path = f"projects/{project.id}/datasets/{name}"
    return asset(project, "bigquery.googleapis.com/Dataset", path, "v2", data, "EU")


def cluster(project: Project, region: str, name: str, *, closed: bool) -> Asset:
    data: dict[str, Any] = {
        "name": name,
        "location": region,
        "currentMasterVersion": "1.35.7-gke.1222000" if closed else "1.33.2-gke.1000",
        # An empty message is how Google writes "off": false is not written in JSON.
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
