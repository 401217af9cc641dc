"""Containers in one region: EKS and ECS clusters, ECR repositories."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.aws.errors import is_denied
from cloudaccounts.providers.aws.inventory.common import (
    Properties,
    Scope,
    asset,
    document,
    each,
    held_back,
    lower_tags,
    one_by_one,
    paged,
    unless_empty,
)
from cloudaccounts.providers.aws.policy.patterns import covers

THREADS = 4  # EKS clusters, or repositories, read at once: each takes a small call
ECS_BATCH = 100  # clusters that DescribeClusters takes
_EKS_FACTS = (
    *("public_endpoint", "private_endpoint", "public_cidrs", "secrets_encrypted", "logs", "role", "vpc_id"),
    *("created_at", OBSERVED),
)


def eks(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("eks", scope.region)
    # EKS describes one cluster for each call.
    names = paged(client, "list_clusters", "clusters")
    yield from each(partial(_eks_cluster, scope, client), names, threads=THREADS)


def _eks_cluster(scope: Scope, client: Any, name: str) -> Asset:
    properties = Properties(scope.connection)
    properties.read(
        "cluster", lambda: _eks_facts(client, name), permission="eks:DescribeCluster", names=("tags", *_EKS_FACTS)
    )
    # Tags are no property of the asset, so nothing may be said of them under `UNREADABLE`.
    properties.refused.pop("tags", None)
    cluster_tags = properties.values.pop("tags") or {}
    return asset(
        scope, "eks.cluster", scope.arn("eks", f"cluster/{name}"), name, properties.to_dict(), tags=cluster_tags
    )


def _eks_facts(client: Any, name: str) -> dict[str, Any]:
    """The version is under `OBSERVED`, since AWS upgrades clusters whose version is out of support."""
    cluster = client.describe_cluster(name=name)["cluster"]
    network = cluster.get("resourcesVpcConfig", {})
    logging = cluster.get("logging", {}).get("clusterLogging", ())
    return {
        "tags": dict(sorted((cluster.get("tags") or {}).items())),
        "public_endpoint": network.get("endpointPublicAccess"),
        "private_endpoint": network.get("endpointPrivateAccess"),
        "public_cidrs": sorted(network.get("publicAccessCidrs") or ()),
        "secrets_encrypted": any(
            "secrets" in item.get("resources", ()) for item in cluster.get("encryptionConfig", ())
        ),
        "logs": sorted(kind for item in logging if item.get("enabled") for kind in item.get("types", ())),
        "role": cluster.get("roleArn"),
        "vpc_id": network.get("vpcId"),
        "created_at": plain(cluster.get("createdAt")),
        OBSERVED: {"status": cluster.get("status"), "version": cluster.get("version")},
    }


def ecs(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("ecs", scope.region)
    # In batches, because a cluster's settings and tags are in DescribeClusters only.
    waiting = paged(client, "list_clusters", "clusterArns")
    odd: list[ProviderError] = []
    while arns := list(islice(waiting, ECS_BATCH)):
        try:
            described = _ecs_described(client, arns)
        except ClientError as error:
            # Throttling or a broken answer would meet each cluster alone as well.
            if not is_denied(error):
                raise
            # One cluster that may not be described refuses the whole batch.
            for arn in arns:
                yield from held_back(odd, _ecs_cluster_alone(scope, client, arn))
        else:
            yield from held_back(odd, one_by_one(partial(_ecs_cluster, scope), described))
    if odd:
        raise odd[0]


def _ecs_described(client: Any, arns: list[str]) -> list[Any]:
    """Raises botocore's errors. Clusters that ECS fails to describe are told with their ARN and the reason.

    MISSING is one that is gone: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
    """
    answer = client.describe_clusters(clusters=arns, include=["SETTINGS", "TAGS"])
    failed = [item for item in answer.get("failures", ()) if item.get("reason") != "MISSING"]
    return [*answer.get("clusters", ()), *failed]


def _ecs_cluster_alone(scope: Scope, client: Any, arn: str) -> Iterator[Asset]:
    properties = Properties(scope.connection)
    properties.read("settings", lambda: _ecs_described(client, [arn]), permission="ecs:DescribeClusters")
    described = properties.values["settings"]
    if described is not None:
        yield from one_by_one(partial(_ecs_cluster, scope), described)
        return
    properties.values["capacity_providers"] = None
    properties.refused["capacity_providers"] = properties.refused["settings"]
    yield asset(scope, "ecs.cluster", arn, arn.rpartition("/")[2], properties.to_dict())


def _ecs_cluster(scope: Scope, item: Any) -> Asset:
    if "clusterArn" not in item:  # a failure
        names = ("settings", "capacity_providers")
        unread = Properties(scope.connection, dict.fromkeys(names), dict.fromkeys(names, "answer_incomplete"))
        return asset(scope, "ecs.cluster", item["arn"], item["arn"].rpartition("/")[2], unread.to_dict())
    properties = {
        "settings": {setting["name"]: setting.get("value") for setting in item.get("settings", ())},
        "capacity_providers": sorted(item.get("capacityProviders", ())),
        OBSERVED: {
            "status": item.get("status"),
            "services": item.get("activeServicesCount"),
            "running_tasks": item.get("runningTasksCount"),
            "instances": item.get("registeredContainerInstancesCount"),
        },
    }
    arn, name = item["clusterArn"], item["clusterName"]
    return asset(scope, "ecs.cluster", arn, name, properties, tags=lower_tags(item.get("tags")))


def ecr(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("ecr", scope.region)
    if (repositories := unless_empty(paged(client, "describe_repositories", "repositories"))) is None:
        return
    # Once a region: scanning is set up for the registry as a whole now, and what a repository says counts beside it
    # (https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html).
    registry = Properties(scope.connection)
    registry.read(
        "registry_scanning",
        lambda: client.get_registry_scanning_configuration().get("scanningConfiguration", {}),
        permission="ecr:GetRegistryScanningConfiguration",
    )
    yield from each(partial(_repository, scope, client, registry), repositories, threads=THREADS)


def scanning_of(name: str, registry: Any) -> dict[str, Any]:
    """How the registry scans a repository: its kind of scanning, and what the rules ask for that fit the name."""
    return {
        "type": registry.get("scanType"),
        "frequencies": sorted(
            {
                str(rule.get("scanFrequency"))
                for rule in registry.get("rules", ())
                if any(_fits(name, str(item.get("filter", ""))) for item in rule.get("repositoryFilters", ()))
            }
        ),
    }


def _fits(name: str, pattern: str) -> bool:
    """A filter without a wildcard fits each name that contains it.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-filters.html
    """
    return covers(pattern, name) if "*" in pattern else pattern in name


def _repository(scope: Scope, client: Any, registry: Properties, item: Any) -> Asset:
    name = item["repositoryName"]
    encryption = item.get("encryptionConfiguration", {})
    properties = Properties(scope.connection, refused=dict(registry.refused))
    scanning = registry.values["registry_scanning"]
    properties.values |= {
        "registry_scanning": None if scanning is None else scanning_of(name, scanning),
        "uri": item.get("repositoryUri"),
        "immutable_tags": {"IMMUTABLE": True, "MUTABLE": False}.get(item.get("imageTagMutability", "")),
        "scan_on_push": item.get("imageScanningConfiguration", {}).get("scanOnPush"),
        "encryption": encryption.get("encryptionType"),
        "kms_key_id": encryption.get("kmsKey"),
        "created_at": plain(item.get("createdAt")),
    }
    properties.read(
        "policy",
        lambda: document(client.get_repository_policy(repositoryName=name)["policyText"]),
        permission="ecr:GetRepositoryPolicy",
        absent=("RepositoryPolicyNotFoundException",),
    )
    return asset(scope, "ecr.repository", item["repositoryArn"], name, properties.to_dict())
