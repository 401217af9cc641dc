"""IAM's model cut down to the one question of a heartbeat's probe. No Django.

botocore makes a method of each of IAM's operations with each client, and an object of each member of an answer. The
probe asks one operation and reads a few members of it, once for each account every quarter of an hour.

Operation and members: botocore's ``data/iam/2010-05-08/service-2.json``, ``SimulatePrincipalPolicy`` and
``EvaluationResult``; https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
"""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.loaders import Loader

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


class LeanLoader(Loader):
    """As the ``whole`` loader, but for IAM's model."""

    def __init__(self, whole: Loader) -> None:
        super().__init__(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
        self._whole = whole

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        if (service_name, type_name) == ("iam", "service-2"):
            return _lean(self._whole)
        return self._whole.load_service_model(service_name, type_name, api_version)


@cache
def _lean(whole: Loader) -> dict[str, Any]:
    model = whole.load_service_model("iam", "service-2")
    result = model["shapes"]["EvaluationResult"]
    members = {name: member for name, member in result["members"].items() if name in READ}
    shapes = {**model["shapes"], "EvaluationResult": {**result, "members": members}}
    return {**model, "shapes": shapes, "operations": {OPERATION: model["operations"][OPERATION]}}
