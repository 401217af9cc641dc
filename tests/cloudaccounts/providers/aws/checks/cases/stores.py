"""Buckets, databases, queues, secrets and keys."""

from __future__ import annotations

from tests.cloudaccounts.providers.aws.checks.cases.accounts import Case
from tests.cloudaccounts.providers.aws.checks.examples import BLOCKED, BUCKET, TLS, everybody, seen

CASES: dict[str, Case] = {
    "aws_s3_bucket_public": (BUCKET, BUCKET | {"policy_is_public": True}, None),
    "aws_s3_bucket_public_access_block": (
        BUCKET | {"public_access_block": BLOCKED},
        BUCKET | {"public_access_block": BLOCKED | {"BlockPublicAcls": False}},
        None,
    ),
    "aws_s3_account_public_access_block": (
        {"account_public_access_block": BLOCKED},
        {"account_public_access_block": None},
        None,
    ),
    "aws_s3_bucket_tls_only": ({"policy": TLS}, {"policy": None}, None),
    "aws_s3_bucket_encryption": ({"encryption": {"algorithm": "AES256"}}, {"encryption": None}, None),
    "aws_s3_bucket_versioning": ({"versioning": {"status": "Enabled"}}, {"versioning": {"status": "Suspended"}}, None),
    "aws_s3_bucket_mfa_delete": (
        {"versioning": {"mfa_delete": "Enabled"}},
        {"versioning": {"mfa_delete": "Disabled"}},
        None,
    ),
    "aws_s3_bucket_logging": ({"logging_to": "logs"}, {"logging_to": None}, None),
    "aws_rds_instance_public": ({"public": False}, {"public": True}, None),
    "aws_rds_instance_encrypted": (
        {"cluster": None, "encrypted": True},
        {"cluster": None, "encrypted": False},
        {"cluster": "c", "encrypted": False},
    ),
    "aws_rds_cluster_encrypted": ({"encrypted": True}, {"encrypted": False}, None),
    "aws_rds_auto_minor_upgrade": (
        {"engine": "postgres", "auto_minor_upgrade": True},
        {"engine": "neptune", "auto_minor_upgrade": False},
        {"engine": "docdb", "auto_minor_upgrade": False},
    ),
    "aws_rds_backups": (
        {"cluster": None, "replica_of": None, "backup_days": 7},
        {"cluster": None, "replica_of": None, "backup_days": 6},
        {"cluster": None, "replica_of": "primary", "backup_days": 0},
    ),
    "aws_rds_cluster_backups": ({"backup_days": 7}, {"backup_days": 1}, None),
    "aws_rds_cluster_deletion_protection": ({"deletion_protection": True}, {"deletion_protection": False}, None),
    "aws_rds_multi_az": (
        {"cluster": None, "replica_of": None, "multi_az": True},
        {"cluster": None, "replica_of": None, "multi_az": False},
        {"cluster": "c", "multi_az": False},
    ),
    "aws_rds_cluster_multi_az": (
        {"engine_mode": "provisioned", "multi_az": True},
        {"engine_mode": "provisioned", "multi_az": False},
        {"engine_mode": "serverless", "multi_az": False},
    ),
    "aws_rds_engine_supported": (
        {"cluster": None, "engine": "postgres", **seen(engine_version="16.4")},
        {"cluster": None, "engine": "mysql", **seen(engine_version="5.7.44")},
        {"cluster": "c", "engine": "neptune", **seen(engine_version="1.0.2.0")},
    ),
    "aws_rds_cluster_engine_supported": (
        {"engine": "docdb", **seen(engine_version="5.0.0")},
        {"engine": "aurora-mysql", **seen(engine_version="5.7.mysql_aurora.2.11.3")},
        None,
    ),
    "aws_rds_cluster_snapshot_public": ({"shared_with": ["123400000001"]}, {"shared_with": ["all"]}, None),
    "aws_rds_cluster_snapshot_encrypted": ({"encrypted": True}, {"encrypted": False}, None),
    "aws_rds_deletion_protection": (
        {"cluster": None, "deletion_protection": True},
        {"cluster": None, "deletion_protection": False},
        {"cluster": "c", "deletion_protection": False},
    ),
    "aws_rds_snapshot_public": ({"shared_with": ["123400000001"]}, {"shared_with": ["all"]}, None),
    "aws_rds_snapshot_encrypted": ({"encrypted": True}, {"encrypted": False}, None),
    "aws_efs_encrypted": ({"encrypted": True}, {"encrypted": False}, None),
    "aws_dynamodb_recovery": ({"point_in_time_recovery": True}, {"point_in_time_recovery": False}, None),
    "aws_sqs_queue_public": (
        {"policy": everybody(Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:1:t"}})},
        {"policy": everybody()},
        None,
    ),
    "aws_sqs_queue_encrypted": ({"encrypted": True}, {"encrypted": False}, None),
    "aws_sns_topic_public": (
        {"policy": everybody({"AWS": "*"}, Condition={"StringEquals": {"AWS:SourceOwner": "1"}})},
        {"policy": everybody({"AWS": "*"})},
        None,
    ),
    "aws_sns_topic_encrypted": ({"encrypted": True}, {"encrypted": False}, None),
    "aws_secretsmanager_rotation": (
        {"owning_service": None, "rotation": True},
        {"owning_service": None, "rotation": False},
        {"owning_service": None, "primary_region": "ap-south-2", "rotation": False},
    ),
    "aws_secretsmanager_secret_public": ({"policy": None}, {"policy": everybody()}, None),
    "aws_kms_key_public": (
        {"state": "Enabled", "policy": everybody({"AWS": "arn:aws:iam::111122223333:root"})},
        {"state": "Disabled", "policy": everybody({"AWS": "*"})},
        {"state": "PendingDeletion", "policy": everybody()},
    ),
    "aws_ecr_repository_public": ({"policy": None}, {"policy": everybody()}, None),
    "aws_kms_key_rotation": (
        {"state": "Enabled", "spec": "SYMMETRIC_DEFAULT", "origin": "AWS_KMS", "rotation": True},
        {"state": "Enabled", "spec": "SYMMETRIC_DEFAULT", "origin": "AWS_KMS", "rotation": False},
        {"state": "PendingDeletion", "rotation": None},
    ),
}
