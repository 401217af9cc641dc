"""What AWS's rules cite: its pages, and controls of Security Hub. Compare with its guide before a line changes.

Every number below was compared with AWS's own guide: the archived github.com/awsdocs/aws-security-hub-user-guide (June
2023), and of later numbers and for retired ones copies of the pages on CIS 5.0, FSBP and the services (2025 or later).
"""

from __future__ import annotations

from cloudaccounts.providers.aws.checks import CHECKS
from tests.cloudaccounts.providers.citations import numbers, strangers

CONTROLS = {
    "aws_iam_root_hardware_mfa": ("IAM.6",),
    "aws_iam_server_certificate_expired": ("IAM.26",),
    "aws_iam_password_length": ("IAM.15",),
    "aws_iam_password_reuse": ("IAM.16",),
    "aws_iam_support_role": ("IAM.18",),
    "aws_iam_credentials_unused": ("IAM.22",),
    "aws_iam_access_key_age": ("IAM.3",),
    "aws_iam_user_policies": ("IAM.2",),
    "aws_iam_policy_admin": ("IAM.1",),
    "aws_s3_bucket_tls_only": ("S3.5",),
    "aws_s3_bucket_mfa_delete": ("S3.20",),
    "aws_ec2_default_security_group": ("EC2.2",),
    "aws_ec2_vpc_flow_logs": ("EC2.6",),
    "aws_ec2_network_acl_open": ("EC2.21",),
    "aws_s3_account_public_access_block": ("S3.1",),
    "aws_accessanalyzer_enabled": ("IAM.28",),
    "aws_elbv2_tls_policy": ("ELB.17",),
    "aws_elbv2_plain_http": ("ELB.1",),
    "aws_elbv2_access_logs": ("ELB.5",),
    "aws_cloudfront_tls": ("CloudFront.15",),
    "aws_ec2_instance_imdsv2": ("EC2.8",),
    "aws_ec2_ebs_default_encryption": ("EC2.7",),
    "aws_eks_endpoint_public": ("EKS.1",),
    "aws_eks_secrets_encrypted": ("EKS.3",),
    "aws_eks_version_supported": ("EKS.2",),
    "aws_ecr_scan_on_push": ("ECR.1",),
    "aws_efs_encrypted": ("EFS.1",),
    "aws_dynamodb_recovery": ("DynamoDB.2",),
    "aws_rds_instance_public": ("RDS.2",),
    "aws_rds_instance_encrypted": ("RDS.3",),
    "aws_rds_auto_minor_upgrade": ("RDS.13",),
    "aws_rds_backups": ("RDS.11",),
    "aws_rds_deletion_protection": ("RDS.8",),
    "aws_rds_cluster_deletion_protection": ("RDS.7",),
    "aws_rds_multi_az": ("RDS.5",),
    "aws_rds_cluster_multi_az": ("RDS.15",),
    "aws_rds_cluster_snapshot_public": ("RDS.1",),
    "aws_rds_snapshot_encrypted": ("RDS.4",),
    "aws_rds_cluster_snapshot_encrypted": ("RDS.4",),
    "aws_sqs_queue_public": ("SQS.3",),
    "aws_sqs_queue_encrypted": ("SQS.1",),
    "aws_sns_topic_public": ("SNS.4",),
    "aws_sns_topic_encrypted": ("SNS.1",),
    "aws_secretsmanager_rotation": ("SecretsManager.1",),
    "aws_kms_key_rotation": ("KMS.4",),
    "aws_cloudfront_https": ("CloudFront.3",),
    "aws_kms_key_public": ("KMS.5",),
    "aws_cloudtrail_object_writes": ("S3.22",),
    "aws_cloudtrail_object_reads": ("S3.23",),
    "aws_cloudtrail_bucket_logging": ("CloudTrail.7",),
    "aws_cloudtrail_bucket_public": ("CloudTrail.6",),
    "aws_cloudtrail_all_regions": ("CloudTrail.1",),
    "aws_cloudtrail_logging": ("CloudTrail.3",),
    "aws_cloudtrail_validation": ("CloudTrail.4",),
    "aws_cloudtrail_kms": ("CloudTrail.2",),
    "aws_config_recording": ("Config.1",),
}


def test_everything_cited_is_a_page_of_the_vendor() -> None:
    assert strangers(CHECKS, "docs.aws.amazon.com") == []


def test_controls_of_security_hub_lead_to_their_place_in_its_guide() -> None:
    assert numbers(CHECKS, "AWS Security Hub") == CONTROLS
    links = {reference.section: reference.url for check in CHECKS for reference in check.references}
    guide = "https://docs.aws.amazon.com/securityhub/latest/userguide"
    assert links["RDS.11"] == f"{guide}/rds-controls.html#rds-11"
    assert links["SecretsManager.1"] == f"{guide}/secretsmanager-controls.html#secretsmanager-1"


def test_no_rule_is_without_a_source() -> None:
    assert [check.id for check in CHECKS if not check.references] == []
