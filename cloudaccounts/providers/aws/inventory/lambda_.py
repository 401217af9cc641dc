"""Lambda in one region: functions, with the policy that says who may call them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.aws.errors import aws_code
from cloudaccounts.providers.aws.inventory.common import Properties, Scope, asset, document, each, paged

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import FunctionConfigurationTypeDef

THREADS = 4  # functions read at once: each takes two small calls, and one for each alias


def collect(scope: Scope) -> Iterator[Asset]:
    client: LambdaClient = scope.connection.client("lambda", scope.region)
    items = paged(client, "list_functions", "Functions")
    yield from each(partial(_function, scope, client), items, threads=THREADS)


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
        lambda: document(client.get_policy(FunctionName=name)["Policy"]),
        permission="lambda:GetPolicy",
        absent=("ResourceNotFoundException",),
    )
    # All of them or none: a function counts as closed only where each of its policies was read.
    properties.read("alias_policies", lambda: _alias_policies(client, name), permission="lambda:ListAliases")
    return asset(scope, "lambda.function", item["FunctionArn"], name, properties.to_dict())


def _alias_policies(client: LambdaClient, name: str) -> dict[str, Any]:
    """The policies of the aliases that have one of their own: it counts for calls to the alias.

    https://docs.aws.amazon.com/lambda/latest/dg/versioning-aliases.html
    """
    aliases = sorted(alias["Name"] for alias in paged(client, "list_aliases", "Aliases", FunctionName=name))
    policies = {alias: _alias_policy(client, name, alias) for alias in aliases}
    return {alias: policy for alias, policy in policies.items() if policy is not None}


def _alias_policy(client: LambdaClient, name: str, alias: str) -> Any:
    try:
        return document(client.get_policy(FunctionName=name, Qualifier=alias)["Policy"])
    except ClientError as error:
        if aws_code(error) == "ResourceNotFoundException":  # it has none
            return None
        raise
