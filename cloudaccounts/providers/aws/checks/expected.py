"""What AWS's rules want to see, by check and path, for the evidence of findings.

For rules whose reading does not say it: flags need no entry, and a rule may have its own (``expected=``). A path is a
property that a rule reads, or a part of it; of a list, the entry that decides is shown beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cloudaccounts.provider_kit.posture import Expected

_NO_STRANGERS = "a statement that names whom it allows, or a condition that does"
_NO_ADMINISTRATOR = {
    "attached_policies": "no policy that allows every action on every resource",
    "inline_policies": "no policy that allows every action on every resource",
}
_NO_ESCALATION = {
    "attached_policies": "no policy by which an administrator can be made",
    "inline_policies": "no policy by which an administrator can be made",
}
_BLOCKS = {
    f"{holder}.{flag}": True
    for holder in ("public_access_block", "account_public_access_block")
    for flag in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
}


def _closed(ports: str) -> Expected:
    return {"ingress": f"no rule that opens {ports} to the whole internet"}


EXPECTED: Mapping[str, Expected] = MappingProxyType(
    {
        "aws_iam_root_mfa": {"root.AccountMFAEnabled": True},
        "aws_iam_root_access_keys": {"root.AccountAccessKeysPresent": False},
        "aws_iam_password_length": {"password_policy.MinimumPasswordLength": "at least 14"},
        "aws_iam_password_reuse": {"password_policy.PasswordReusePrevention": 24},
        "aws_iam_support_role": {"support_roles": "at least one role with AWSSupportAccess"},
        "aws_iam_credentials_unused": {
            "observed.password_last_used_at": "within 45 days",
            "access_keys": "used within 45 days, or inactive",
        },
        "aws_iam_access_key_age": {"access_keys": "made less than 90 days ago, or inactive"},
        "aws_iam_single_access_key": {"access_keys": "one active key at most"},
        "aws_iam_user_policies": {"attached_policies": "none: by groups", "inline_policies": "none: by groups"},
        "aws_iam_user_admin": _NO_ADMINISTRATOR,
        "aws_iam_group_admin": _NO_ADMINISTRATOR,
        "aws_iam_role_admin": _NO_ADMINISTRATOR,
        "aws_iam_service_role_admin": _NO_ADMINISTRATOR,
        "aws_iam_policy_admin": {"document": "no statement that allows every action on every resource"},
        "aws_iam_user_escalation": _NO_ESCALATION,
        "aws_iam_group_escalation": _NO_ESCALATION,
        "aws_iam_role_escalation": _NO_ESCALATION,
        "aws_iam_role_trust": {"trust_policy": _NO_STRANGERS},
        "aws_iam_server_certificate_expired": {"expires_at": "a date to come"},
        "aws_s3_bucket_public_access_block": _BLOCKS,
        "aws_s3_bucket_tls_only": {"policy": "a statement that denies everybody all requests without TLS"},
        "aws_s3_bucket_encryption": {"encryption.algorithm": "AES256 or aws:kms"},
        "aws_s3_bucket_versioning": {"versioning.status": "Enabled"},
        "aws_s3_bucket_mfa_delete": {"versioning.mfa_delete": "Enabled"},
        "aws_s3_bucket_logging": {"logging_to": "a bucket"},
        "aws_ec2_ssh_open": _closed("TCP port 22"),
        "aws_ec2_rdp_open": _closed("port 3389"),
        "aws_ec2_cifs_open": _closed("ports 139 and 445"),
        "aws_ec2_all_ports_open": _closed("every port"),
        "aws_ec2_database_ports_open": _closed("a database's port"),
        "aws_ec2_network_acl_open": _closed("ports 22 and 3389"),
        "aws_ec2_default_security_group": {"ingress": "no rules", "egress": "no rules"},
        "aws_ec2_vpc_flow_logs": {"flow_logs": "one that is active and records rejected traffic"},
        "aws_ec2_instance_imdsv2": {"metadata_tokens": "required"},
        "aws_ec2_instance_role": {"instance_profile": "an instance profile"},
        "aws_lambda_function_public": {"policy": _NO_STRANGERS, "alias_policies": _NO_STRANGERS},
        "aws_lambda_runtime_supported": {"runtime": "one that AWS supports"},
        "aws_rds_snapshot_public": {"shared_with": "named accounts only, not all"},
        "aws_rds_cluster_snapshot_public": {"shared_with": "named accounts only, not all"},
        "aws_sqs_queue_public": {"policy": _NO_STRANGERS},
        "aws_sns_topic_public": {"policy": _NO_STRANGERS},
        "aws_secretsmanager_secret_public": {"policy": _NO_STRANGERS},
        "aws_kms_key_public": {"policy": _NO_STRANGERS},
        "aws_ecr_repository_public": {"policy": _NO_STRANGERS},
        "aws_acm_certificate_expiry": {"expires_at": "more than 30 days from now"},
        "aws_cloudfront_https": {"viewer_protocols": "https-only or redirect-to-https"},
        "aws_cloudtrail_all_regions": {"trails": "one of all regions that is on and records all management events"},
        "aws_cloudtrail_object_reads": {"trails": "one that records the reading of all objects"},
        "aws_cloudtrail_object_writes": {"trails": "one that records the writing of all objects"},
        "aws_cloudtrail_kms": {"kms_key_id": "a KMS key"},
        "aws_config_recording": {"recorders": "one that records"},
        "aws_guardduty_enabled": {"detectors": "one that is enabled"},
        "aws_accessanalyzer_enabled": {"analyzers": "one that is active"},
        "aws_ec2_snapshot_sharing_blocked": {"snapshot_sharing": "block-all-sharing"},
        "aws_ec2_imdsv2_default": {"metadata_defaults.HttpTokens": "required"},
        "aws_ec2_image_sharing_blocked": {"image_sharing": "block-new-sharing"},
        "aws_s3_account_public_access_block": {
            f"account_public_access_block.{flag}": True
            for flag in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        },
        "aws_eks_version_supported": {"observed.version": "a version in AWS's standard support"},
        "aws_rds_engine_supported": {"observed.engine_version": "a version in AWS's standard support"},
        "aws_rds_cluster_engine_supported": {"observed.engine_version": "a version in AWS's standard support"},
        "aws_elbv2_plain_http": {"listeners": "HTTPS, or a redirect to it"},
        "aws_elbv2_tls_policy": {"listeners": "a policy of TLS 1.2 and later alone"},
    }
)
