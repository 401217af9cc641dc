"""Lambda in one region: functions, with the policy that says who may call them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.deadlines import in_order
from cloudaccounts.providers.aws.inventory.common import Properties, Scope, asset, document, paged

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import FunctionConfigurationTypeDef

THREADS = 4  # functions read at once: each takes a small call


def collect(scope: Scope) -> Iterator[Asset]:
    client: LambdaClient = scope.connection.client("lambda", scope.region)
    items = paged(client, "list_functions", "Functions")
    yield from in_order(partial(_function, scope, client), items, threads=THREADS)


def _function(scope: Scope, client: LambdaClient, item: FunctionConfigurationTypeDef) -> Asset:
    """Environment variables are left out: they may hold secrets."""
    name = item["FunctionName"]
    properties = Properties(scope.connection)
    properties.values |= {
        "runtime": item.get("Runtime"),
        "package": item.get("PackageType"),
        "role": item.get("Role"),
        "vpc_id": item.get("VpcConfig", {}).get("VpcId") or None,
        "kms_key_id": item.get("KMSKeyArn"),
        "tracing": item.get("TracingConfig", {}).get("Mode"),
        "modified_at": item.get("LastModified"),
    }
    # A function without a policy is ResourceNotFoundException: nobody else may call it.
    properties.read(
        "policy",
        lambda: document(client.get_policy(FunctionName=name).get("Policy")),
        permission="lambda:GetPolicy",
        absent=("ResourceNotFoundException",),
    )
    return asset(scope, "lambda.function", item["FunctionArn"], name, properties.to_dict())
