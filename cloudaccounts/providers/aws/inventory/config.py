"""AWS Config in one region: whether changes of resources are recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.provider_kit.normalization import ordered
from cloudaccounts.providers.aws.inventory.common import Properties, Scope, asset


def collect(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("config", scope.region)
    recorders = client.describe_configuration_recorders().get("ConfigurationRecorders", ())
    properties = Properties(scope.connection)
    properties.values["status"] = ()
    if recorders:  # without one there is no state to ask for
        properties.read(
            "status",
            lambda: client.describe_configuration_recorder_status().get("ConfigurationRecordersStatus", ()),
            permission="config:DescribeConfigurationRecorderStatus",
        )
    # Whether a recorder is on is in another list than the recorder.
    states = {item.get("name"): item for item in properties.values.pop("status") or ()}
    if "status" in properties.refused:
        properties.refused["recorders"] = properties.refused.pop("status")
    properties.values["recorders"] = ordered(_recorder(item, states.get(item.get("name"), {})) for item in recorders)
    # The result of the last delivery changes without anybody; whether the recorder is on does not.
    properties.values[OBSERVED] = {str(name): item.get("lastStatus") for name, item in states.items()}
    yield asset(
        scope, "config.recorder", scope.arn("config", "configuration-recorder"), scope.region, properties.to_dict()
    )


def _recorder(recorder: Any, status: Any) -> dict[str, Any]:
    group = recorder.get("recordingGroup", {})
    return {
        "name": recorder.get("name"),
        "recording": status.get("recording"),
        "all_supported": group.get("allSupported"),
        "global_types": group.get("includeGlobalResourceTypes"),
    }
