"""Terraform snippets by check, where a few lines remediate it. Placeholders as in commands, unquoted.

Arguments are those of https://registry.terraform.io/providers/hashicorp/aws/latest/docs. Where an attribute of a
resource has to change, the snippet shows the resource with that attribute alone, for the block that manages it already.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_BLOCK = """\
resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = <bucket>
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
"""
_PASSWORDS = """\
resource "aws_iam_account_password_policy" "this" {
  minimum_password_length        = 14
  password_reuse_prevention      = 24
  require_lowercase_characters   = true
  require_uppercase_characters   = true
  require_numbers                = true
  require_symbols                = true
  allow_users_to_change_password = true
}
"""


def _attribute(resource: str, identity: str, *lines: str) -> str:
    """A resource that exists, with the attributes that are to change."""
    body = "\n".join(f"  {line}" for line in (identity, "# and what else it has", *lines))
    return f'resource "{resource}" "this" {{\n{body}\n}}\n'


_DATABASE = ("aws_db_instance", "identifier = <database>")
_CLUSTER = ("aws_rds_cluster", "cluster_identifier = <cluster>")
_TRAIL = ("aws_cloudtrail", "name = <id>")

SNIPPETS: Mapping[str, str] = MappingProxyType(
    {
        "aws_s3_bucket_public": _BLOCK,
        "aws_s3_account_public_access_block": """\
resource "aws_s3_account_public_access_block" "this" {
  account_id              = <account>
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
""",
        "aws_ec2_snapshot_sharing_blocked": """\
resource "aws_ebs_snapshot_block_public_access" "this" {
  state = "block-all-sharing"
}
""",
        "aws_ec2_image_sharing_blocked": """\
resource "aws_ec2_image_block_public_access" "this" {
  state = "block-new-sharing"
}
""",
        "aws_ec2_imdsv2_default": """\
resource "aws_ec2_instance_metadata_defaults" "this" {
  http_tokens = "required"
}
""",
        "aws_accessanalyzer_enabled": """\
resource "aws_accessanalyzer_analyzer" "this" {
  analyzer_name = "account"
  type          = "ACCOUNT"
}
""",
        "aws_securityhub_enabled": """\
resource "aws_securityhub_account" "this" {
}
""",
        "aws_rds_cluster_backups": _attribute(*_CLUSTER, "backup_retention_period = 7"),
        "aws_rds_cluster_deletion_protection": _attribute(*_CLUSTER, "deletion_protection = true"),
        "aws_rds_multi_az": _attribute(*_DATABASE, "multi_az = true"),
        "aws_s3_bucket_public_access_block": _BLOCK,
        "aws_s3_bucket_encryption": """\
resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = <bucket>
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "aws:kms"
    }
  }
}
""",
        "aws_s3_bucket_versioning": """\
resource "aws_s3_bucket_versioning" "this" {
  bucket = <bucket>
  versioning_configuration {
    status = "Enabled"
  }
}
""",
        "aws_s3_bucket_logging": """\
resource "aws_s3_bucket_logging" "this" {
  bucket        = <bucket>
  target_bucket = <log bucket>
  target_prefix = "log/"
}
""",
        "aws_iam_password_length": _PASSWORDS,
        "aws_iam_password_reuse": _PASSWORDS,
        "aws_ec2_default_security_group": """\
# Without rules in it, Terraform removes those that there are.
resource "aws_default_security_group" "this" {
  vpc_id = <vpc>
}
""",
        "aws_ec2_vpc_flow_logs": """\
resource "aws_flow_log" "this" {
  vpc_id               = <vpc>
  traffic_type         = "REJECT"
  log_destination_type = "s3"
  log_destination      = <bucket arn>
}
""",
        "aws_ec2_instance_imdsv2": _attribute(
            "aws_instance",
            "# the instance that this finding is about",
            "metadata_options {",
            '  http_tokens = "required"',
            "}",
        ),
        "aws_ec2_ebs_default_encryption": """\
resource "aws_ebs_encryption_by_default" "this" {
  enabled = true
}
""",
        "aws_ec2_snapshot_public": """\
# For all snapshots of the region.
resource "aws_ebs_snapshot_block_public_access" "this" {
  state = "block-all-sharing"
}
""",
        "aws_eks_endpoint_public": _attribute(
            "aws_eks_cluster",
            "name = <cluster>",
            "vpc_config {",
            "  endpoint_public_access  = false",
            "  endpoint_private_access = true",
            "}",
        ),
        "aws_ecr_scan_on_push": _attribute(
            "aws_ecr_repository",
            "name = <repository>",
            "image_scanning_configuration {",
            "  scan_on_push = true",
            "}",
        ),
        "aws_rds_instance_public": _attribute(*_DATABASE, "publicly_accessible = false"),
        "aws_rds_auto_minor_upgrade": _attribute(*_DATABASE, "auto_minor_version_upgrade = true"),
        "aws_rds_backups": _attribute(*_DATABASE, "backup_retention_period = 7"),
        "aws_rds_deletion_protection": _attribute(*_DATABASE, "deletion_protection = true"),
        "aws_dynamodb_recovery": _attribute(
            "aws_dynamodb_table", "name = <table>", "point_in_time_recovery {", "  enabled = true", "}"
        ),
        "aws_sqs_queue_encrypted": _attribute("aws_sqs_queue", "name = <id>", "sqs_managed_sse_enabled = true"),
        "aws_sns_topic_encrypted": _attribute("aws_sns_topic", "name = <id>", 'kms_master_key_id = "alias/aws/sns"'),
        "aws_secretsmanager_rotation": """\
resource "aws_secretsmanager_secret_rotation" "this" {
  secret_id           = <secret>
  rotation_lambda_arn = <function>
  rotation_rules {
    automatically_after_days = 30
  }
}
""",
        "aws_kms_key_rotation": _attribute(
            "aws_kms_key", "# the key that this finding is about", "enable_key_rotation = true"
        ),
        "aws_cloudtrail_logging": _attribute(*_TRAIL, "enable_logging = true"),
        "aws_cloudtrail_validation": _attribute(*_TRAIL, "enable_log_file_validation = true"),
        "aws_cloudtrail_kms": _attribute(*_TRAIL, "kms_key_id = <key>"),
        "aws_guardduty_enabled": """\
resource "aws_guardduty_detector" "this" {
  enable = true
}
""",
    }
)
