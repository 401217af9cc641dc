"""Addresses in the AWS console: one of each type and partition, and what strangers could make of identifiers."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.aws import console
from cloudaccounts.providers.aws.provider import PROVIDER
from cloudaccounts.providers.aws.regions import PARTITIONS

ACCOUNT = "111122223333"
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
IE, US = "https://eu-west-1.console.aws.amazon.com", "https://us-east-1.console.aws.amazon.com"
HOSTS = {
    prefix + partition.console
    for partition in PARTITIONS.values()
    for prefix in ("", "s3.", *(f"{region.name}." for region in PROVIDER.regions(partition.name)))
}


def link(kind: str, arn: str, partition: str = "aws", region: str = "eu-west-1", account: str = ACCOUNT) -> str:
    asset = Asset(kind, kind.split(".")[1] if "." in kind else kind, region, arn, "name")
    return PROVIDER.build_console_link(asset, account_id=account, partition=partition)


# Type, what follows "arn:aws:", and the address.
LINKS = [
    (
        "aws.ec2.instance",
        "ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0",
        f"{IE}/ec2/home?region=eu-west-1#InstanceDetails:instanceId=i-0123456789abcdef0",
    ),
    (
        "aws.ec2.volume",
        "ec2:eu-west-1:111122223333:volume/vol-01234567",
        f"{IE}/ec2/home?region=eu-west-1#VolumeDetails:volumeId=vol-01234567",
    ),
    (
        "aws.ec2.snapshot",
        "ec2:eu-west-1:111122223333:snapshot/snap-01234567",
        f"{IE}/ec2/home?region=eu-west-1#SnapshotDetails:snapshotId=snap-01234567",
    ),
    (
        "aws.ec2.image",
        "ec2:eu-west-1:111122223333:image/ami-01234567",
        f"{IE}/ec2/home?region=eu-west-1#ImageDetails:imageId=ami-01234567",
    ),
    (
        "aws.ec2.security_group",
        "ec2:eu-west-1:111122223333:security-group/sg-01234567",
        f"{IE}/ec2/home?region=eu-west-1#SecurityGroup:groupId=sg-01234567",
    ),
    (
        "aws.ec2.network_interface",
        "ec2:eu-west-1:111122223333:network-interface/eni-01234567",
        f"{IE}/ec2/home?region=eu-west-1#NetworkInterface:networkInterfaceId=eni-01234567",
    ),
    (
        "aws.ec2.vpc",
        "ec2:eu-west-1:111122223333:vpc/vpc-01234567",
        f"{IE}/vpcconsole/home?region=eu-west-1#VpcDetails:VpcId=vpc-01234567",
    ),
    (
        "aws.ec2.subnet",
        "ec2:eu-west-1:111122223333:subnet/subnet-01234567",
        f"{IE}/vpcconsole/home?region=eu-west-1#SubnetDetails:subnetId=subnet-01234567",
    ),
    (
        "aws.ec2.route_table",
        "ec2:eu-west-1:111122223333:route-table/rtb-01234567",
        f"{IE}/vpcconsole/home?region=eu-west-1#RouteTableDetails:RouteTableId=rtb-01234567",
    ),
    (
        "aws.elbv2.load_balancer",
        "elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/0123456789abcdef",
        f"{IE}/ec2/home?region=eu-west-1#LoadBalancer:loadBalancerArn="
        "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/0123456789abcdef",
    ),
    (
        "aws.account.region",
        "ec2:eu-west-1:111122223333:account-settings",
        f"{IE}/ec2/home?region=eu-west-1#Settings:",
    ),
    ("aws.s3.bucket", "s3:::raw.events-1", "https://s3.console.aws.amazon.com/s3/buckets/raw.events-1"),
    (
        "aws.iam.role",
        "iam::111122223333:role/admin/break-glass",
        "https://console.aws.amazon.com/iam/home#/roles/details/break-glass",
    ),
    (
        "aws.iam.user",
        "iam::111122223333:user/people/ana@example.com",
        "https://console.aws.amazon.com/iam/home#/users/details/ana%40example.com",
    ),
    (
        "aws.iam.group",
        "iam::111122223333:group/people/engineers",
        "https://console.aws.amazon.com/iam/home#/groups/details/engineers",
    ),
    (
        "aws.iam.policy",
        "iam::111122223333:policy/teams/readers",
        "https://console.aws.amazon.com/iam/home#/policies/arn:aws:iam::111122223333:policy/teams/readers",
    ),
    ("aws.iam.account", "iam::111122223333:root", "https://console.aws.amazon.com/iam/home#/account_settings"),
    (
        "aws.iam.credentials",
        "iam::111122223333:credentials/ana",
        "https://console.aws.amazon.com/iam/home#/users/details/ana",
    ),
    (
        "aws.lambda.function",
        "lambda:eu-west-1:111122223333:function:ingest_1",
        f"{IE}/lambda/home?region=eu-west-1#/functions/ingest_1",
    ),
    (
        "aws.rds.instance",
        "rds:eu-west-1:111122223333:db:warehouse",
        f"{IE}/rds/home?region=eu-west-1#database:id=warehouse;is-cluster=false",
    ),
    (
        "aws.rds.cluster",
        "rds:eu-west-1:111122223333:cluster:warehouse",
        f"{IE}/rds/home?region=eu-west-1#database:id=warehouse;is-cluster=true",
    ),
    (
        "aws.dynamodb.table",
        "dynamodb:eu-west-1:111122223333:table/sessions",
        f"{IE}/dynamodbv2/home?region=eu-west-1#table?name=sessions",
    ),
    ("aws.kms.key", f"kms:eu-west-1:111122223333:key/{UUID}", f"{IE}/kms/home?region=eu-west-1#/kms/keys/{UUID}"),
    (
        "aws.secretsmanager.secret",
        "secretsmanager:eu-west-1:111122223333:secret:warehouse/admin-a1B2c3",
        f"{IE}/secretsmanager/secret?name=warehouse%2Fadmin&region=eu-west-1",
    ),
    (
        "aws.secretsmanager.secret",
        "secretsmanager:eu-west-1:111122223333:secret:rds!cluster-11112222-3333-4444-5555-666677778888-a1B2c3",
        f"{IE}/secretsmanager/secret?name=rds%21cluster-11112222-3333-4444-5555-666677778888&region=eu-west-1",
    ),
    (
        "aws.sqs.queue",
        "sqs:eu-west-1:111122223333:events",
        f"{IE}/sqs/v2/home?region=eu-west-1#/queues/https%3A%2F%2Fsqs.eu-west-1.amazonaws.com%2F111122223333%2Fevents",
    ),
    (
        "aws.sns.topic",
        "sns:eu-west-1:111122223333:alerts",
        f"{IE}/sns/v3/home?region=eu-west-1#/topic/arn:aws:sns:eu-west-1:111122223333:alerts",
    ),
    (
        "aws.eks.cluster",
        "eks:eu-west-1:111122223333:cluster/analytics",
        f"{IE}/eks/home?region=eu-west-1#/clusters/analytics",
    ),
    ("aws.ecs.cluster", "ecs:eu-west-1:111122223333:cluster/batch", f"{IE}/ecs/v2/clusters/batch?region=eu-west-1"),
    (
        "aws.ecr.repository",
        "ecr:eu-west-1:111122223333:repository/team/ingest",
        f"{IE}/ecr/repositories/private/111122223333/team/ingest?region=eu-west-1",
    ),
    (
        "aws.cloudtrail.trail",
        "cloudtrail:eu-west-1:999900001111:trail/org",
        f"{IE}/cloudtrail/home?region=eu-west-1#/trails/arn:aws:cloudtrail:eu-west-1:999900001111:trail/org",
    ),
    (
        "aws.cloudtrail.account",
        "cloudtrail::111122223333:account-trails",
        f"{US}/cloudtrail/home?region=us-east-1#/trails",
    ),
    (
        "aws.config.recorder",
        "config:eu-west-1:111122223333:configuration-recorder",
        f"{IE}/config/home?region=eu-west-1#/dashboard",
    ),
    (
        "aws.ec2.network_acl",
        "ec2:eu-west-1:111122223333:network-acl/acl-0123456789abcdef0",
        f"{IE}/vpcconsole/home?region=eu-west-1#NetworkAclDetails:networkAclId=acl-0123456789abcdef0",
    ),
    ("aws.s3.account", "s3:::account/111122223333", "https://s3.console.aws.amazon.com/s3/settings"),
    (
        "aws.securityhub.region",
        "securityhub:eu-west-1:111122223333:hub/default",
        f"{IE}/securityhub/home?region=eu-west-1#/summary",
    ),
    (
        "aws.accessanalyzer.region",
        "access-analyzer:eu-west-1:111122223333:analyzers",
        f"{IE}/access-analyzer/home?region=eu-west-1#/",
    ),
    (
        "aws.guardduty.region",
        "guardduty:eu-west-1:111122223333:detectors",
        f"{IE}/guardduty/home?region=eu-west-1#/",
    ),
    (
        "aws.cloudformation.stack",
        f"cloudformation:eu-west-1:111122223333:stack/pipeline/{UUID}",
        f"{IE}/cloudformation/home?region=eu-west-1#/stacks/stackinfo?stackId="
        f"arn%3Aaws%3Acloudformation%3Aeu-west-1%3A111122223333%3Astack%2Fpipeline%2F{UUID}",
    ),
    (
        "aws.logs.log_group",
        "logs:eu-west-1:111122223333:log-group:/aws/lambda/ingest",
        f"{IE}/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Faws$252Flambda$252Fingest",
    ),
    (
        "aws.cloudfront.distribution",
        "cloudfront::111122223333:distribution/E1ABCDEF2GHIJK",
        "https://console.aws.amazon.com/cloudfront/v4/home#/distributions/E1ABCDEF2GHIJK",
    ),
    (
        "aws.acm.certificate",
        f"acm:eu-west-1:111122223333:certificate/{UUID}",
        f"{IE}/acm/home?region=eu-west-1#/certificates/{UUID}",
    ),
    (
        "aws.route53.hosted_zone",
        "route53:::hostedzone/Z0123456789ABC",
        "https://console.aws.amazon.com/route53/v2/hostedzones#ListRecordSets/Z0123456789ABC",
    ),
    (
        "aws.apigateway.rest_api",
        "apigateway:eu-west-1::/restapis/a1b2c3d4e5",
        f"{IE}/apigateway/main/apis/a1b2c3d4e5/resources?api=a1b2c3d4e5&region=eu-west-1",
    ),
    (
        "aws.efs.file_system",
        "elasticfilesystem:eu-west-1:111122223333:file-system/fs-01234567",
        f"{IE}/efs/home?region=eu-west-1#/file-systems/fs-01234567",
    ),
    (
        "aws.rds.snapshot",
        "rds:eu-west-1:111122223333:snapshot:nightly",
        "https://console.aws.amazon.com/go/view?arn=arn%3Aaws%3Ards%3Aeu-west-1%3A111122223333%3Asnapshot%3Anightly",
    ),
]


@pytest.mark.parametrize(("kind", "arn", "address"), LINKS, ids=[kind for kind, _, _ in LINKS])
def test_each_type_has_its_page(kind: str, arn: str, address: str) -> None:
    assert link(kind, f"arn:aws:{arn}") == address


def test_every_type_of_the_table_is_shown_here() -> None:
    assert set(console._LINKS) <= {kind for kind, _, _ in LINKS}
    assert len(console._LINKS) >= 25


@pytest.mark.parametrize(
    ("partition", "region", "host", "sqs"),
    [
        ("aws", "eu-west-1", "console.aws.amazon.com", "amazonaws.com"),
        ("aws-us-gov", "us-gov-west-1", "console.amazonaws-us-gov.com", "amazonaws.com"),
        ("aws-cn", "cn-north-1", "console.amazonaws.cn", "amazonaws.com.cn"),
    ],
)
def test_each_partition_has_its_own_console(partition: str, region: str, host: str, sqs: str) -> None:
    def at(kind: str, rest: str) -> str:
        return link(kind, f"arn:{partition}:{rest}", partition, region)

    assert at("aws.ec2.vpc", f"ec2:{region}:{ACCOUNT}:vpc/vpc-01234567").startswith(
        f"https://{region}.{host}/vpcconsole"
    )
    assert at("aws.s3.bucket", "s3:::records").startswith(f"https://s3.{host}/s3/")
    assert at("aws.iam.role", f"iam::{ACCOUNT}:role/reader").startswith(f"https://{host}/iam/")
    assert f"sqs.{region}.{sqs}%2F" in at("aws.sqs.queue", f"sqs:{region}:{ACCOUNT}:events")


@pytest.mark.parametrize("partition", ["aws-us-gov", "aws-cn"])
def test_the_general_way_is_offered_only_where_aws_has_it(partition: str) -> None:
    region = PARTITIONS[partition].home
    assert link("aws.rds.snapshot", f"arn:{partition}:rds:{region}:{ACCOUNT}:snapshot:x", partition, region) == ""


@pytest.mark.parametrize(
    ("kind", "arn"),
    [
        ("aws.ec2.instance", "arn:aws:ec2:evil.com/#:111122223333:instance/i-0123456789abcdef0"),
        ("aws.ec2.instance", "arn:aws:ec2:evil-com-1:111122223333:instance/i-0123456789abcdef0"),
        ("aws.ec2.instance", "arn:aws:ec2:cn-north-1:111122223333:instance/i-0123456789abcdef0"),
        ("aws.ec2.instance", "arn:aws-cn:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0"),
        ("aws.ec2.instance", "arn:aws:ec2:eu-west-1:１１１１22223333:instance/i-0123456789abcdef0"),
        ("aws.ec2.instance", "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123\n@evil.com"),
        ("aws.ec2.instance", "//evil.com/"),
        ("aws.ec2.instance", "javascript:alert(1)"),
        ("aws.iam.user", "arn:aws:iam::111122223333:user/a b"),
        ("aws.account.unused_service", "arn:aws:guardduty:eu-west-1:111122223333:not-subscribed"),
    ],
)
def test_what_does_not_fit_has_no_link(kind: str, arn: str) -> None:
    assert link(kind, arn) == ""


def test_an_identifier_that_does_not_fit_its_type_goes_the_general_way() -> None:
    found = link("aws.ec2.instance", "arn:aws:ec2:eu-west-1:111122223333:instance/@evil.com")
    assert found.startswith("https://console.aws.amazon.com/go/view?arn=arn%3Aaws%3Aec2")
    assert "%40evil.com" in found


def test_a_bucket_of_an_unknown_region_has_no_link() -> None:
    assert link("aws.s3.bucket", "arn:aws:s3:::records", region="evil.com") == ""


@pytest.mark.parametrize("account", ["", "1234", "evil.com/", "11112222333３"])
def test_an_odd_account_has_no_link(account: str) -> None:
    assert link("aws.s3.bucket", "arn:aws:s3:::records", account=account) == ""


PIECES = st.sampled_from(
    [
        *(
            "arn",
            "aws",
            "aws-cn",
            "aws-us-gov",
            "ec2",
            "s3",
            "iam",
            "sqs",
            "eu-west-1",
            "evil.com",
            "evil.com/#",
            "@evil.com",
        ),
        *(
            "//evil.com",
            "\\\\evil.com",
            "\n",
            "\r\n",
            "\t",
            " ",
            "%2f",
            "?",
            "#",
            "é",
            "。",
            "．",
            "１",
            "‮",
            ACCOUNT,
            "",
        ),
        *(
            "instance/i-0123456789abcdef0",
            "instance/i-0/../..",
            "role/../../x",
            "function:x",
            "events",
            "user/a@b",
            "x;y",
        ),
    ]
)
CRAFTED = st.lists(PIECES, max_size=9).map(":".join) | st.lists(PIECES, max_size=9).map("".join)
FITTING = st.sampled_from([f"arn:aws:{arn}" for _, arn, _ in LINKS])


@given(
    kind=st.sampled_from([*console._LINKS, "aws.rds.snapshot", "x", ""]),
    arn=CRAFTED | st.tuples(FITTING, PIECES).map("".join) | st.tuples(PIECES, FITTING).map("".join) | FITTING,
    partition=st.sampled_from([*PARTITIONS, "evil.com", ""]),
    region=PIECES,
    account=st.sampled_from([ACCOUNT, "evil.com", ""]),
)
def test_whatever_a_stranger_writes_the_host_is_aws(
    kind: str, arn: str, partition: str, region: str, account: str
) -> None:
    found = link(kind, arn, partition, region, account)
    if found:
        parts = urlsplit(found)
        assert parts.scheme == "https"
        assert parts.netloc in HOSTS
        assert found.isascii()
        assert not set(found) & set(" \n\r\t\\@\"'<>")
