"""CloudTrail's event history, as an incremental scan asks for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.control import Control
from tests.sandbox.conftest import MakeClient

ACCOUNT = "123400000077"
ADMIN = {"work": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@pytest.fixture
def admin(control: Control) -> dict[str, str]:
    control.put_account(ACCOUNT, "history")
    return control.put_user(ACCOUNT, "historian", policies=[], inline=ADMIN)


def events(client: MakeClient, admin: dict[str, str], region: str, since: datetime, **more: Any) -> list[str]:
    trails = client("cloudtrail", admin, region=region)
    changes = [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}]
    answer = trails.lookup_events(LookupAttributes=changes, StartTime=since, EndTime=datetime.now(UTC), **more)
    return [f"{event['EventSource']} {event['EventName']}" for event in answer["Events"]]


def test_a_change_is_told_in_its_region_and_a_read_is_not(client: MakeClient, admin: dict[str, str]) -> None:
    since = datetime.now(UTC) - timedelta(seconds=1)
    ec2 = client("ec2", admin, region="eu-west-1")
    ec2.create_vpc(CidrBlock="10.99.0.0/16")
    ec2.describe_vpcs()
    assert "ec2.amazonaws.com CreateVpc" in events(client, admin, "eu-west-1", since)
    assert not any("Describe" in event for event in events(client, admin, "eu-west-1", since))
    assert not any("CreateVpc" in event for event in events(client, admin, "us-east-1", since))


def test_identities_are_told_in_the_home_region(client: MakeClient, control: Control, admin: dict[str, str]) -> None:
    since = datetime.now(UTC) - timedelta(seconds=1)
    control.put_role(ACCOUNT, "made-by-an-administrator", external_id="x-1")
    assert "iam.amazonaws.com CreateRole" in events(client, admin, "us-east-1", since)


def test_a_bucket_is_told_where_it_lies_and_its_objects_are_not(client: MakeClient, admin: dict[str, str]) -> None:
    since = datetime.now(UTC) - timedelta(seconds=1)
    s3 = client("s3", admin, region="eu-west-1")
    s3.create_bucket(Bucket="history-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="history-bucket", Key="a", Body=b"x")
    found = events(client, admin, "eu-west-1", since)
    assert "s3.amazonaws.com CreateBucket" in found
    assert not any("PutObject" in event for event in found)


def test_pages_end(client: MakeClient, admin: dict[str, str]) -> None:
    since = datetime.now(UTC) - timedelta(seconds=1)
    sqs = client("sqs", admin, region="eu-west-1")
    for number in range(3):
        sqs.create_queue(QueueName=f"history-{number}")
    pages = client("cloudtrail", admin, region="eu-west-1").get_paginator("lookup_events")
    found = [
        event["EventName"]
        for page in pages.paginate(StartTime=since, PaginationConfig={"PageSize": 1})
        for event in page["Events"]
    ]
    assert found.count("CreateQueue") == 3


def test_two_attributes_and_a_reversed_range_are_refused(client: MakeClient, admin: dict[str, str]) -> None:
    trails, now = client("cloudtrail", admin), datetime.now(UTC)
    one = {"AttributeKey": "ReadOnly", "AttributeValue": "false"}
    with pytest.raises(ClientError, match="InvalidLookupAttributes"):
        trails.lookup_events(LookupAttributes=[one, one])
    with pytest.raises(ClientError, match="InvalidTimeRange"):
        trails.lookup_events(StartTime=now, EndTime=now - timedelta(hours=1))
