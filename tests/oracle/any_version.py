"""The sandbox for Prowler: ``python -m tests.oracle.any_version``, as `AnyVersion` runs it.

Prowler's SDKs ask Azure in other versions than ours, for whole types at once, and the vaults themselves. The sandbox
refuses that, because the product must not ask so. Here it takes any version, lists any type that it simulates, and
vaults deny everybody their data. Shapes stay those of the versions that it simulates.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sandbox.rig import Rig

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from sandbox.azure.query import Query

# Fields that Azure always tells and the sandbox leaves out, because the product does not read them. Prowler ends its
# reading of all resources of a type at one that lacks them.
_ALWAYS: Mapping[str, Mapping[str, Any]] = {
    "microsoft.containerservice/managedclusters": {"properties": {"agentPoolProfiles": []}},
    "microsoft.insights/components": {"properties": {"InstrumentationKey": "00000000-0000-4000-8000-000000000000"}},
    "microsoft.security/pricings": {"properties": {"freeTrialRemainingTime": "PT0S"}},
    "microsoft.security/settings": {"kind": "DataExportSettings"},
    "microsoft.compute/virtualmachines": {
        "properties": {"storageProfile": {"osDisk": {"managedDisk": {"id": "/subscriptions/s/disks/os"}}}}
    },
}
# Lists that the sandbox answers as they are: of what belongs to the subscription itself.
_OF_SUBSCRIPTION = ("microsoft.security/", "microsoft.insights/diagnosticsettings")


class AnyVersion(Rig):
    module = "tests.oracle.any_version"


def replace_methods() -> None:
    """Of the sandbox, for the whole process."""
    from sandbox.azure import arm
    from sandbox.azure.clouds import TYPES
    from sandbox.azure.emulator import AzureEmulator
    from sandbox.azure.query import action_of, page_of

    newest = {
        f"{namespace}/{name}".lower(): version for namespace, types in TYPES.items() for name, version in types.items()
    }
    as_simulated, route = arm.ResourceManager._resource, AzureEmulator.route

    def resource(self: arm.ResourceManager, query: Query, subscription: Any) -> dict[str, Any]:
        query = replace(query, path=query.path.replace("//", "/"))  # an SDK puts a slash behind the subscription
        kind = action_of(query).removesuffix("/read").lower()
        asked = replace(query, parameters={**query.parameters, "api-version": newest.get(kind, "")})
        # /subscriptions/ID/providers/NAMESPACE/TYPE
        if len(asked.parts) == 5 and kind in newest and not kind.startswith(_OF_SUBSCRIPTION):
            items = [item for item in subscription.resources.values() if item["type"].lower() == kind]
            return _told(kind, page_of(asked, items))
        return _told(kind, as_simulated(self, asked, subscription))

    def to_vaults(self: AzureEmulator, host: str) -> Any:
        return _denied if host.endswith(".vault.azure.net") else route(self, host)

    arm.ResourceManager._resource = resource  # type: ignore[method-assign]
    setattr(arm, "check_version", lambda query, supported: None)  # noqa: B010 # imported there, and so not exported
    AzureEmulator.route = to_vaults  # type: ignore[method-assign]


def _told(kind: str, answer: dict[str, Any]) -> dict[str, Any]:
    always = _ALWAYS.get(kind, {})
    if "value" in answer:
        return {**answer, "value": [_with(always, item) for item in answer["value"]]}
    return _with(always, answer)


def _with(more: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    """Where both tell something, what is there wins."""
    added = {
        name: _with(value, item.get(name, {})) if isinstance(value, Mapping) else item.get(name, value)
        for name, value in more.items()
    }
    return {**item, **added}


def _denied(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    body = json.dumps({"error": {"code": "Forbidden", "message": "Caller is not authorized."}}).encode()
    start_response("403 Forbidden", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


if __name__ == "__main__":
    from sandbox.__main__ import main

    replace_methods()
    sys.exit(main())
