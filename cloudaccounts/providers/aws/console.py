"""Addresses of resources in the AWS console. No Django, no SDK, no network.

Every part comes from a cloud's answer, so others may have chosen it: partition and region are looked up in our own
tables, each identifier must fit the pattern of its kind and is percent-encoded, and the finished address must be on one
of the partition's consoles. Else there is no link.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote, urlsplit

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.aws.regions import PARTITIONS, Partition, is_region

# Python's \d and \w match digits and letters of all scripts: only explicit ASCII classes are used here.
_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]{0,12}):(?P<service>[a-z0-9-]{1,32}):(?P<region>[a-z0-9-]{0,32}):(?P<account>[0-9]{12}|):"
    r"(?P<resource>[A-Za-z0-9_+=,.@/:#$!-]{1,1000})"
)
_NAME = r"[A-Za-z0-9_.-]{1,255}"
_IAM_NAME = r"(?:[A-Za-z0-9_+=,.@-]{1,512}/)*(?P<name>[A-Za-z0-9_+=,.@-]{1,128})"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def _ec2(prefix: str) -> str:
    return rf"(?P<id>{prefix}-[0-9a-f]{{8,17}})"


# By type: the ARN's service, the pattern of its resource, and the address. {c} is the region's console, {g} the
# partition's, {r} the region, {arn} the ARN, {account} the account; the rest are the pattern's groups.
_LINKS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "aws.ec2.instance": (
            "ec2",
            f"instance/{_ec2('i')}",
            "{c}/ec2/home?region={r}#InstanceDetails:instanceId={id}",
        ),
        "aws.ec2.volume": ("ec2", f"volume/{_ec2('vol')}", "{c}/ec2/home?region={r}#VolumeDetails:volumeId={id}"),
        "aws.ec2.snapshot": (
            "ec2",
            f"snapshot/{_ec2('snap')}",
            "{c}/ec2/home?region={r}#SnapshotDetails:snapshotId={id}",
        ),
        "aws.ec2.image": ("ec2", f"image/{_ec2('ami')}", "{c}/ec2/home?region={r}#ImageDetails:imageId={id}"),
        "aws.ec2.security_group": (
            "ec2",
            f"security-group/{_ec2('sg')}",
            "{c}/ec2/home?region={r}#SecurityGroup:groupId={id}",
        ),
        "aws.ec2.network_interface": (
            "ec2",
            f"network-interface/{_ec2('eni')}",
            "{c}/ec2/home?region={r}#NetworkInterface:networkInterfaceId={id}",
        ),
        "aws.ec2.vpc": ("ec2", f"vpc/{_ec2('vpc')}", "{c}/vpcconsole/home?region={r}#VpcDetails:VpcId={id}"),
        "aws.ec2.subnet": (
            "ec2",
            f"subnet/{_ec2('subnet')}",
            "{c}/vpcconsole/home?region={r}#SubnetDetails:subnetId={id}",
        ),
        "aws.ec2.route_table": (
            "ec2",
            f"route-table/{_ec2('rtb')}",
            "{c}/vpcconsole/home?region={r}#RouteTableDetails:RouteTableId={id}",
        ),
        "aws.elbv2.load_balancer": (
            "elasticloadbalancing",
            rf"loadbalancer/(?:app|net|gwy)/{_NAME}/[0-9a-f]{{8,32}}",
            "{c}/ec2/home?region={r}#LoadBalancer:loadBalancerArn={arn}",
        ),
        "aws.account.region": ("ec2", "account-settings", "{c}/ec2/home?region={r}#Settings:"),
        "aws.s3.bucket": ("s3", r"(?P<name>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])", "{s3}/s3/buckets/{name}"),
        "aws.iam.role": ("iam", f"role/{_IAM_NAME}", "{g}/iam/home#/roles/details/{name}"),
        "aws.iam.user": ("iam", f"user/{_IAM_NAME}", "{g}/iam/home#/users/details/{name}"),
        "aws.iam.group": ("iam", f"group/{_IAM_NAME}", "{g}/iam/home#/groups/details/{name}"),
        "aws.iam.policy": ("iam", f"policy/{_IAM_NAME}", "{g}/iam/home#/policies/{arn}"),
        "aws.iam.account": ("iam", "root", "{g}/iam/home#/account_settings"),
        "aws.iam.credentials": (
            "iam",
            rf"credentials/{_IAM_NAME}",
            "{g}/iam/home#/users/details/{name}",
        ),
        "aws.lambda.function": (
            "lambda",
            r"function:(?P<name>[A-Za-z0-9_-]{1,140})",
            "{c}/lambda/home?region={r}#/functions/{name}",
        ),
        "aws.rds.instance": (
            "rds",
            r"db:(?P<name>[A-Za-z0-9-]{1,63})",
            "{c}/rds/home?region={r}#database:id={name};is-cluster=false",
        ),
        "aws.rds.cluster": (
            "rds",
            r"cluster:(?P<name>[A-Za-z0-9-]{1,63})",
            "{c}/rds/home?region={r}#database:id={name};is-cluster=true",
        ),
        "aws.dynamodb.table": (
            "dynamodb",
            rf"table/(?P<name>{_NAME})",
            "{c}/dynamodbv2/home?region={r}#table?name={name}",
        ),
        "aws.kms.key": (
            "kms",
            rf"key/(?P<id>(?:mrk-)?[0-9a-f]{{32}}|{_UUID})",
            "{c}/kms/home?region={r}#/kms/keys/{id}",
        ),
        "aws.secretsmanager.secret": (
            "secretsmanager",
            # The ! is in the names that services give to the secrets that they manage, such as rds!cluster-….
            r"secret:(?P<name>[A-Za-z0-9/_+=.@!-]{1,505})-[A-Za-z0-9]{6}",
            "{c}/secretsmanager/secret?name={name}&region={r}",
        ),
        "aws.sqs.queue": ("sqs", r"(?P<name>[A-Za-z0-9_.-]{1,80})", "{c}/sqs/v2/home?region={r}#/queues/{queue}"),
        "aws.sns.topic": ("sns", r"[A-Za-z0-9_.-]{1,256}", "{c}/sns/v3/home?region={r}#/topic/{arn}"),
        "aws.eks.cluster": ("eks", rf"cluster/(?P<name>{_NAME})", "{c}/eks/home?region={r}#/clusters/{name}"),
        "aws.ecs.cluster": ("ecs", rf"cluster/(?P<name>{_NAME})", "{c}/ecs/v2/clusters/{name}?region={r}"),
        "aws.ecr.repository": (
            "ecr",
            r"repository/(?P<name>[a-z0-9][a-z0-9/_.-]{1,255})",
            "{c}/ecr/repositories/private/{account}/{path}?region={r}",
        ),
        "aws.cloudtrail.trail": ("cloudtrail", rf"trail/{_NAME}", "{c}/cloudtrail/home?region={r}#/trails/{arn}"),
        "aws.cloudtrail.account": ("cloudtrail", "account-trails", "{h}/cloudtrail/home?region={home}#/trails"),
        "aws.config.recorder": ("config", "configuration-recorder", "{c}/config/home?region={r}#/dashboard"),
        "aws.ec2.network_acl": (
            "ec2",
            f"network-acl/{_ec2('acl')}",
            "{c}/vpcconsole/home?region={r}#NetworkAclDetails:networkAclId={id}",
        ),
        "aws.s3.account": ("s3", "account/[0-9]{12}", "{s3}/s3/settings"),
        "aws.securityhub.region": ("securityhub", "hub/default", "{c}/securityhub/home?region={r}#/summary"),
        "aws.accessanalyzer.region": ("access-analyzer", "analyzers", "{c}/access-analyzer/home?region={r}#/"),
        "aws.guardduty.region": ("guardduty", "detectors", "{c}/guardduty/home?region={r}#/"),
        "aws.cloudformation.stack": (
            "cloudformation",
            rf"stack/{_NAME}/{_UUID}",
            "{c}/cloudformation/home?region={r}#/stacks/stackinfo?stackId={encoded_arn}",
        ),
        "aws.logs.log_group": (
            "logs",
            r"log-group:(?P<name>[A-Za-z0-9_./#-]{1,512})",
            "{c}/cloudwatch/home?region={r}#logsV2:log-groups/log-group/{twice}",
        ),
        "aws.cloudfront.distribution": (
            "cloudfront",
            r"distribution/(?P<id>[A-Z0-9]{8,32})",
            "{g}/cloudfront/v4/home#/distributions/{id}",
        ),
        "aws.acm.certificate": (
            "acm",
            rf"certificate/(?P<id>{_UUID})",
            "{c}/acm/home?region={r}#/certificates/{id}",
        ),
        "aws.route53.hosted_zone": (
            "route53",
            r"hostedzone/(?P<id>[A-Z0-9]{1,32})",
            "{g}/route53/v2/hostedzones#ListRecordSets/{id}",
        ),
        "aws.apigateway.rest_api": (
            "apigateway",
            r"/restapis/(?P<id>[a-z0-9]{5,32})",
            "{c}/apigateway/main/apis/{id}/resources?api={id}&region={r}",
        ),
        "aws.efs.file_system": (
            "elasticfilesystem",
            r"file-system/(?P<id>fs-[0-9a-f]{8,17})",
            "{c}/efs/home?region={r}#/file-systems/{id}",
        ),
    }
)
_PATTERNS = {kind: re.compile(pattern) for kind, (_, pattern, _) in _LINKS.items()}
# There is no page for what an account does not use, and none for certificates that IAM keeps.
_WITHOUT_PAGE = frozenset({"aws.account.unused_service", "aws.iam.server_certificate"})


def build_console_link(asset: Asset, *, account_id: str, partition: str, tenant: str = "") -> str:
    """Empty where none can be built safely. ``tenant`` is for other clouds."""
    known_partition, arn = PARTITIONS.get(partition), _ARN.fullmatch(asset.native_id)
    # The partition of the account and that of the ARN must be one: an ARN comes from the cloud's answer, and so from
    # strangers.
    if known_partition is None or arn is None or arn["partition"] != partition or asset.type in _WITHOUT_PAGE:
        return ""
    # A bucket's ARN has no region, and its page needs none; the asset's is for the check of the host.
    region = arn["region"] or (asset.region if asset.type == "aws.s3.bucket" else "")
    # The region becomes a part of the host, so only names of our own table get there.
    if region and not is_region(partition, region):
        return ""
    if re.fullmatch("[0-9]{12}", account_id) is None:
        return ""
    link = _link_by_table(asset.type, arn, known_partition, region, account_id) or _link_by_arn(arn, known_partition)
    return link if _is_safe(link, known_partition, region) else ""


def _link_by_table(kind: str, arn: re.Match[str], partition: Partition, region: str, account_id: str) -> str:
    """By the table; empty for a type that it lacks, or an identifier that does not fit its type."""
    # The general address covers types that the table lacks.
    if kind not in _LINKS:
        return ""
    service, _, template = _LINKS[kind]
    match = _PATTERNS[kind].fullmatch(arn["resource"])
    if match is None or arn["service"] != service or ("{c}" in template and not region):
        return ""
    # Encoded whole: a slash, a # or an @ in a name must not end the part that it stands in.
    groups = {key: quote(value, safe="") for key, value in match.groupdict().items()}
    name = match.groupdict().get("name", "")
    return template.format(
        c=f"https://{region}.{partition.console}",
        g=f"https://{partition.console}",
        h=f"https://{partition.home}.{partition.console}",
        s3=f"https://s3.{partition.console}",
        r=region,
        home=partition.home,
        account=account_id,
        arn=quote(arn[0], safe=":/"),
        encoded_arn=quote(arn[0], safe=""),
        path=quote(name, safe="/"),
        # CloudWatch's console has an encoding of its own behind the #: percent-encoded twice, with $ for %.
        twice=quote(quote(name, safe=""), safe="").replace("%", "$"),
        queue=quote(f"https://sqs.{region}.{partition.dns_suffix}/{arn['account'] or account_id}/{name}", safe=""),
        **groups,
    )


def _link_by_arn(arn: re.Match[str], partition: Partition) -> str:
    """AWS's own way from an ARN to a page. Only known to exist in the standard partition."""
    return f"https://{partition.console}/go/view?arn={quote(arn[0], safe='')}" if partition.name == "aws" else ""


def _is_safe(link: str, partition: Partition, region: str) -> bool:
    parts = urlsplit(link)
    hosts = {partition.console, f"s3.{partition.console}", f"{partition.home}.{partition.console}"}
    if region:
        hosts.add(f"{region}.{partition.console}")
    # Asked of the finished address, whatever made it: a link that leads anywhere else is none.
    return parts.scheme == "https" and parts.netloc in hosts and link.isascii() and link.isprintable()
