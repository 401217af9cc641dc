"""Certificates, stacks, log groups, DNS zones and CDN distributions."""

from __future__ import annotations

from collections.abc import Iterator

from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.provider_kit.normalization import plain
from cloudaccounts.providers.aws.inventory.common import Scope, asset, paged, tags

# Without this, ACM lists RSA 2048 and 1024 only: API reference of ListCertificates.
_KEY_TYPES = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]


def acm(scope: Scope) -> Iterator[Asset]:
    """Read at every scan unless there are none, because AWS renews certificates without an event (see `changes`)."""
    client = scope.connection.client("acm", scope.region)
    for item in paged(client, "list_certificates", "CertificateSummaryList", Includes={"keyTypes": _KEY_TYPES}):
        properties = {
            "domain": item.get("DomainName"),
            "type": item.get("Type"),
            "status": item.get("Status"),
            "key": item.get("KeyAlgorithm"),
            "in_use": item.get("InUse"),
            "expires_at": plain(item.get("NotAfter")),
        }
        arn = item["CertificateArn"]
        yield asset(scope, "acm.certificate", arn, item.get("DomainName") or arn.rpartition("/")[2], properties)


def cloudformation(scope: Scope) -> Iterator[Asset]:
    """Outputs and parameters are left out: they may hold secrets."""
    client = scope.connection.client("cloudformation", scope.region)
    for item in paged(client, "describe_stacks", "Stacks"):
        properties = {
            "termination_protection": item.get("EnableTerminationProtection", False),
            "role": item.get("RoleARN"),
            "created_at": plain(item.get("CreationTime")),
            OBSERVED: {"status": item.get("StackStatus"), "updated_at": plain(item.get("LastUpdatedTime"))},
        }
        name = item["StackName"]
        yield asset(scope, "cloudformation.stack", item["StackId"], name, properties, tags=tags(item.get("Tags")))


def logs(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("logs", scope.region)
    for item in paged(client, "describe_log_groups", "logGroups"):
        properties = {
            "retention_days": item.get("retentionInDays"),
            "kms_key_id": item.get("kmsKeyId"),
            "class": item.get("logGroupClass"),
            OBSERVED: {"bytes": item.get("storedBytes")},
        }
        # The older field ends in :*, which ARNs in policies need, and other services do not.
        arn = item.get("logGroupArn") or item["arn"].removesuffix(":*")
        yield asset(scope, "logs.log_group", arn, item["logGroupName"], properties)


def route53(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("route53")
    for item in paged(client, "list_hosted_zones", "HostedZones"):
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
        yield asset(scope, "route53.hosted_zone", arn, item["Name"].rstrip("."), properties)


def cloudfront(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("cloudfront")
    # Not by `paged`: CloudFront nests the items one level deeper than other services.
    for page in client.get_paginator("list_distributions").paginate():
        for item in page.get("DistributionList", {}).get("Items", ()):
            certificate = item.get("ViewerCertificate", {})
            behaviours = [item.get("DefaultCacheBehavior", {}), *item.get("CacheBehaviors", {}).get("Items", ())]
            properties = {
                "id": item["Id"],
                "enabled": item.get("Enabled"),
                "domain": item.get("DomainName"),
                "aliases": sorted(item.get("Aliases", {}).get("Items", ())),
                "viewer_protocols": sorted({behaviour.get("ViewerProtocolPolicy", "") for behaviour in behaviours}),
                "minimum_tls": certificate.get("MinimumProtocolVersion"),
                "own_certificate": not certificate.get("CloudFrontDefaultCertificate", False),
                "web_acl": item.get("WebACLId") or None,
                OBSERVED: {"status": item.get("Status")},
            }
            aliases = item.get("Aliases", {}).get("Items", ())
            name = next(iter(sorted(aliases)), item.get("DomainName") or item["Id"])
            yield asset(scope, "cloudfront.distribution", item["ARN"], name, properties)
