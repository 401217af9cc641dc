"""Cloud Asset's resources as normalized assets. No Django.

Properties are the resource as its own API returns it, except for three things. Of environment variables and instance
metadata only the names are kept, because people put scripts and passwords there. Secrets are not kept. Version stamps,
which change without anybody changing the resource, are under `OBSERVED`.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict, ParseError, SerializeToJsonError

from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.providers.gcp.regions import region_of

if TYPE_CHECKING:
    from google.cloud import asset_v1

# They change by mere use, or with every write to another field:
# https://cloud.google.com/compute/docs/reference/rest/v1/instances
_STAMPS = frozenset(
    {
        *("etag", "fingerprint", "labelFingerprint", "generation", "metageneration", "updateTime", "updated"),
        *("lastStartTimestamp", "lastStopTimestamp", "lastSuspendedTimestamp", "lastAttachTimestamp"),
        *("lastDetachTimestamp", "lastModifiedTime", "numBytes", "numRows", "numLongTermBytes", "currentNodeCount"),
        *("numTotalLogicalBytes", "numActiveLogicalBytes", "currentDiskSize", "observedGeneration", "resourceVersion"),
    }
)
_NAMES_ONLY = frozenset(
    {"environmentVariables", "buildEnvironmentVariables", "envVariables", "secretEnvironmentVariables"}
)
_SECRET = frozenset(
    {
        *("privateKey", "privateKeyData", "password", "rootPassword", "sharedSecret", "clientSecret", "keyString"),
        *("clientKey", "rawKey", "rsaEncryptedKey", "authString", "accessToken", "credentials", "secretData"),
    }
)
# Instance and project metadata whose values are switches; https://cloud.google.com/compute/docs/metadata
_SWITCHES = frozenset(
    {
        *("enable-oslogin", "enable-oslogin-2fa", "block-project-ssh-keys", "serial-port-enable"),
        *("serial-port-logging-enable", "enable-guest-attributes", "disable-legacy-endpoints", "enable-osconfig"),
        *("google-logging-enabled", "google-monitoring-enabled"),
    }
)
PROJECT_TYPE = "cloudresourcemanager.googleapis.com/Project"
_HIDDEN = "not kept"
_LABELS = ("labels", "resourceLabels", "userLabels")


def normalize(service: str, item: asset_v1.Asset) -> Asset:
    """``service`` is the unit's. The region is that of the location; `GLOBAL` for multi-regions."""
    data = _without_secrets(_data_of(item))
    location = item.resource.location
    stable = {key: value for key, value in data.items() if key not in _STAMPS}
    observed = {key: value for key, value in data.items() if key in _STAMPS}
    # The region is a coarser value: a zone or a multi-region would be lost.
    stable |= {"location": location} if location else {}
    if item.asset_type == PROJECT_TYPE:
        # Folders and the organization, the nearest first; the first is the project itself.
        stable["ancestors"] = [name for name in item.ancestors if not name.startswith("projects/")]
    return Asset(
        type=f"gcp.{service}.{_snake(item.asset_type.rpartition('/')[2])}",
        service=service,
        region=region_of(location),
        native_id=item.name,
        name=_name(item.name, data),
        tags=_tags(data),
        properties=stable | ({OBSERVED: observed} if observed else {}),
    )


def _data_of(item: asset_v1.Asset) -> dict[str, Any]:
    data = type(item).pb(item).resource.data
    try:
        return dict(MessageToDict(data))
    except (ValueError, ParseError, SerializeToJsonError):
        # NaN and infinity, which JSON does not have: one resource that says so must not end the list of the others.
        return {name: _plain(value) for name, value in data.fields.items()}


def _plain(value: Any) -> Any:
    """Of a protobuf Value, with a number that JSON does not have as text: rules find an unexpected form."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return {name: _plain(inner) for name, inner in value.struct_value.fields.items()}
    if kind == "list_value":
        return [_plain(inner) for inner in value.list_value.values]
    if kind == "number_value" and not math.isfinite(value.number_value):
        return str(value.number_value)
    return getattr(value, kind) if kind and kind != "null_value" else None


def _snake(name: str) -> str:
    """``ServiceAccountKey`` as ``service_account_key``, ``SSLCertificate`` as ``ssl_certificate``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _name(full: str, data: dict[str, Any]) -> str:
    for key in ("email", "projectId"):
        named = isinstance(data.get(key), str) and "/keys/" not in full
        if named and full.startswith(("//iam.", "//cloudresourcemanager.")):
            return str(data[key])
    return full.rstrip("/").rpartition("/")[2]


def _tags(data: dict[str, Any]) -> dict[str, str]:
    settings = data.get("settings")
    for holder in (data, settings if isinstance(settings, dict) else {}):
        for key in _LABELS:
            if isinstance(labels := holder.get(key), dict):
                return {str(name): str(value) for name, value in sorted(labels.items())}
    return {}


def _without_secrets(value: Any, key: str = "") -> Any:
    """JSON types. A protobuf Struct holds every number as a float: whole ones become integers again."""
    if isinstance(value, dict):
        if key in _NAMES_ONLY:
            return {str(name): _HIDDEN for name in sorted(value)}
        return {
            name: _HIDDEN if name in _SECRET else _without_secrets(item, name)
            for name, item in _without_value(value, key).items()
        }
    if isinstance(value, list):
        return [_without_secrets(item, key) for item in value]
    # Otherwise a port would be 22.0.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _without_value(item: dict[str, Any], key: str) -> dict[str, Any]:
    """An entry of ``metadata.items`` (key, value) or of a container's ``env`` (name, value), its value hidden."""
    named = item.get("key") if key == "items" else item.get("name") if key == "env" else None
    # By a list of what may be kept: a key that is new is hidden, like those in which people put scripts and
    # passwords.
    if "value" in item and named is not None and named not in _SWITCHES:
        return {**item, "value": _HIDDEN}
    return item
