"""Incremental scans, on the wire: what CloudTrail's event history lets us leave out, and what never."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.providers.aws.inventory import SERVICES, AwsSession, changes, open_session
from tests.cloudaccounts.providers.aws.conftest import Cloud, keys, make_target

ACCOUNT = "123400000003"
REGIONS = ("us-east-1", "eu-west-1")
ADMIN = {"work": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
NEVER = {"ec2", "acm", "ecr", "cloudtrail", "guardduty", "securityhub", "credential-report"}


@pytest.fixture
def admin(cloud: Cloud) -> Credentials:
    """Of an account of its own, where nothing else happens; made long before what the tests ask for."""
    cloud.control.put_account(ACCOUNT, "changes")
    made = cloud.control.put_user(ACCOUNT, "changer", policies=[], inline=ADMIN)
    return keys(made["access_key_id"], made["secret_access_key"])


@pytest.fixture
def session(admin: Credentials) -> Iterator[AwsSession]:
    opened = open_session(admin, make_target(account_id=ACCOUNT))
    yield opened
    opened.close()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """A moment before which everything that the fixtures did lies: without overlap, for the sake of the tests."""
    monkeypatch.setattr(changes, "OVERLAP", timedelta(0))
    return datetime.now(UTC)


def client(cloud: Cloud, admin: Credentials, service: str, region: str) -> Any:
    config = Config(proxies={"https": cloud.rig.proxy_url})
    return boto3.client(  # type: ignore[call-overload] # the stubs want the service as a literal
        service,
        region_name=region,
        aws_access_key_id=admin["access_key_id"],
        aws_secret_access_key=admin["secret_access_key"],
        verify=cloud.rig.ca_bundle,
        config=config,
    )


def looked_at_again(session: AwsSession, since: datetime) -> set[tuple[str, str]]:
    units = session.units(REGIONS)
    quiet = session.unchanged(units, since)
    return {(unit.service, unit.region) for unit in units if unit not in quiet and unit.service not in NEVER}


def test_an_untouched_account_is_looked_at_only_where_no_log_would_tell(
    cloud: Cloud, admin: Credentials, session: AwsSession, later: datetime
) -> None:
    quiet = session.unchanged(session.units(REGIONS), later)
    assert {unit.service for unit in quiet} == set(SERVICES) - NEVER
    assert set(changes.SOURCES) == set(SERVICES) - NEVER


def test_our_own_scan_is_no_change(session: AwsSession, later: datetime) -> None:
    for unit in session.units(REGIONS):
        list(session.collect(unit))
    assert looked_at_again(session, later) == set()


def test_a_change_is_looked_at_in_its_region_alone(
    cloud: Cloud, admin: Credentials, session: AwsSession, later: datetime
) -> None:
    client(cloud, admin, "ec2", "eu-west-1").create_vpc(CidrBlock="10.77.0.0/16")
    assert looked_at_again(session, later) == {("vpc", "eu-west-1"), ("ebs", "eu-west-1")}


def test_identities_are_seen_in_the_home_region(cloud: Cloud, session: AwsSession, later: datetime) -> None:
    cloud.control.put_role(ACCOUNT, "new-role", external_id="anything-1")
    assert looked_at_again(session, later) == {("iam", "global")}


def test_a_bucket_in_a_region_that_nobody_scans_is_seen(
    cloud: Cloud, admin: Credentials, session: AwsSession, later: datetime
) -> None:
    place = {"LocationConstraint": "ap-south-1"}
    client(cloud, admin, "s3", "ap-south-1").create_bucket(Bucket="far-away", CreateBucketConfiguration=place)
    assert looked_at_again(session, later) == {("s3", "global")}


def test_a_replica_may_have_come_from_any_region(
    cloud: Cloud, admin: Credentials, session: AwsSession, later: datetime
) -> None:
    client(cloud, admin, "kms", "us-west-2").create_key()
    assert looked_at_again(session, later) == {("kms", "us-east-1"), ("kms", "eu-west-1")}


def test_what_was_changed_shortly_before_is_looked_at_as_well(
    cloud: Cloud, admin: Credentials, session: AwsSession
) -> None:
    client(cloud, admin, "sqs", "eu-west-1").create_queue(QueueName="just-before")
    assert ("sqs", "eu-west-1") in looked_at_again(session, datetime.now(UTC))


def test_a_history_older_than_aws_keeps_tells_nothing(cloud: Cloud, session: AwsSession) -> None:
    cloud.control.clear_journal()
    assert session.unchanged(session.units(REGIONS), datetime.now(UTC) - timedelta(days=90)) == frozenset()
    assert cloud.calls("LookupEvents") == []


def test_a_denied_history_is_told(cloud: Cloud, session: AwsSession, later: datetime) -> None:
    cloud.control.fault("deny", action="LookupEvents")
    with pytest.raises(ProviderError) as caught:
        session.unchanged(session.units(REGIONS), later)
    assert caught.value.code == "permission_denied"
    assert "cloudtrail:LookupEvents" in caught.value.cause


def test_a_region_forbidden_by_the_company_costs_only_what_may_lie_there(
    cloud: Cloud, session: AwsSession, later: datetime
) -> None:
    cloud.control.fault("deny", action="LookupEvents", region="ap-south-1")
    assert {service for service, _ in looked_at_again(session, later)} == changes.WORLDWIDE - NEVER


def test_throttling_is_borne_a_few_times_and_then_told(cloud: Cloud, session: AwsSession, later: datetime) -> None:
    cloud.control.fault("throttle", action="LookupEvents", region="us-east-1", times=2)
    assert looked_at_again(session, later) == set()
    cloud.control.clear_faults()
    cloud.control.clear_journal()
    cloud.control.fault("throttle", action="LookupEvents", region="us-east-1")
    with pytest.raises(ProviderError) as caught:
        session.unchanged(session.units(REGIONS), later)
    assert (caught.value.code, caught.value.permanent) == ("throttled", False)
    assert len([call for call in cloud.calls("LookupEvents") if call["region"] == "us-east-1"]) == 3


def test_a_region_with_too_many_events_counts_as_changed(
    cloud: Cloud, admin: Credentials, session: AwsSession, later: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "PAGES", 1)
    sts_like = client(cloud, admin, "logs", "eu-west-1")
    for number in range(51):
        sts_like.create_log_group(logGroupName=f"many-{number}")
    found = looked_at_again(session, later)
    assert {service for service, region in found if region == "eu-west-1"} == set(changes.SOURCES) - {
        "iam",
        "s3",
        "route53",
        "cloudfront",
    }
    assert not any(region == "us-east-1" for service, region in found if service not in changes.WORLDWIDE)


def test_units_of_unknown_services_and_disabled_regions_are_never_told_as_unchanged(
    session: AwsSession, later: datetime
) -> None:
    odd = [ScanUnit("shell", "us-east-1"), ScanUnit("vpc", "eu-central-2"), ScanUnit("vpc", "us-east-1")]
    assert session.unchanged(odd, later) == {ScanUnit("vpc", "us-east-1")}
