"""The account: identities, and what watches it."""

from __future__ import annotations

from typing import Any

from tests.cloudaccounts.providers.aws.checks.examples import (
    ADMIN,
    ALL_USERS,
    BUCKET,
    FOR_MACHINES,
    OWN_POLICY,
    PERSON,
    READER,
    RECORDER,
    ROLE,
    TRAIL,
    ago,
    allow,
    everybody,
    seen,
)

Case = tuple[dict[str, Any], dict[str, Any], dict[str, Any] | None]
CASES: dict[str, Case] = {
    "aws_iam_root_mfa": (
        {"root": {"AccountMFAEnabled": True}},
        {"root": {"AccountMFAEnabled": False, "AccountPasswordPresent": True}},
        {"root": {"AccountMFAEnabled": False, "AccountPasswordPresent": False}},
    ),
    "aws_iam_root_hardware_mfa": (
        {"root": {"AccountMFAEnabled": True}, "root_virtual_mfa": False},
        {"root": {"AccountMFAEnabled": True}, "root_virtual_mfa": True},
        {"root": {"AccountMFAEnabled": False, "AccountPasswordPresent": False}},
    ),
    "aws_iam_server_certificate_expired": ({"expires_at": ago(-9)} | seen(), {"expires_at": ago(9)} | seen(), None),
    "aws_iam_root_access_keys": (
        {"root": {"AccountAccessKeysPresent": False}},
        {"root": {"AccountAccessKeysPresent": True}},
        None,
    ),
    "aws_iam_root_unused": (
        {"root": True, **seen(password_last_used_at=ago(31))},
        {"root": True, **seen(password_last_used_at=ago(300), access_key_1_last_used_at=ago(29))},
        {"root": False, **seen()},
    ),
    "aws_iam_password_length": (
        {"password_policy": {"MinimumPasswordLength": 14}},
        {"password_policy": {"MinimumPasswordLength": 13}},
        None,
    ),
    "aws_iam_password_reuse": (
        {"password_policy": {"PasswordReusePrevention": 24}},
        {"password_policy": {}},
        None,
    ),
    "aws_iam_support_role": ({"support_roles": ["support"]}, {"support_roles": []}, None),
    "aws_iam_user_mfa": (PERSON, PERSON | {"mfa_active": False}, PERSON | {"console_password": False}),
    "aws_iam_credentials_unused": (
        PERSON | seen(password_last_used_at=ago(44)),
        PERSON | seen(password_last_used_at=ago(45)),
        PERSON | {"console_password": False} | seen(),
    ),
    "aws_iam_access_key_age": (
        {"access_keys": [{"active": True, "created_at": ago(90)}], **seen()},
        {"access_keys": [{"active": True, "created_at": ago(91)}], **seen()},
        {"access_keys": [{"active": False, "created_at": ago(900)}], **seen()},
    ),
    "aws_iam_single_access_key": (
        {"access_keys": [{"active": True}, {"active": False}]},
        {"access_keys": [{"active": True}, {"active": True}]},
        None,
    ),
    "aws_iam_user_policies": (
        {"attached_policies": [], "inline_policies": {}},
        {"attached_policies": [], "inline_policies": {"mine": READER}},
        None,
    ),
    "aws_iam_user_admin": (
        {
            "attached_policies": [OWN_POLICY],
            "attached_documents": {OWN_POLICY: READER},
            "inline_policies": {"a": READER},
        },
        {"attached_policies": ["arn:aws-cn:iam::aws:policy/AdministratorAccess"], "inline_policies": {}},
        None,
    ),
    "aws_iam_group_admin": (
        {"members": ["ana"], "attached_policies": [], "inline_policies": {"a": READER}},
        {"members": ["ana"], "attached_policies": [], "inline_policies": {"a": ADMIN}},
        {"members": [], "attached_policies": [], "inline_policies": {"a": ADMIN}},
    ),
    "aws_iam_role_admin": (
        ROLE | {"inline_policies": {"a": READER}},
        ROLE | {"inline_policies": {"a": ADMIN}},
        ROLE | {"inline_policies": {"a": ADMIN}, "path": "/aws-reserved/sso.amazonaws.com/eu-west-1/"},
    ),
    "aws_iam_service_role_admin": (
        ROLE | {"inline_policies": {"a": READER}, "trust_policy": FOR_MACHINES},
        ROLE | {"inline_policies": {"a": ADMIN}, "trust_policy": FOR_MACHINES},
        ROLE | {"inline_policies": {"a": ADMIN}},
    ),
    "aws_iam_user_escalation": (
        {"attached_policies": [], "inline_policies": {"a": READER}},
        {"attached_policies": [], "inline_policies": {"a": allow("iam:CreateAccessKey")}},
        {"attached_policies": [], "inline_policies": {"a": ADMIN}},
    ),
    "aws_iam_group_escalation": (
        {"members": ["ana"], "attached_policies": [], "inline_policies": {"a": READER}},
        {"members": ["ana"], "attached_policies": ["arn:aws:iam::aws:policy/IAMFullAccess"], "inline_policies": {}},
        {"members": [], "attached_policies": [], "inline_policies": {"a": allow("iam:*")}},
    ),
    "aws_iam_role_escalation": (
        ROLE | {"inline_policies": {"a": READER}},
        ROLE | {"inline_policies": {"a": allow("iam:PassRole", "ec2:RunInstances")}},
        ROLE | {"inline_policies": {"a": allow("iam:*")}, "path": "/aws-service-role/x.amazonaws.com/"},
    ),
    "aws_iam_policy_admin": (
        {"attachment_count": 1, "document": READER},
        {"attachment_count": 1, "document": ADMIN},
        {"attachment_count": 0, "document": ADMIN},
    ),
    "aws_iam_role_trust": (
        {"trust_policy": everybody({"Service": "ec2.amazonaws.com"})},
        {"trust_policy": everybody({"AWS": ["*"]})},
        None,
    ),
    "aws_cloudtrail_all_regions": (
        {"trails": [TRAIL | {"logging": None}, TRAIL]},
        {"trails": [TRAIL | {"logging": False}]},
        None,
    ),
    "aws_cloudtrail_object_writes": (
        {"trails": [TRAIL | {"object_events": "WriteOnly"}]},
        {"trails": [TRAIL | {"object_events": "ReadOnly"}]},
        None,
    ),
    "aws_cloudtrail_object_reads": (
        {"trails": [TRAIL | {"object_events": "All"}]},
        {"trails": [TRAIL | {"object_events": "None"}]},
        None,
    ),
    "aws_cloudtrail_bucket_logging": (
        {"bucket": "b", "bucket_facts": {"logging_to": "logs"}},
        {"bucket": "b", "bucket_facts": {"logging_to": None}},
        None,
    ),
    "aws_cloudtrail_bucket_public": (
        {"bucket": "b", "bucket_facts": BUCKET},
        {"bucket": "b", "bucket_facts": BUCKET | {"acl_grants": [ALL_USERS]}},
        None,
    ),
    "aws_securityhub_enabled": ({"enabled": True}, {"enabled": False}, None),
    "aws_accessanalyzer_enabled": (
        {"analyzers": [{"type": "ACCOUNT", "status": "ACTIVE"}]},
        {"analyzers": [{"type": "ACCOUNT_UNUSED_ACCESS", "status": "ACTIVE"}]},
        None,
    ),
    "aws_cloudtrail_logging": ({"logging": True}, {"logging": False}, None),
    "aws_cloudtrail_validation": ({"log_file_validation": True}, {"log_file_validation": False}, None),
    "aws_cloudtrail_kms": ({"kms_key_id": "arn:aws:kms:x"}, {"kms_key_id": None}, None),
    "aws_config_recording": ({"recorders": [RECORDER]}, {"recorders": []}, None),
    "aws_guardduty_enabled": ({"detectors": [{"enabled": True}]}, {"detectors": []}, None),
}
