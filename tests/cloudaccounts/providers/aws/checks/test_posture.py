"""The rules on what a real scan of the simulated company tells."""

from __future__ import annotations

from collections import defaultdict

import pytest

from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.rules import Verdict
from cloudaccounts.providers.aws.inventory import open_session
from cloudaccounts.providers.aws.provider import PROVIDER
from tests.cloudaccounts.providers.aws.conftest import EXTERNAL_ID, Cloud, make_target

REGIONS = ("us-east-1", "eu-west-1")
PLATFORM, STOREFRONT, LEGACY = "111122223333", "666600001111", "777788889999"

Found = dict[str, dict[Verdict, set[str]]]


def verdicts(cloud: Cloud, account: str, regions: tuple[str, ...]) -> Found:
    """By check and verdict the names of the assets."""
    arn = cloud.control.put_role(account, "posture", external_id=EXTERNAL_ID)
    opened = open_session(
        Credentials("cross_account_role", {"role_arn": arn}), make_target(account_id=account, regions=regions)
    )
    found: Found = defaultdict(lambda: defaultdict(set))
    for unit in opened.units(regions):
        for asset in opened.collect(unit):
            for check in PROVIDER.posture_checks():
                if check.asset_type == asset.type:
                    found[check.id][check.evaluate(asset).verdict].add(asset.name)
    opened.close()
    cloud.control.delete_role(account, "posture")
    return found


@pytest.fixture(scope="module")
def memory() -> dict[str, Found]:
    return {}


@pytest.fixture
def platform(cloud: Cloud, memory: dict[str, Found]) -> Found:
    if PLATFORM not in memory:
        memory[PLATFORM] = verdicts(cloud, PLATFORM, REGIONS)
    return memory[PLATFORM]


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        ("aws_iam_user_mfa", "ana.lopez", "tom.berg"),
        ("aws_iam_access_key_age", "cloud-accounts-auditor", "airflow-loader"),
        ("aws_iam_credentials_unused", "cloud-accounts-auditor", "airflow-loader"),
        ("aws_iam_single_access_key", "cloud-accounts-auditor", "airflow-loader"),
        ("aws_s3_bucket_public", "data-platform-curated", "data-platform-public-docs"),
        ("aws_s3_bucket_public_access_block", "data-platform-curated", "data-platform-eu-exports"),
        ("aws_s3_bucket_tls_only", "data-platform-raw-events", "data-platform-curated"),
        ("aws_s3_bucket_versioning", "data-platform-curated", "data-platform-public-docs"),
        ("aws_s3_bucket_logging", "data-platform-raw-events", "data-platform-curated"),
        ("aws_ec2_instance_imdsv2", "airflow-1", "bastion"),
        ("aws_ec2_ssh_open", "web", "bastion"),
        ("aws_ec2_volume_encrypted", "airflow-scratch", "forgotten-restore"),
        ("aws_ec2_ebs_default_encryption", "us-east-1", "eu-west-1"),
        ("aws_ec2_image_public", "airflow-base", "workshop-2023"),
        ("aws_config_recording", "us-east-1", "eu-west-1"),
        ("aws_guardduty_enabled", "us-east-1", "eu-west-1"),
        ("aws_kms_key_rotation", "data-lake", "warehouse"),
        ("aws_rds_instance_public", "warehouse", "reporting"),
        ("aws_rds_instance_encrypted", "warehouse", "reporting"),
        ("aws_rds_backups", "warehouse", "reporting"),
        ("aws_rds_snapshot_public", "warehouse-before-migration", "reporting-export"),
        ("aws_rds_snapshot_encrypted", "warehouse-before-migration", "reporting-export"),
        ("aws_ec2_instance_reachable", "airflow-1", "bastion"),
        ("aws_ec2_snapshot_sharing_blocked", "us-east-1", "eu-west-1"),
        ("aws_ec2_image_sharing_blocked", "us-east-1", "eu-west-1"),
        ("aws_ec2_imdsv2_default", "us-east-1", "eu-west-1"),
        ("aws_securityhub_enabled", "us-east-1", "eu-west-1"),
        ("aws_accessanalyzer_enabled", "us-east-1", "eu-west-1"),
        ("aws_elbv2_tls_policy", "shop", "old-shop"),
        ("aws_elbv2_plain_http", "shop", "old-shop"),
        ("aws_elbv2_access_logs", "shop", "old-shop"),
        ("aws_rds_multi_az", "warehouse", "reporting"),
        ("aws_rds_engine_supported", "warehouse", "reporting"),
        ("aws_rds_cluster_backups", "orders", "relations"),
        ("aws_rds_cluster_deletion_protection", "orders", "relations"),
        ("aws_rds_cluster_encrypted", "orders", "relations"),
        ("aws_rds_cluster_snapshot_public", "orders-before", "relations-before"),
        ("aws_rds_cluster_snapshot_encrypted", "orders-before", "relations-before"),
        ("aws_eks_version_supported", "analytics", "playground"),
        ("aws_lambda_function_public", "ingest-events", "thumbnailer"),
        ("aws_lambda_function_public", "ingest-events", "partner-report"),  # the latter by an alias
        ("aws_lambda_runtime_supported", "ingest-events", "thumbnailer"),
        ("aws_secretsmanager_secret_public", "warehouse/admin", "partner/api-key"),
        ("aws_kms_key_public", "data-lake", "warehouse"),
        ("aws_ecr_repository_public", "ingest", "old-tools"),
        ("aws_iam_role_admin", "support", "break-glass"),
        ("aws_secretsmanager_rotation", "warehouse/admin", "partner/api-key"),
        ("aws_sqs_queue_public", "events", "partner-inbox"),
        ("aws_sqs_queue_encrypted", "events", "partner-inbox"),
        ("aws_sns_topic_public", "alerts", "open-updates"),
        ("aws_sns_topic_encrypted", "alerts", "open-updates"),
        ("aws_eks_endpoint_public", "analytics", "playground"),
        ("aws_eks_secrets_encrypted", "analytics", "playground"),
        ("aws_ecr_scan_on_push", "ingest", "old-tools"),
        ("aws_efs_encrypted", "homes", "scratch"),
        ("aws_dynamodb_recovery", "sessions", "cache"),
    ],
)
def test_the_good_example_passes_and_the_bad_one_fails(platform: Found, check: str, good: str, bad: str) -> None:
    assert good in platform[check][Verdict.PASS]
    assert bad in platform[check][Verdict.FAIL]


