"""What the placeholders of Google Cloud's commands stand for, by type of resource. No Django, no SDK, no network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import PostureCheck, Remediation
from cloudaccounts.provider_kit.remediation import Scope, Values, remediation

# For every resource: <name>, <project>, and of its full name <zone>, <region>, <location>, <ring>. By type, one more
# for the last part of its full name: https://cloud.google.com/asset-inventory/docs/asset-names
RESOURCES: Mapping[str, str] = MappingProxyType(
    {
        "gcp.apikeys.key": "key",
        "gcp.artifactregistry.repository": "repository",
        "gcp.bigquery.dataset": "dataset",
        "gcp.bigquery.table": "table",
        "gcp.cloudfunctions.cloud_function": "function",
        "gcp.cloudfunctions.function": "function",
        "gcp.cloudkms.crypto_key": "key",
        "gcp.compute.backend_service": "backend-service",
        "gcp.compute.disk": "disk",
        "gcp.compute.firewall": "rule",
        "gcp.compute.image": "image",
        "gcp.compute.instance": "vm",
        "gcp.compute.network": "network",
        "gcp.compute.region_backend_service": "backend-service",
        "gcp.compute.snapshot": "snapshot-name",
        "gcp.compute.subnetwork": "subnet",
        "gcp.compute.target_https_proxy": "proxy",
        "gcp.compute.target_ssl_proxy": "proxy",
        "gcp.container.cluster": "cluster",
        "gcp.dataproc.cluster": "cluster",
        "gcp.dns.managed_zone": "zone",
        "gcp.iam.service_account_key": "key-id",
        "gcp.pubsub.subscription": "subscription",
        "gcp.pubsub.topic": "topic",
        "gcp.run.service": "service",
        "gcp.secretmanager.secret": "secret",
        "gcp.sqladmin.instance": "instance",
        "gcp.storage.bucket": "bucket",
    }
)
# Placeholders that a person has to choose a value for, in commands about resources that do not tell it.
CHOSEN = frozenset(
    {
        *("access-config", "account", "api", "file", "key", "member", "network", "new-network", "role", "site"),
        *("snapshot", "time", "your-network", "policy", "text", "dataset", "copy", "metric", "filter", "sink"),
        *("destination", "organization", "address", "new-name", "runtime", "version", "priority"),
    }
)
_SEGMENTS: Mapping[str, str] = MappingProxyType(
    {
        "datasets": "dataset",
        "keyRings": "ring",
        "locations": "location",
        "regions": "region",
        "serviceAccounts": "account",
        "zones": "zone",
    }
)
# `gcloud projects` takes the project as its argument: https://cloud.google.com/sdk/gcloud/reference/projects
_NAMES_PROJECT = re.compile(r"--project\b|^gcloud projects ")


def remediate(check: PostureCheck, asset: Asset, *, account_id: str, partition: str) -> Remediation:
    values = values_of(asset, account_id=account_id)
    return remediation(check, values, Scope("gcloud", "--project=<project>", _NAMES_PROJECT))


def values_of(asset: Asset, *, account_id: str) -> Values:
    """What is known of the resource. Its project is the account's: a full name may have the number instead."""
    parts = asset.native_id.removeprefix("//").split("/")[1:]
    values = {_SEGMENTS[key]: value for key, value in pairwise(parts) if key in _SEGMENTS}
    # A location is a region or a zone; commands of regional services ask for a region.
    if "location" in values:
        values.setdefault("region", values["location"])
    for zonal in ("zone", "region"):
        if zonal in values:
            values.setdefault("location", values[zonal])
    if asset.type == "gcp.iam.service_account":
        values["account"] = asset.name  # its e-mail address; the full name may have its number
    if asset.type in RESOURCES:
        values[RESOURCES[asset.type]] = parts[-1] if parts else ""
    values |= {"name": asset.name, "project": account_id}
    # Without the empty ones: what is not known stays a placeholder, for the person to fill in.
    return {name: value for name, value in values.items() if value}
