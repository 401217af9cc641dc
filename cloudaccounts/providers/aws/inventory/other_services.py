"""Certificates, stacks, log groups, DNS zones and CDN distributions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.aws.inventory.common import Scope, asset, one_by_one, paged, tags

# Without this, ACM lists RSA 2048 and 1024 only: API reference of ListCertificates.
_KEY_TYPES = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]


def acm(scope: Scope) -> Iterator[Asset]:
    """Read at every scan unless there are none, because AWS renews certificates without an event (see `changes`)."""
    client = scope.connection.client("acm", scope.region)
    items = paged(client, "list_certificates", "CertificateSummaryList", Includes={"keyTypes": _KEY_TYPES})
    yield from one_by_one(partial(_certificate, scope), items)


def _certificate(scope: Scope, item: Any) -> Asset:
    properties = {
        "domain": item.get("DomainName"),
        "type": item.get("Type"),
        "status": item.get("Status"),
        "key": item.get("KeyAlgorithm"),
        "in_use": item.get("InUse"),
        "expires_at": plain(item.get("NotAfter")),
    }
    arn = item["CertificateArn"]
    return asset(scope, "acm.certificate", arn, item.get("DomainName") or arn.rpartition("/")[2], properties)


def cloudformation(scope: Scope) -> Iterator[Asset]:
    """Outputs and parameters are left out: they may hold secrets."""
    client = scope.connection.client("cloudformation", scope.region)
    yield from one_by_one(partial(_stack, scope), paged(client, "describe_stacks", "Stacks"))


def _stack(scope: Scope, item: Any) -> Asset:
    properties = {
        "termination_protection": item.get("EnableTerminationProtection", False),
        "role": item.get("RoleARN"),
        "created_at": plain(item.get("CreationTime")),
        OBSERVED: {"status": item.get("StackStatus"), "updated_at": plain(item.get("LastUpdatedTime"))},
    }
    name = item["StackName"]
    return asset(scope, "cloudformation.stack", item["StackId"], name, properties, tags=tags(item.get("Tags")))


def logs(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("logs", scope.region)
    yield from one_by_one(partial(_log_group, scope), paged(client, "describe_log_groups", "logGroups"))


def _log_group(scope: Scope, item: Any) -> Asset:
    properties = {
        "retention_days": item.get("retentionInDays"),
        "kms_key_id": item.get("kmsKeyId"),
        "class": item.get("logGroupClass"),
        OBSERVED: {"bytes": item.get("storedBytes")},
    }
    # The older field ends in :*, which ARNs in policies need, and other services do not.
    arn = item.get("logGroupArn") or item["arn"].removesuffix(":*")
    return asset(scope, "logs.log_group", arn, item["logGroupName"], properties)


def route53(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("route53")
    yield from one_by_one(partial(_zone, scope), paged(client, "list_hosted_zones", "HostedZones"))


def _zone(scope: Scope, item: Any) -> Asset:
    identifier = item["Id"].rpartition("/")[2]
    config = item.get("Config", {})
    properties = {
        "id": identifier,
        "private": config.get("PrivateZone", False),
        "comment": config.get("Comment", ""),
        OBSERVED: {"records": item.get("ResourceRecordSetCount")},
    }
    # Route 53 gives an id alone. Its ARNs have neither region nor account.
    arn = f"arn:{scope.connection.partition.name}:route53:::hostedzone/{identifier}"
    return asset(scope, "route53.hosted_zone", arn, item["Name"].rstrip("."), properties)


def cloudfront(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("cloudfront")
    # Not by `paged`: CloudFront nests the items one level deeper than other services.
    pages = client.get_paginator("list_distributions").paginate()
    items = (item for page in pages for item in page.get("DistributionList", {}).get("Items", ()))
    yield from one_by_one(partial(_distribution, scope), items)


def _distribution(scope: Scope, item: Any) -> Asset:
    certificate = item.get("ViewerCertificate", {})
    behaviours = [item.get("DefaultCacheBehavior", {}), *item.get("CacheBehaviors", {}).get("Items", ())]
    aliases = sorted(item.get("Aliases", {}).get("Items", ()))
    default = certificate.get("CloudFrontDefaultCertificate")
    properties = {
        "id": item["Id"],
        "enabled": item.get("Enabled"),
        "domain": item.get("DomainName"),
        "aliases": aliases,
        "viewer_protocols": sorted({behaviour.get("ViewerProtocolPolicy", "") for behaviour in behaviours}),
        "minimum_tls": certificate.get("MinimumProtocolVersion"),
        "own_certificate": None if default is None else not default,
        "web_acl": item.get("WebACLId") or None,
        OBSERVED: {"status": item.get("Status")},
    }
    name = next(iter(aliases), item.get("DomainName") or item["Id"])
    return asset(scope, "cloudfront.distribution", item["ARN"], name, properties)
