"""Facts that come from the `Overview`: which reader makes them, by the type of asset that gets them. No Django.

Each reader takes the resources of the overview and the asset. None is "it was not there to be read".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.gcp.inventory.log_alerts import log_alerts
from cloudaccounts.providers.gcp.inventory.overview import Kinds, Overview
from cloudaccounts.providers.gcp.inventory.relations import SHAPE_ERRORS, UNEXPECTED, with_facts, without_facts

Reader = Callable[[Kinds, Asset], Any]


def project_metadata(kinds: Kinds, asset: Asset) -> dict[str, str] | None:
    """What machines inherit, unless their own metadata says otherwise.

    https://cloud.google.com/compute/docs/metadata/overview
    """
    for project in kinds.get("gcp.compute.project", ()):
        metadata = project.properties.get("commonInstanceMetadata")
        items = metadata.get("items") if isinstance(metadata, Mapping) else None
        return {str(item.get("key")): str(item.get("value")) for item in _objects(items)}
    return None


def dns_policies(kinds: Kinds, asset: Asset) -> list[dict[str, Any]]:
    """The server policies that the network is bound to: https://cloud.google.com/dns/docs/policies"""
    return [
        {"name": policy.name, "enableLogging": policy.properties.get("enableLogging")}
        for policy in kinds.get("gcp.dns.policy", ())
        if any(_path(bound.get("networkUrl")) == _path(asset.native_id) for bound in _of(policy, "networks"))
    ]


def ssl_policy(kinds: Kinds, asset: Asset) -> dict[str, Any] | None:
    """Of a load balancer's proxy; empty where it has none and Google's default applies."""
    named = asset.properties.get("sslPolicy")
    # An empty object is "none", which Google's default then stands for; None, below, is "named, and not in the list".
    if not named:
        return {}
    for policy in kinds.get("gcp.compute.ssl_policy", ()):
        if _path(policy.native_id) == _path(named):
            kept = ("name", "profile", "minTlsVersion", "enabledFeatures", "customFeatures")
            return {name: policy.properties[name] for name in kept if name in policy.properties}
    return None


def run_service(kinds: Kinds, asset: Asset) -> dict[str, Any] | None:
    """Of a function of the second generation: how the Cloud Run service asks its callers. Empty where none is named."""
    config = asset.properties.get("serviceConfig")
    named = config.get("service") if isinstance(config, Mapping) else None
    if not named:
        return {}
    for service in kinds.get("gcp.run.service", ()):
        if _path(service.native_id) == _path(named):
            metadata = service.properties.get("metadata")
            annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
            return {**service.properties, "metadata": {"annotations": dict(annotations or {})}}
    return None


def sinks_to_bucket(kinds: Kinds, asset: Asset) -> list[str]:
    """Names of the project's sinks that write into the bucket; those of other projects are not known here."""
    destination = f"storage.googleapis.com/{asset.name}"
    return sorted(
        sink.name for sink in kinds.get("gcp.logging.log_sink", ()) if sink.properties.get("destination") == destination
    )


def log_sinks(kinds: Kinds, asset: Asset) -> list[dict[str, Any]]:
    kept = ("destination", "filter", "disabled", "exclusions")
    return [
        {"name": sink.name, **{name: sink.properties[name] for name in kept if name in sink.properties}}
        for sink in sorted(kinds.get("gcp.logging.log_sink", ()), key=lambda sink: sink.name)
    ]


def enabled_services(kinds: Kinds, asset: Asset) -> list[str]:
    """Names of the APIs that are on, as Cloud Asset lists them."""
    services = kinds.get("gcp.serviceusage.service", ())
    return sorted(service.name for service in services if service.properties.get("state", "ENABLED") == "ENABLED")


def api_keys(kinds: Kinds, asset: Asset) -> list[str]:
    """Names, as people gave them, of the keys that are not deleted."""
    keys = [key.properties for key in kinds.get("gcp.apikeys.key", ()) if not key.properties.get("deleteTime")]
    return sorted(str(key.get("displayName") or key.get("uid") or "a key without a name") for key in keys)


READERS: Mapping[str, Mapping[str, Reader]] = {
    "gcp.compute.instance": {"project_metadata": project_metadata},
    "gcp.compute.network": {"dns_policies": dns_policies},
    "gcp.compute.target_https_proxy": {"ssl_policy": ssl_policy},
    "gcp.compute.target_ssl_proxy": {"ssl_policy": ssl_policy},
    "gcp.storage.bucket": {"sinks": sinks_to_bucket},
    "gcp.cloudfunctions.function": {"run_service": run_service},
    "gcp.cloudresourcemanager.project": {
        "log_sinks": log_sinks,
        "log_alerts": log_alerts,
        "enabled_services": enabled_services,
        "api_keys": api_keys,
    },
}


def with_overview_facts(asset: Asset, overview: Overview, explain: Callable[[Exception], ProviderError]) -> Asset:
    """``explain`` makes a `ProviderError` of an SDK's error."""
    readers = READERS.get(asset.type)
    if readers is None:
        return asset
    try:
        kinds = overview.kinds()
    except Exception as error:  # noqa: BLE001 # any failure is marked on the asset; the resource itself was read
        return without_facts(asset, readers, explain(error).code)
    for name, read in readers.items():
        try:
            asset = with_facts(asset, {name: read(kinds, asset)})
        except SHAPE_ERRORS:
            asset = without_facts(asset, (name,), UNEXPECTED)
    return asset


def _path(name: Any) -> str:
    """``projects/…`` without the project, of a full resource name or a URL: the host before it differs."""
    return str(name).rpartition("projects/")[2].partition("/")[2]


def _objects(items: Any) -> list[Mapping[str, Any]]:
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def _of(asset: Asset, name: str) -> list[Mapping[str, Any]]:
    return _objects(asset.properties.get(name))
