"""IAM policies as normalized assets: who may do what, on which resource of the project. No Django."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.gcp.regions import GLOBAL

if TYPE_CHECKING:
    from google.cloud import asset_v1


def normalize(service: str, result: asset_v1.IamPolicySearchResult) -> Asset:
    """Bindings sorted by role, members by name: their order means nothing. Inherited policies are not among them."""
    policy = type(result).pb(result).policy
    bindings = sorted(
        (
            {
                "role": binding.role,
                "members": sorted(binding.members),
                # An empty expression is how protobuf writes that there is no condition.
                "condition": binding.condition.expression or None,
            }
            for binding in policy.bindings
        ),
        key=_sort_key,
    )
    return Asset(
        type="gcp.iam_policy.policy",
        service=service,
        region=GLOBAL,
        native_id=result.resource,
        name=result.resource.rpartition("/")[2],
        properties={"resource_type": result.asset_type, "bindings": bindings},
    )


def _sort_key(binding: dict[str, Any]) -> tuple[str, str]:
    return (str(binding["role"]), str(binding["condition"] or ""))
