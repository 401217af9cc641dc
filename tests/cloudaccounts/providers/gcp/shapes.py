"""Google's own descriptions of resources (of google-api-python-client), to which what rules are told is held."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from googleapiclient.discovery_cache import get_static_doc  # type: ignore[import-untyped] # Google ships no types

# By the asset's type: the API, its version and the name of the schema.
SCHEMAS: Mapping[str, tuple[str, str, str]] = {
    "gcp.apikeys.key": ("apikeys", "v2", "V2Key"),
    "gcp.artifactregistry.repository": ("artifactregistry", "v1", "Repository"),
    "gcp.bigquery.dataset": ("bigquery", "v2", "Dataset"),
    "gcp.bigquery.table": ("bigquery", "v2", "Table"),
    "gcp.cloudfunctions.cloud_function": ("cloudfunctions", "v1", "CloudFunction"),
    "gcp.cloudfunctions.function": ("cloudfunctions", "v2", "Function"),
    "gcp.cloudkms.crypto_key": ("cloudkms", "v1", "CryptoKey"),
    "gcp.cloudresourcemanager.project": ("cloudresourcemanager", "v3", "Project"),
    "gcp.compute.backend_service": ("compute", "v1", "BackendService"),
    "gcp.compute.disk": ("compute", "v1", "Disk"),
    "gcp.compute.firewall": ("compute", "v1", "Firewall"),
    "gcp.compute.image": ("compute", "v1", "Image"),
    "gcp.compute.instance": ("compute", "v1", "Instance"),
    "gcp.compute.network": ("compute", "v1", "Network"),
    "gcp.compute.project": ("compute", "v1", "Project"),
    "gcp.compute.region_backend_service": ("compute", "v1", "BackendService"),
    "gcp.compute.snapshot": ("compute", "v1", "Snapshot"),
    "gcp.compute.subnetwork": ("compute", "v1", "Subnetwork"),
    "gcp.compute.target_https_proxy": ("compute", "v1", "TargetHttpsProxy"),
    "gcp.compute.target_ssl_proxy": ("compute", "v1", "TargetSslProxy"),
    "gcp.container.cluster": ("container", "v1", "Cluster"),
    "gcp.dataproc.cluster": ("dataproc", "v1", "Cluster"),
    "gcp.dns.managed_zone": ("dns", "v1", "ManagedZone"),
    "gcp.iam.service_account": ("iam", "v1", "ServiceAccount"),
    "gcp.iam.service_account_key": ("iam", "v1", "ServiceAccountKey"),
    "gcp.pubsub.subscription": ("pubsub", "v1", "Subscription"),
    "gcp.pubsub.topic": ("pubsub", "v1", "Topic"),
    "gcp.run.service": ("run", "v1", "Service"),
    "gcp.secretmanager.secret": ("secretmanager", "v1", "Secret"),
    "gcp.sqladmin.instance": ("sqladmin", "v1", "DatabaseInstance"),
    "gcp.storage.bucket": ("storage", "v1", "Bucket"),
}
# What the inventory adds, and where Google describes it.
JOINED: Mapping[str, tuple[str, str, str] | None] = {
    **dict.fromkeys(("location", "unreadable", "observed", "public_roles", "project_roles", "basic_roles")),
    **dict.fromkeys(("acting_roles", "duty_roles", "older_than_90_days", "audit_configs", "earlier_denies")),
    **dict.fromkeys(("version_states", "sinks", "log_alerts", "enabled_services", "api_keys", "essential_contacts")),
    **dict.fromkeys(("audit_configs_above", "log_sinks_above", "ancestors", "under_conditions")),
    "policies_above": None,
    **dict.fromkeys(("project_metadata", "policies_before", "firewall_policies", "classic_denies", "run_service")),
    "log_sinks": ("logging", "v2", "LogSink"),
    "dns_policies": ("dns", "v1", "Policy"),
    "ssl_policy": ("compute", "v1", "SslPolicy"),
}
# Cloud Asset's data of a service of Cloud Run may be of its second API as well.
ALSO: Mapping[str, tuple[str, str, str]] = {"gcp.run.service": ("run", "v2", "GoogleCloudRunV2Service")}


@cache
def schemas(api: str, version: str) -> dict[str, Any]:
    described: dict[str, Any] = json.loads(get_static_doc(api, version))["schemas"]
    return described


def strangers(told: Any, place: tuple[str, str, str]) -> list[str]:
    """Paths of fields that the schema does not have."""
    api, version, name = place
    return list(_strangers(told, {"$ref": name}, schemas(api, version), name))


def _strangers(told: Any, schema: Mapping[str, Any], every: Mapping[str, Any], path: str) -> list[str]:
    schema = every[schema["$ref"]] if "$ref" in schema else schema
    if isinstance(told, Mapping):
        fields, more = schema.get("properties", {}), schema.get("additionalProperties")
        if more is not None:
            return [item for name, one in told.items() for item in _strangers(one, more, every, f"{path}.{name}")]
        unknown = [f"{path}.{name}" for name in told if name not in fields]
        known = [(name, one) for name, one in told.items() if name in fields]
        return unknown + [
            item for name, one in known for item in _strangers(one, fields[name], every, f"{path}.{name}")
        ]
    if isinstance(told, list) and "items" in schema:
        return [item for one in told for item in _strangers(one, schema["items"], every, f"{path}[]")]
    return []


def unknown_fields(asset_type: str, properties: Mapping[str, Any]) -> list[str]:
    """Of a resource as the inventory tells it."""
    own = {name: one for name, one in properties.items() if name not in JOINED}
    wrong = strangers(own, SCHEMAS[asset_type])
    if wrong and asset_type in ALSO:
        wrong = strangers(own, ALSO[asset_type])
    for name, place in JOINED.items():
        told = properties.get(name)
        if place is not None and told:
            wrong += (
                strangers(told, place)
                if isinstance(told, Mapping)
                else [item for one in told if isinstance(one, Mapping) for item in strangers(one, place)]
            )
    return wrong


def has_path(asset_type: str, path: str) -> bool:
    """Whether some schema has the field that a rule reads."""
    first, *rest = path.split(".")
    if first in JOINED:
        place = JOINED[first]
        return place is None or not rest or _resolves(place, rest)
    return any(_resolves(place, [first, *rest]) for place in (SCHEMAS[asset_type], ALSO.get(asset_type)) if place)


def _resolves(place: tuple[str, str, str], path: list[str]) -> bool:
    api, version, name = place
    schema: Mapping[str, Any] = {"$ref": name}
    for part in path:
        schema = schemas(api, version)[schema["$ref"]] if "$ref" in schema else schema
        if "additionalProperties" in schema:
            schema = schema["additionalProperties"]
        elif part in schema.get("properties", {}):
            schema = schema["properties"][part]
        else:
            return False
    return True
