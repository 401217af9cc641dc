"""Which host names are AWS's."""

from __future__ import annotations

import pytest

from sandbox.aws.hosts import Endpoint, parse


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        ("sts.amazonaws.com", Endpoint("sts", "us-east-1", "aws")),
        ("sts.eu-west-1.amazonaws.com", Endpoint("sts", "eu-west-1", "aws")),
        ("iam.us-gov.amazonaws.com", Endpoint("iam", "us-gov-west-1", "aws-us-gov")),
        ("iam.cn-north-1.amazonaws.com.cn", Endpoint("iam", "cn-north-1", "aws-cn")),
        ("s3.amazonaws.com", Endpoint("s3", "us-east-1", "aws")),
        ("s3.dualstack.eu-west-1.amazonaws.com", Endpoint("s3", "eu-west-1", "aws")),
        ("my.bucket-1.s3.us-west-2.amazonaws.com", Endpoint("s3", "us-west-2", "aws", "my.bucket-1")),
        ("my-bucket.s3.amazonaws.com", Endpoint("s3", "us-east-1", "aws", "my-bucket")),
        ("111122223333.s3-control.eu-west-1.amazonaws.com", Endpoint("s3-control", "eu-west-1", "aws")),
        ("api.ecr.eu-west-1.amazonaws.com", Endpoint("api.ecr", "eu-west-1", "aws")),
    ],
)
def test_it_reads_service_region_partition_and_bucket(host: str, endpoint: Endpoint) -> None:
    assert parse(host) == endpoint


@pytest.mark.parametrize(
    "host",
    [
        "amazonaws.com",
        "www.amazonaws.com",
        "console.aws.amazon.com",
        "sts.eu-west-9.amazonaws.com",
        "sts.eu-west-1.amazonaws.com.cn",
        "sts.cn-north-1.amazonaws.com",
        "sts.eu-west-1.amazonaws.com.evil.org",
        "evil.sts.eu-west-1.amazonaws.com",
        "stsxeu-west-1.amazonaws.com",
        "iam.amazonaws.comm",
    ],
)
def test_it_knows_no_other_hosts(host: str) -> None:
    assert parse(host) is None
