"""What AWS's rules cite. Compare with the published list of recommendations before anything here changes."""

from __future__ import annotations

from cloudaccounts.providers.aws.checks import CHECKS
from tests.cloudaccounts.providers.citations import numbers, strangers

BENCHMARK = "CIS AWS 3.0.0"
NUMBERS = {
    "aws_iam_root_mfa": ("1.5",),
    "aws_iam_root_access_keys": ("1.4",),
    "aws_iam_root_unused": ("1.7",),
    "aws_iam_password_length": ("1.8",),
    "aws_iam_password_reuse": ("1.9",),
    "aws_iam_support_role": ("1.17",),
    "aws_iam_user_mfa": ("1.10",),
    "aws_iam_credentials_unused": ("1.12",),
    "aws_iam_access_key_age": ("1.14",),
    "aws_iam_single_access_key": ("1.13",),
    "aws_iam_user_policies": ("1.15",),
    "aws_iam_user_admin": ("1.16",),
    "aws_iam_policy_admin": ("1.16",),
    "aws_s3_bucket_public_access_block": ("2.1.4",),
    "aws_s3_bucket_tls_only": ("2.1.1",),
    "aws_s3_bucket_mfa_delete": ("2.1.2",),
    "aws_ec2_ssh_open": ("5.2", "5.3"),
    "aws_ec2_rdp_open": ("5.2", "5.3"),
    "aws_ec2_default_security_group": ("5.4",),
    "aws_ec2_vpc_flow_logs": ("3.7",),
    "aws_ec2_instance_imdsv2": ("5.6",),
    "aws_ec2_ebs_default_encryption": ("2.2.1",),
    "aws_rds_instance_public": ("2.3.3",),
    "aws_rds_instance_encrypted": ("2.3.1",),
    "aws_rds_auto_minor_upgrade": ("2.3.2",),
    "aws_efs_encrypted": ("2.4.1",),
    "aws_kms_key_rotation": ("3.6",),
    "aws_cloudtrail_all_regions": ("3.1",),
    "aws_cloudtrail_validation": ("3.2",),
    "aws_cloudtrail_kms": ("3.5",),
    "aws_config_recording": ("3.3",),
}

CONTROLS = {
    "aws_eks_endpoint_public": ("EKS.1",),
    "aws_eks_secrets_encrypted": ("EKS.3",),
    "aws_ecr_scan_on_push": ("ECR.1",),
    "aws_rds_backups": ("RDS.11",),
    "aws_rds_deletion_protection": ("RDS.8",),
    "aws_rds_snapshot_encrypted": ("RDS.4",),
    "aws_dynamodb_recovery": ("DynamoDB.2",),
    "aws_sqs_queue_public": ("SQS.3",),
    "aws_sqs_queue_encrypted": ("SQS.1",),
    "aws_sns_topic_public": ("SNS.4",),
    "aws_sns_topic_encrypted": ("SNS.1",),
    "aws_secretsmanager_rotation": ("SecretsManager.1",),
    "aws_kms_key_public": ("KMS.5",),
    "aws_cloudfront_https": ("CloudFront.3",),
    "aws_cloudtrail_logging": ("CloudTrail.3",),
}


def test_each_rule_cites_these_recommendations_and_no_others() -> None:
    assert numbers(CHECKS, BENCHMARK) == NUMBERS


def test_everything_cited_is_of_one_benchmark_or_a_page_of_the_vendor() -> None:
    assert strangers(CHECKS, BENCHMARK, "docs.aws.amazon.com") == []


def test_controls_of_security_hub_lead_to_their_place_in_its_guide() -> None:
    assert numbers(CHECKS, "AWS Security Hub") == CONTROLS
    links = {reference.section: reference.url for check in CHECKS for reference in check.references}
    guide = "https://docs.aws.amazon.com/securityhub/latest/userguide"
    assert links["RDS.11"] == f"{guide}/rds-controls.html#rds-11"
    assert links["SecretsManager.1"] == f"{guide}/secretsmanager-controls.html#secretsmanager-1"


def test_no_rule_is_without_a_source() -> None:
    assert [check.id for check in CHECKS if not check.references] == []
