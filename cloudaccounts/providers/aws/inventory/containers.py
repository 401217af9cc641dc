"""Containers in one region: EKS and ECS clusters, ECR repositories."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.provider_kit.deadlines import in_order
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.aws.inventory.common import Properties, Scope, asset, document, lower_tags, paged

THREADS = 4  # EKS clusters, or repositories, read at once: each takes a small call
ECS_BATCH = 100  # clusters that DescribeClusters takes


def eks(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("eks", scope.region)
    # EKS describes one cluster for each call.
    names = paged(client, "list_clusters", "clusters")
    yield from in_order(partial(_eks_cluster, scope, client), names, threads=THREADS)


def _eks_cluster(scope: Scope, client: Any, name: str) -> Asset:
    """The version is under `OBSERVED`, since AWS upgrades clusters whose version is out of support."""
    cluster = client.describe_cluster(name=name)["cluster"]
    network = cluster.get("resourcesVpcConfig", {})
    logging = cluster.get("logging", {}).get("clusterLogging", ())
    properties = {
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
    cluster_tags = dict(sorted((cluster.get("tags") or {}).items()))
    return asset(scope, "eks.cluster", cluster["arn"], name, properties, tags=cluster_tags)


def ecs(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("ecs", scope.region)
    # In batches, because a cluster's settings and tags are in DescribeClusters only.
    waiting = paged(client, "list_clusters", "clusterArns")
    while arns := list(islice(waiting, ECS_BATCH)):
        answer = client.describe_clusters(clusters=arns, include=["SETTINGS", "TAGS"])
        yield from (_ecs_cluster(scope, item) for item in answer.get("clusters", ()))


def _ecs_cluster(scope: Scope, item: Any) -> Asset:
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
    repositories = paged(client, "describe_repositories", "repositories")
    yield from in_order(partial(_repository, scope, client), repositories, threads=THREADS)


def _repository(scope: Scope, client: Any, item: Any) -> Asset:
    name = item["repositoryName"]
    encryption = item.get("encryptionConfiguration", {})
    properties = Properties(scope.connection)
    properties.values |= {
        "uri": item.get("repositoryUri"),
        "immutable_tags": item.get("imageTagMutability") == "IMMUTABLE",
        "scan_on_push": item.get("imageScanningConfiguration", {}).get("scanOnPush", False),
        "encryption": encryption.get("encryptionType"),
        "kms_key_id": encryption.get("kmsKey"),
        "created_at": plain(item.get("createdAt")),
    }
    properties.read(
        "policy",
        lambda: document(client.get_repository_policy(repositoryName=name).get("policyText")),
        permission="ecr:GetRepositoryPolicy",
        absent=("RepositoryPolicyNotFoundException",),
    )
    return asset(scope, "ecr.repository", item["repositoryArn"], name, properties.to_dict())
