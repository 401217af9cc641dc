"""One resource that is denied, late or gone costs its own facts, and hides none beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import Asset, ScanUnit
from cloudaccounts.providers.aws.checks import CHECKS
from cloudaccounts.providers.aws.inventory import AwsSession, open_session
from tests.cloudaccounts.providers.aws.conftest import Cloud, make_target

PLATFORM = "111122223333"
REGION = "us-east-1"


@pytest.fixture
def session(cloud: Cloud) -> Iterator[AwsSession]:
    opened = open_session(cloud.scenario("Everything granted"), make_target(account_id=PLATFORM))
    yield opened
    opened.close()


def collected(session: AwsSession, service: str, region: str = REGION) -> dict[str, Asset]:
    return {asset.native_id: asset for asset in session.collect(ScanUnit(service, region))}


# Service, the call that reads one resource, one of the facts that are lost with it.
DETAILS = [
    ("kms", "DescribeKey", "state"),
    ("kms", "GetKeyPolicy", "policy"),
    ("sqs", "GetQueueAttributes", "policy"),
    ("sns", "GetTopicAttributes", "policy"),
    ("ecr", "GetRepositoryPolicy", "policy"),
    ("secretsmanager", "GetResourcePolicy", "policy"),
    ("eks", "DescribeCluster", "public_endpoint"),
    ("dynamodb", "DescribeTable", "deletion_protection"),
    ("dynamodb", "DescribeContinuousBackups", "point_in_time_recovery"),
    ("lambda", "ListAliases", "alias_policies"),
    ("rds", "DescribeDBSnapshotAttributes", "shared_with"),
]


def chosen(cloud: Cloud, session: AwsSession, service: str, action: str) -> tuple[dict[str, Asset], str]:
    """All assets of the service, and how the call names one of those that it reads."""
    cloud.control.clear_journal()
    before = collected(session, service)
    return before, min(call["resource"] for call in cloud.calls(action))


@pytest.mark.parametrize(("service", "action", "lost"), DETAILS)
def test_a_denied_resource_costs_its_own_facts(
    cloud: Cloud, session: AwsSession, service: str, action: str, lost: str
) -> None:
    before, name = chosen(cloud, session, service, action)
    cloud.control.fault("deny", action=action, resource=name)
    after = collected(session, service)
    assert set(after) == set(before)
    changed = {key for key in before if after[key].fingerprint() != before[key].fingerprint()}
    assert len(changed) == 1
    asset = after[changed.pop()]
    assert asset.properties["unreadable"][lost] == "permission_denied"
    assert asset.properties[lost] is None


@pytest.mark.parametrize(("service", "action", "lost"), DETAILS)
def test_a_resource_that_is_gone_is_not_there(
    cloud: Cloud, session: AwsSession, service: str, action: str, lost: str
) -> None:
    before, name = chosen(cloud, session, service, action)
    cloud.control.fault("gone", action=action, resource=name)
    after = collected(session, service)
    assert len(before) - len(after) == 1
    assert all(after[key].fingerprint() == before[key].fingerprint() for key in after)


@pytest.mark.parametrize(("service", "action"), [("kms", "DescribeKey"), ("sns", "GetTopicAttributes")])
def test_a_late_answer_about_one_hides_no_other(cloud: Cloud, session: AwsSession, service: str, action: str) -> None:
    before, name = chosen(cloud, session, service, action)
    cloud.control.fault("error", action=action, resource=name, status=503)
    after = collected(session, service)
    assert set(after) == set(before)
    unread = [asset for asset in after.values() if "unreadable" in asset.properties]
    assert [set(asset.properties["unreadable"].values()) for asset in unread] == [{"aws_unavailable"}]


def test_what_could_not_be_read_makes_no_verdict(cloud: Cloud, session: AwsSession) -> None:
    for action in sorted({action for _, action, _ in DETAILS} | {"GetDetector"}):
        cloud.control.fault("deny", action=action)
    found = [
        asset
        for service in (*{row[0] for row in DETAILS}, "guardduty")
        for asset in collected(session, service).values()
    ]
    unread = [asset for asset in found if "unreadable" in asset.properties]
    assert len(unread) >= len(DETAILS)
    for asset in unread:
        for name in asset.properties["unreadable"]:
            assert asset.properties.get(name) is None


def test_a_detector_that_may_not_be_read_is_neither_on_nor_off(cloud: Cloud, session: AwsSession) -> None:
    cloud.control.fault("deny", action="GetDetector")
    (asset,) = collected(session, "guardduty").values()
    rule = next(check for check in CHECKS if check.id == "aws_guardduty_enabled")
    assert [detector["unreadable"]["enabled"] for detector in asset.properties["detectors"]] == ["permission_denied"]
    assert rule.evaluate(asset).verdict == "unknown"


def test_a_detector_that_is_gone_is_not_there(cloud: Cloud, session: AwsSession) -> None:
    cloud.control.fault("gone", action="GetDetector")
    (asset,) = collected(session, "guardduty").values()
    assert asset.properties["detectors"] == []


def test_aliases_that_may_not_be_listed_hide_no_key(cloud: Cloud, session: AwsSession) -> None:
    before = collected(session, "kms")
    cloud.control.fault("deny", action="ListAliases", service="kms")
    after = collected(session, "kms")
    assert set(before) <= set(after)
    assert {asset.properties["unreadable"]["aliases"] for asset in after.values()} == {"permission_denied"}


@pytest.mark.parametrize("service", ["ecs"])
def test_a_batch_that_is_refused_is_read_one_by_one(cloud: Cloud, session: AwsSession, service: str) -> None:
    before = collected(session, service)
    cloud.control.fault("deny", service="ecs", action="DescribeClusters", times=1)
    assert {key: asset.fingerprint() for key, asset in collected(session, service).items()} == {
        key: asset.fingerprint() for key, asset in before.items()
    }
    cloud.control.fault("deny", service="ecs", action="DescribeClusters")
    after = collected(session, service)
    assert set(after) == set(before)
    assert {asset.properties["unreadable"]["settings"] for asset in after.values()} == {"permission_denied"}


@pytest.mark.parametrize("kind", ["deny", "throttle"])
def test_a_second_list_that_fails_hides_nothing_of_the_first(cloud: Cloud, session: AwsSession, kind: str) -> None:
    cloud.control.fault(kind, action="DescribeDBClusters")
    found: list[Asset] = []
    with pytest.raises(ProviderError) as caught:
        found.extend(session.collect(ScanUnit("rds", REGION)))
    assert caught.value.code == ("permission_denied" if kind == "deny" else "throttled")
    assert {"aws.rds.instance", "aws.rds.snapshot"} <= {asset.type for asset in found}


def test_public_snapshots_that_may_not_be_listed_leave_the_others_unknown(cloud: Cloud, session: AwsSession) -> None:
    before = collected(session, "ebs")
    cloud.control.fault("deny", action="DescribeSnapshots", after=1)
    after = collected(session, "ebs")
    assert set(after) == set(before)
    snapshots = [asset for asset in after.values() if asset.type == "aws.ec2.snapshot"]
    assert snapshots
    assert {asset.properties["public"] for asset in snapshots} == {None}
    assert {tuple(asset.properties["unreadable"]) for asset in snapshots} == {("public",)}


def test_a_snapshot_knows_what_its_region_blocks(cloud: Cloud, session: AwsSession) -> None:
    region, *others = collected(session, "ebs").values()
    snapshots = [asset for asset in others if asset.type == "aws.ec2.snapshot"]
    states = {asset.properties["snapshot_sharing"] for asset in snapshots}
    assert states == {region.properties["snapshot_sharing"]} != {None}
    cloud.control.fault("deny", action="GetSnapshotBlockPublicAccessState")
    after = [asset for asset in collected(session, "ebs").values() if asset.type == "aws.ec2.snapshot"]
    assert len(after) == len(snapshots)
    assert {asset.properties["unreadable"]["snapshot_sharing"] for asset in after} == {"permission_denied"}


REGIONAL = ["ec2", "vpc", "ebs", "rds", "lambda", "kms", "sqs", "sns", "ecr", "eks", "dynamodb", "guardduty", "config"]


@pytest.mark.parametrize("service", REGIONAL)
def test_a_region_that_is_off_has_its_own_code_in_every_service(session: AwsSession, service: str) -> None:
    with pytest.raises(ProviderError) as caught:
        list(session.collect(ScanUnit(service, "eu-central-2")))
    assert caught.value.code == "region_not_enabled"


def test_credentials_that_are_refused_everywhere_are_no_disabled_region(cloud: Cloud) -> None:
    credentials = cloud.keys("short-lived")
    opened = open_session(credentials, make_target())
    cloud.control.set_key_status(credentials["access_key_id"], "Inactive")
    with pytest.raises(ProviderError) as caught:
        list(opened.collect(ScanUnit("rds", REGION)))
    opened.close()
    assert caught.value.code == "access_key_refused"


def test_an_identity_that_ends_meanwhile_ends_the_reading(cloud: Cloud, session: AwsSession) -> None:
    cloud.control.fault("expired_token", action="DescribeKey")
    with pytest.raises(ProviderError) as caught:
        list(session.collect(ScanUnit("kms", REGION)))
    assert caught.value.code == "credentials_expired"


def test_a_bucket_in_a_region_that_is_off_hides_no_other(cloud: Cloud, session: AwsSession) -> None:
    before = {asset.name: asset for asset in session.collect(ScanUnit("s3", "global"))}
    away = {name for name, asset in before.items() if asset.region == "eu-west-1"}
    assert away
    assert set(before) > away
    cloud.control.fault("unknown_key", region="eu-west-1")
    after = {asset.name: asset for asset in session.collect(ScanUnit("s3", "global"))}
    assert set(after) == set(before)
    assert {name for name, asset in after.items() if "unreadable" in asset.properties} == away
    for name in away:
        assert set(after[name].properties["unreadable"].values()) == {"region_not_enabled"}


def test_a_trail_whose_bucket_is_gone_is_there_all_the_same(cloud: Cloud, session: AwsSession) -> None:
    cloud.control.fault("gone", action="GetBucketLocation")
    found = session.collect(ScanUnit("cloudtrail", "global"))
    (trail,) = [asset for asset in found if asset.type == "aws.cloudtrail.trail"]
    assert trail.properties["bucket_facts"] == {"missing": True}


def test_a_listener_that_is_gone_takes_no_load_balancer_with_it(cloud: Cloud, session: AwsSession) -> None:
    before = collected(session, "elbv2")
    cloud.control.fault("gone", action="DescribeRules")
    after = collected(session, "elbv2")
    assert set(after) == set(before)
    left = {listener["protocol"] for asset in after.values() for listener in asset.properties["listeners"]}
    assert left == {"HTTPS"}


def test_trails_of_a_region_that_may_not_be_asked_are_told_as_unread(cloud: Cloud, session: AwsSession) -> None:
    cloud.control.fault("deny", action="DescribeTrails")
    found = list(session.collect(ScanUnit("cloudtrail", "global")))
    trails = [asset for asset in found if asset.type == "aws.cloudtrail.trail"]
    assert [asset.properties["unreadable"]["logging"] for asset in trails] == ["permission_denied"]
    account = next(asset for asset in found if asset.type == "aws.cloudtrail.account")
    rule = next(check for check in CHECKS if check.id == "aws_cloudtrail_all_regions")
    assert rule.evaluate(account).verdict == "unknown"
