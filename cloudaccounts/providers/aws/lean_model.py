"""botocore's models cut down to what this product calls. No Django.

botocore makes a method of each operation of a service with each client, and a client is of one region: EC2's 700 cost
20 ms a region, the dozen that a scan calls 2 ms. A whole model stays for a service that stands in no table here, as the
SDK needs some itself to find this server's identity.

The probe of a heartbeat is leaner still: it asks one operation of IAM and reads a few members of its answer, once for
each account every quarter of an hour.

Operations and members: botocore's ``data/<service>/<version>/service-2.json``; of the probe also
https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from botocore.loaders import Loader

from cloudaccounts.providers.aws.permissions import PERMISSIONS

OPERATION = "SimulatePrincipalPolicy"
# What decides. Which statements matched is for the report, which asks by the whole model.
READ = frozenset(
    {
        "EvalActionName",
        "EvalDecision",
        "MissingContextValues",
        "OrganizationsDecisionDetail",
        "PermissionsBoundaryDecisionDetail",
    }
)
# Beside what a scan reads: validation, rotation of our own keys, and where findings are sent.
_OTHER_CALLS = (
    *("iam.SimulatePrincipalPolicy", "iam.ListUsers", "iam.GetAccessKeyLastUsed", "iam.CreateAccessKey"),
    *("iam.UpdateAccessKey", "iam.DeleteAccessKey", "s3.PutObject", "securityhub.BatchImportFindings"),
)


def _by_service(calls: Iterable[str]) -> Mapping[str, frozenset[str]]:
    by_service: dict[str, set[str]] = {}
    for call in calls:
        service, _, operation = call.partition(".")
        by_service.setdefault(service, set()).add(operation)
    return {service: frozenset(operations) for service, operations in by_service.items()}


OPERATIONS = _by_service((*(call for permission in PERMISSIONS for call in permission.calls), *_OTHER_CALLS))


class LeanLoader(Loader):
    """Of the services in `OPERATIONS` it knows those operations alone, and the shapes that they need."""

    def __init__(self) -> None:
        # Only botocore's own data: AWS_DATA_PATH and ~/.aws/models could bring endpoints of their own.
        super().__init__(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
        self._lean: dict[str, dict[str, Any]] = {}

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        operations = OPERATIONS.get(service_name)
        if type_name != "service-2" or operations is None or api_version is not None:
            return super().load_service_model(service_name, type_name, api_version)
        if service_name not in self._lean:
            # By a loader of its own, which keeps nothing: the whole model of EC2 is tens of megabytes.
            whole = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
            self._lean[service_name] = _cut(whole.load_service_model(service_name, type_name), operations)
        return self._lean[service_name]


class ProbeLoader(Loader):
    """As the ``other`` loader, but for IAM's model."""

    def __init__(self, other: Loader) -> None:
        super().__init__(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
        self._other = other

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        if (service_name, type_name) == ("iam", "service-2"):
            return _probe(self._other)
        return self._other.load_service_model(service_name, type_name, api_version)

    def load_data_with_path(self, name: str) -> Any:
        return self._other.load_data_with_path(name)

    def load_data(self, name: str) -> Any:
        return self._other.load_data(name)


def _cut(model: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    operations = {name: operation for name, operation in model["operations"].items() if name in names}
    needed: set[str] = set()
    # Errors as well, by whose codes answers are read, whichever operation names them.
    waiting = [name for name, shape in model["shapes"].items() if shape.get("exception") or shape.get("error")]
    waiting += _named_shapes(operations)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += _named_shapes(model["shapes"][name])
    shapes = {name: shape for name, shape in model["shapes"].items() if name in needed}
    return {**model, "operations": operations, "shapes": shapes}


def _named_shapes(part: Any) -> list[str]:
    """Every ``shape`` that is named within, at whatever depth."""
    if isinstance(part, list):
        return [name for each in part for name in _named_shapes(each)]
    if not isinstance(part, dict):
        return []
    own = [part["shape"]] if isinstance(part.get("shape"), str) else []
    return own + [name for each in part.values() for name in _named_shapes(each)]


@cache
def _probe(loader: Loader) -> dict[str, Any]:
    model = loader.load_service_model("iam", "service-2")
    result = model["shapes"]["EvaluationResult"]
    members = {name: member for name, member in result["members"].items() if name in READ}
    shapes = {**model["shapes"], "EvaluationResult": {**result, "members": members}}
    return {**model, "shapes": shapes, "operations": {OPERATION: model["operations"][OPERATION]}}
