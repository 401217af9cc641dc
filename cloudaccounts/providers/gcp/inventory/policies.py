"""IAM policies as normalized assets: who may do what, on which resource of the project. No Django."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.gcp.regions import GLOBAL

if TYPE_CHECKING:
    from google.cloud import asset_v1


def normalized(service: str, found: asset_v1.IamPolicySearchResult) -> Asset:
    """Bindings sorted by role, members by name: their order means nothing. Inherited policies are not among them."""
    policy = type(found).pb(found).policy
    bindings = sorted(
        (
            {"role": one.role, "members": sorted(one.members), "condition": one.condition.expression or None}
            for one in policy.bindings
        ),
        key=_order,
    )
    return Asset(
        type="gcp.iam_policy.policy",
        service=service,
        region=GLOBAL,
        native_id=found.resource,
        name=found.resource.rpartition("/")[2],
        properties={"resource_type": found.asset_type, "bindings": bindings},
    )


def _order(binding: dict[str, Any]) -> tuple[str, str]:
    return (str(binding["role"]), str(binding["condition"] or ""))
