"""Who may do everything; and Databricks."""

from __future__ import annotations

from typing import Any

from tests.cloudaccounts.providers.azure.cases import Cases, Properties
from tests.cloudaccounts.providers.azure.cases.storage import NO_PUBLIC_NETWORK, PRIVATE
from tests.cloudaccounts.providers.azure.cases.vaults import EXPORT

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
ADMINISTRATOR = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
ROLE = {"actions": ["*"], "not_actions": [], "data_actions": [], "not_data_actions": []}
CONDITION = (
    "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/"
    "roleAssignments:PrincipalType] StringEqualsIgnoreCase 'User'))"
)
SUBSCRIPTION = ["/subscriptions/s"]


def owners(count: int, *groups: str) -> Properties:
    return {"owners": [*(f"p{number}" for number in range(count)), *groups], "owner_groups": list(groups)}


def role(places: list[str], *entries: Any) -> Properties:
    return {"permissions": list(entries), "assignable_scopes": places}


def bricks(**more: Any) -> Properties:
    usual = {"resource_type": "microsoft.databricks/workspaces", "compute_mode": "Hybrid", "virtual_network": "/net"}
    rows = [{"name": "one", "network_security_group": "/g"}, {"name": "two", "network_security_group": "/g"}]
    return {**usual, "public_subnet": "one", "private_subnet": "two", "subnets": rows, **more}


def bare(*groups: str | None) -> list[dict[str, Any]]:
    return [{"name": name, "network_security_group": group} for name, group in zip(("one", "two"), groups, strict=True)]


def of_workspace(cases: Cases) -> Cases:
    def whole(several: tuple[Properties, ...]) -> tuple[Properties, ...]:
        return tuple({"resource_type": "microsoft.databricks/workspaces", **one} for one in several)

    return Cases(whole(cases.passing), whole(cases.failing), (), whole(cases.unknown))


CASES = {
    "azure_subscription_owners": Cases(
        (owners(2), owners(3), {"owners": ["a", "b"], "owner_groups": []}),
        (owners(1), owners(4), owners(4, "g"), owners(0)),
        (),
        (owners(2, "g"), owners(0, "g"), {"owners": None}, {"owners": "odd"}, {}),
    ),
    "azure_custom_owner_role": Cases(
        (
            role(SUBSCRIPTION, {**ROLE, "actions": ["*/read"]}),
            role(["/"], {**ROLE, "not_actions": ["*/Write"]}),
            role(SUBSCRIPTION, {**ROLE, "not_actions": ["*"]}),
            role(SUBSCRIPTION, {**ROLE, "actions": ["Microsoft.Compute/*"]}),
            role(SUBSCRIPTION, {**ROLE, "actions": ["*/read", "*/write", "*/action"]}),
        ),
        (
            role(SUBSCRIPTION, ROLE),
            role(["/providers/microsoft.management/managementgroups/g"], ROLE),
            role(SUBSCRIPTION, {**ROLE, "actions": ["*/read"]}, {**ROLE, "actions": ["x", "*"]}),
            # By what is covered, however it is written: exceptions of one service leave every kind of action.
            role(["/"], {**ROLE, "not_actions": ["Microsoft.Support/*"]}),
            role(SUBSCRIPTION, {**ROLE, "actions": ["*/*"]}),
            role(SUBSCRIPTION, {**ROLE, "actions": ["*/read", "*/Write", "*/delete", "*/action"]}),
            role(SUBSCRIPTION, {**ROLE, "not_actions": ["*/delete"]}, {**ROLE, "actions": ["*/delete"]}),
        ),
        (role(["/subscriptions/s/resourcegroups/g"], ROLE),),
        ({"permissions": None}, {"permissions": "odd"}, role(SUBSCRIPTION, {**ROLE, "actions": "odd"}), {}),
    ),
    "azure_access_administrator_at_root": Cases(
        tuple(
            {"role_id": ADMINISTRATOR, "scope": scope}
            for scope in (
                "/subscriptions/s",
                "/subscriptions/s/resourcegroups/g",
                "/providers/microsoft.management/managementgroups/g",
            )
        ),
        tuple({"role_id": ADMINISTRATOR, "scope": "/", "principal_type": kind} for kind in ("User", "Group", None)),
        ({"role_id": OWNER, "scope": "/"},),
        (
            {},
            {"role_id": 7, "scope": "/"},
            {"role_id": ADMINISTRATOR, "scope": None},
            {"role_id": ADMINISTRATOR, "scope": "/", "condition": CONDITION},
            {"role_id": ADMINISTRATOR, "scope": "/", "condition": 7},
        ),
    ),
    "azure_owner_is_application": Cases(
        tuple({"role_id": OWNER, "principal_type": kind} for kind in ("User", "Group", "ForeignGroup")),
        (
            *({"role_id": OWNER, "principal_type": "ServicePrincipal", "x": number} for number in range(3)),
            {"role_id": OWNER, "principal_type": "ServicePrincipal", "condition": CONDITION},
        ),
        ({"role_id": ADMINISTRATOR, "principal_type": "ServicePrincipal"},),
        ({"role_id": OWNER}, {"role_id": OWNER, "principal_type": "Robot"}, {}),
    ),
    "azure_databricks_own_network": Cases(
        (bricks(), bricks(compute_mode=None), bricks(compute_mode="hybrid")),
        tuple(bricks(virtual_network=None, compute_mode=mode) for mode in ("Hybrid", None, "hybrid")),
        (bricks(compute_mode="Serverless", virtual_network=None),),
        ({}, bricks(compute_mode="Cloudless")),
    ),
    "azure_databricks_subnet_nsg": Cases(
        (bricks(), bricks(compute_mode=None), bricks(subnets=[*bare("/g", "/h"), {"name": "x"}])),
        (bricks(subnets=bare(None, "/g")), bricks(subnets=bare("/g", None)), bricks(virtual_network=None)),
        (bricks(compute_mode="Serverless"),),
        (
            bricks(subnets=[]),
            bricks(public_subnet=None),
            bricks(subnets=None),
            bricks(compute_mode="Cloudless"),
        ),
    ),
    "azure_databricks_logging": Cases(
        (
            {"log_exports": [EXPORT]},
            {"log_exports": [{**EXPORT, "logs": ["allLogs"]}]},
            {"log_exports": [{**EXPORT, "to": []}, EXPORT]},
        ),
        ({"log_exports": []}, {"log_exports": [{**EXPORT, "to": []}]}, {"log_exports": [{**EXPORT, "logs": []}]}),
        (),
        ({"log_exports": None}, {"log_exports": [{**EXPORT, "logs": 7}]}, {}),
    ),
    "azure_databricks_no_public_ip": Cases(
        tuple(bricks(no_public_ip=True, compute_mode=mode) for mode in ("Hybrid", None, "hybrid")),
        tuple(bricks(no_public_ip=False, compute_mode=mode) for mode in ("Hybrid", None, "hybrid")),
        (bricks(no_public_ip=None, compute_mode="Serverless"),),
        (bricks(no_public_ip=None), bricks(no_public_ip="odd"), bricks(no_public_ip=True, compute_mode="Cloudless")),
    ),
    "azure_databricks_public_network": of_workspace(NO_PUBLIC_NETWORK),
    "azure_databricks_private_endpoint": PRIVATE,
}