def test_the_account_itself_is_judged(platform: Found) -> None:
    for check in ("root_mfa", "root_access_keys", "password_length", "password_reuse", "support_role"):
        assert platform[f"aws_iam_{check}"] == {Verdict.PASS: {PLATFORM}}
    assert platform["aws_cloudtrail_all_regions"] == {Verdict.PASS: {PLATFORM}}
    assert platform["aws_iam_user_admin"][Verdict.FAIL] == {"tom.berg"}
    assert platform["aws_iam_group_admin"] == {Verdict.PASS: {"engineers"}}
    assert platform["aws_iam_service_role_admin"][Verdict.FAIL] == set()
    assert platform["aws_iam_policy_admin"][Verdict.FAIL] == {"everything-for-now"}
    assert len(platform["aws_ec2_snapshot_public"][Verdict.FAIL]) == 1
    assert len(platform["aws_ec2_vpc_flow_logs"][Verdict.PASS]) == 1


def test_a_replica_and_a_clusters_instance_are_not_failed_for_what_they_do_not_carry(platform: Found) -> None:
    for check in ("aws_rds_backups", "aws_rds_multi_az"):
        assert {"warehouse-replica", "orders-1", "relations-1"} <= platform[check][Verdict.NOT_APPLICABLE]
    for check in ("aws_rds_deletion_protection", "aws_rds_instance_encrypted", "aws_rds_engine_supported"):
        assert {"orders-1", "relations-1"} <= platform[check][Verdict.NOT_APPLICABLE]


def test_nothing_is_unknown_where_everything_may_be_read(platform: Found) -> None:
    assert {check: found[Verdict.UNKNOWN] for check, found in platform.items() if found.get(Verdict.UNKNOWN)} == {}


def test_the_neglected_account_is_told_as_such(cloud: Cloud) -> None:
    legacy = verdicts(cloud, LEGACY, ("us-west-2",))
    for check in ("iam_root_mfa", "iam_root_access_keys", "iam_password_length", "cloudtrail_all_regions"):
        assert legacy[f"aws_{check}"] == {Verdict.FAIL: {LEGACY}}
    assert legacy["aws_iam_role_trust"][Verdict.FAIL] == {"reporting-everything"}
    assert legacy["aws_iam_user_admin"][Verdict.FAIL] == {"admin"}
    assert legacy["aws_s3_bucket_public"][Verdict.FAIL] == {"legacy-reporting-dumps"}
    assert legacy["aws_ec2_rdp_open"][Verdict.FAIL] == {"everything"}
    assert legacy["aws_ec2_ssh_open"][Verdict.FAIL] == {"everything", "halves"}
    assert legacy["aws_iam_user_escalation"][Verdict.FAIL] == {"deployer"}
    for check in ("logging", "validation", "kms"):
        assert legacy[f"aws_cloudtrail_{check}"] == {Verdict.FAIL: {"old-trail"}}


def test_what_may_not_be_read_is_unknown(cloud: Cloud) -> None:
    opened = open_session(cloud.scenario("Some permissions denied"), make_target(account_id=STOREFRONT))
    units = [unit for unit in opened.units(("eu-west-1",)) if unit.service == "s3"]
    buckets = [asset for unit in units for asset in opened.collect(unit) if asset.type == "aws.s3.bucket"]
    opened.close()
    checks = {check.id: check for check in PROVIDER.posture_checks()}
    assert {checks["aws_s3_bucket_tls_only"].evaluate(bucket).verdict for bucket in buckets} == {Verdict.UNKNOWN}
    assert {checks["aws_s3_bucket_encryption"].evaluate(bucket).verdict for bucket in buckets} == {Verdict.UNKNOWN}
