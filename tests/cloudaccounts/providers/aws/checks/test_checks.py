"""Each rule with an asset that passes, one that fails, one it does not apply to, and one that tells too little."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Verdict
from cloudaccounts.providers.aws.checks import CHECKS
from cloudaccounts.providers.aws.provider import PROVIDER

BY_ID = {check.id: check for check in CHECKS}
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def ago(days: int) -> str:
    return (NOW - timedelta(days=days)).isoformat()


def seen(**facts: Any) -> dict[str, Any]:
    return {OBSERVED: {"at": NOW.isoformat(), **facts}}


def asset(check: PostureCheck, properties: dict[str, Any]) -> Asset:
    return Asset(check.asset_type, "x", "eu-west-1", "arn:aws:x::1:y", "y", {}, properties)


def judge(identifier: str, properties: dict[str, Any]) -> Evaluation:
    check = BY_ID[identifier]
    return check.evaluate(asset(check, properties))


def rule(port: int, *cidrs: str, to: int | None = None, protocol: str = "tcp") -> dict[str, Any]:
    v4, v6 = [one for one in cidrs if ":" not in one], [one for one in cidrs if ":" in one]
    return {"protocol": protocol, "from_port": port, "to_port": to or port, "cidrs": v4, "ipv6_cidrs": v6}


def everybody(principal: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "x:Y", "Resource": "*", **more}]}


def entry(number: int, cidr: str, first: int = 22, last: int = 22, **more: Any) -> dict[str, Any]:
    """Of a network ACL; TCP that is allowed, unless said otherwise."""
    places = {"cidr": None, "ipv6_cidr": cidr} if ":" in cidr else {"cidr": cidr, "ipv6_cidr": None}
    ports = {"from_port": first, "to_port": last}
    return {"number": number, "action": "allow", "protocol": "6", **places, **ports, **more}


def allow(*actions: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}]}


def answer(action: str, to: str | None = None, *, everything: bool = True) -> dict[str, Any]:
    """A rule of a listener."""
    return {"everything": everything, "action": action, "to": to}


def http(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"port": 80, "protocol": "HTTP", "rules": list(rules)}


BALANCER: dict[str, Any] = {"type": "application", "scheme": "internet-facing"}
EVERYTHING_IN = [{**entry(100, "0.0.0.0/0"), "protocol": "-1", "from_port": None, "to_port": None}]
REACHED: dict[str, Any] = {
    "state": "running",
    "public_addresses": ["8.8.4.4", "2a05:d018::1"],
    "routed": ["4", "6"],
    "acls": [EVERYTHING_IN],
    "ingress": [rule(22, "0.0.0.0/0")],
}
OWN_POLICY = "arn:aws:iam::111122223333:policy/AdministratorAccess"  # the account's own, whatever its name
ADMIN = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
READER = {"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"}]}
FOR_MACHINES = everybody({"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
ROLE: dict[str, Any] = {
    "path": "/",
    "trust_policy": everybody({"AWS": "111122223333"}, Action="sts:AssumeRole"),
    "attached_policies": [],
    "inline_policies": {},
}
BLOCKED = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
TLS = {
    "Statement": {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
}
ALL_USERS = {"grantee": "http://acs.amazonaws.com/groups/global/AllUsers", "permission": "READ"}
BUCKET: dict[str, Any] = {
    "public_access_block": None,
    "account_public_access_block": None,
    "policy_is_public": False,
    "ownership": None,
    "acl_grants": [],
}
PERSON: dict[str, Any] = {
    "root": False,
    "console_password": True,
    "password_changed_at": ago(400),
    "created_at": ago(500),
    "mfa_active": True,
    "access_keys": [],
}
TRAIL = {"multi_region": True, "logging": True, "management_events": "All"}
RECORDER = {"name": "default", "recording": True, "all_supported": True}
CERTIFICATE = {"status": "ISSUED", "in_use": True}

# Check: passing, failing, and what it does not apply to (None: every asset of its type is judged).
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any] | None]] = {
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
    "aws_ec2_ssh_open": ({"ingress": [rule(22, "10.0.0.0/8")]}, {"ingress": [rule(20, "0.0.0.0/0", to=30)]}, None),
    "aws_ec2_rdp_open": ({"ingress": [rule(443, "0.0.0.0/0")]}, {"ingress": [rule(3389, "::/0")]}, None),
    "aws_ec2_cifs_open": ({"ingress": [rule(443, "0.0.0.0/0")]}, {"ingress": [rule(445, "0.0.0.0/0")]}, None),
    "aws_ec2_network_acl_open": ({"ingress": [entry(100, "10.0.0.0/8")]}, {"ingress": [entry(100, "0.0.0.0/0")]}, None),
    "aws_ec2_instance_reachable": (
        REACHED | {"ingress": [rule(443, "0.0.0.0/0")]},
        REACHED,
        {"state": "terminated"},
    ),
    "aws_ec2_instance_role": (
        {"state": "running", "instance_profile": "arn:aws:iam::1:instance-profile/web"},
        {"state": "running", "instance_profile": None},
        {"state": "shutting-down"},
    ),
    "aws_ec2_snapshot_sharing_blocked": (
        {"snapshot_sharing": "block-all-sharing"},
        {"snapshot_sharing": "unblocked"},
        None,
    ),
    "aws_ec2_image_sharing_blocked": ({"image_sharing": "block-new-sharing"}, {"image_sharing": "unblocked"}, None),
    "aws_ec2_imdsv2_default": (
        {"metadata_defaults": {"HttpTokens": "required"}},
        {"metadata_defaults": {}},
        None,
    ),
    "aws_elbv2_tls_policy": (
        {"listeners": [{"protocol": "TLS", "policy": "p"}], "policies": {"p": ["TLSv1.2", "TLSv1.3"]}} | seen(),
        {"listeners": [{"protocol": "HTTPS", "policy": "p"}], "policies": {"p": ["TLSv1", "TLSv1.2"]}} | seen(),
        {"listeners": [{"protocol": "TCP"}]} | seen(),
    ),
    "aws_elbv2_plain_http": (
        BALANCER | {"listeners": [http(answer("redirect", "HTTPS"))]},
        BALANCER | {"listeners": [http(answer("forward"))]},
        BALANCER | {"scheme": "internal", "listeners": [http(answer("forward"))]},
    ),
    "aws_elbv2_access_logs": (
        {"type": "network", "access_logs": True},
        {"type": "application", "access_logs": False},
        {"type": "gateway", "access_logs": None},
    ),
    "aws_cloudfront_tls": (
        {"enabled": True, "own_certificate": True, "minimum_tls": "TLSv1.2_2021"} | seen(),
        {"enabled": True, "own_certificate": True, "minimum_tls": "TLSv1_2016"} | seen(),
        {"enabled": True, "own_certificate": False, "minimum_tls": "TLSv1"} | seen(),
    ),
    "aws_ec2_all_ports_open": (
        {"ingress": [rule(1, "0.0.0.0/0", to=1024)]},
        {"ingress": [rule(0, "0.0.0.0/0", protocol="-1")]},
        None,
    ),
    "aws_ec2_database_ports_open": (
        {"ingress": [rule(5432, "0.0.0.0/0", protocol="udp")]},
        {"ingress": [rule(5432, "0.0.0.0/0")]},
        None,
    ),
    "aws_ec2_default_security_group": (
        {"group_name": "default", "ingress": [], "egress": []},
        {"group_name": "default", "ingress": [], "egress": [rule(443, "0.0.0.0/0")]},
        {"group_name": "web", "ingress": [], "egress": []},
    ),
    "aws_ec2_vpc_flow_logs": (
        {"flow_logs": [{"traffic": "REJECT", "status": "ACTIVE", "delivery": "SUCCESS"}]},
        {"flow_logs": [{"traffic": "ACCEPT", "status": "ACTIVE", "delivery": "SUCCESS"}]},
        None,
    ),
    "aws_ec2_instance_imdsv2": (
        {"state": "running", "metadata_endpoint": "enabled", "metadata_tokens": "required"},
        {"state": "stopped", "metadata_endpoint": "enabled", "metadata_tokens": "optional"},
        {"state": "terminated"},
    ),
    "aws_ec2_volume_encrypted": ({"encrypted": True}, {"encrypted": False}, None),
    "aws_ec2_ebs_default_encryption": (
        {"ebs_encryption_by_default": True},
        {"ebs_encryption_by_default": False},
        None,
    ),
    "aws_ec2_snapshot_public": (
        {"public": True, "snapshot_sharing": "block-all-sharing"},
        {"public": True, "snapshot_sharing": "block-new-sharing"},
        None,
    ),
    "aws_ec2_snapshot_encrypted": ({"encrypted": True}, {"encrypted": False}, None),
    "aws_ec2_image_public": ({"public": False}, {"public": True}, None),
    "aws_lambda_function_public": (
        {"policy": None, "alias_policies": {}},
        {"policy": None, "alias_policies": {"live": everybody()}},
        None,
    ),
    "aws_lambda_runtime_supported": (
        {"runtime": "python3.13", **seen()},
        {"runtime": "python3.9", **seen()},
        {"runtime": None},
    ),
    "aws_eks_version_supported": ({"logs": [], **seen(version="1.35")}, {"logs": [], **seen(version="1.33")}, None),
    "aws_eks_endpoint_public": (
        {"public_endpoint": True, "public_cidrs": ["192.0.2.0/24"]},
        {"public_endpoint": True, "public_cidrs": ["0.0.0.0/0"]},
        None,
    ),
    "aws_eks_secrets_encrypted": ({"secrets_encrypted": True}, {"secrets_encrypted": False}, None),
    "aws_ecr_scan_on_push": (
        {"registry_scanning": {"type": "BASIC", "frequencies": []}, "scan_on_push": True},
        {"registry_scanning": {"type": "BASIC", "frequencies": []}, "scan_on_push": False},
        None,
    ),
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
    "aws_acm_certificate_expiry": (
        CERTIFICATE | {"expires_at": ago(-31)} | seen(),
        CERTIFICATE | {"expires_at": ago(-30)} | seen(),
        CERTIFICATE | {"in_use": False, "expires_at": ago(1)} | seen(),
    ),
    "aws_cloudfront_https": (
        {"enabled": True, "viewer_protocols": ["redirect-to-https"]},
        {"enabled": True, "viewer_protocols": ["allow-all", "https-only"]},
        {"enabled": False, "viewer_protocols": ["allow-all"]},
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


def test_every_check_is_shown_here() -> None:
    assert set(CASES) == set(BY_ID)
    assert len(BY_ID) == len(CHECKS) >= 40
    assert PROVIDER.posture_checks() is CHECKS


@pytest.mark.parametrize("identifier", CASES)
def test_a_good_asset_passes(identifier: str) -> None:
    judgement = judge(identifier, CASES[identifier][0])
    assert judgement.verdict == Verdict.PASS, judgement
    assert judgement.reason


@pytest.mark.parametrize("identifier", CASES)
def test_a_bad_asset_fails_with_what_was_seen(identifier: str) -> None:
    judgement = judge(identifier, CASES[identifier][1])
    assert judgement.verdict == Verdict.FAIL, judgement
    assert judgement.reason.endswith(".")


@pytest.mark.parametrize("identifier", CASES)
def test_what_a_rule_is_not_about_is_left_alone(identifier: str) -> None:
    good, _, other = CASES[identifier]
    elsewhere = Asset("aws.other.thing", "other", "global", "arn", "n", {}, good)
    assert BY_ID[identifier].evaluate(elsewhere).verdict == Verdict.NOT_APPLICABLE
    if other is not None:
        assert judge(identifier, other).verdict == Verdict.NOT_APPLICABLE


@pytest.mark.parametrize("identifier", CASES)
def test_what_was_not_told_is_unknown_and_never_a_pass(identifier: str) -> None:
    judgement = judge(identifier, {})
    assert judgement.verdict == Verdict.UNKNOWN, judgement
    assert judgement.reason


@pytest.mark.parametrize("identifier", CASES)
def test_what_could_not_be_read_is_unknown_with_the_reason(identifier: str) -> None:
    good = CASES[identifier][0]
    names = [name for name in good if name != OBSERVED]
    refused: dict[str, Any] = dict.fromkeys(names) | {"unreadable": dict.fromkeys(names, "permission_denied")}
    judgement = judge(identifier, refused)
    assert judgement.verdict == Verdict.UNKNOWN, judgement
    assert "permission denied" in judgement.reason


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_each_check_tells_a_person_what_to_do(check: PostureCheck) -> None:
    assert re.fullmatch("aws_[a-z0-9_]+", check.id)
    assert check.asset_type.startswith("aws.")
    assert check.service == check.asset_type.split(".")[1]
    assert not check.title.endswith(".")
    assert check.why.endswith(".")
    assert len(check.console) > 20
    assert "aws " in check.command


def test_the_rules_about_ages_and_no_others_look_at_the_time() -> None:
    moving = set()
    for identifier, (good, bad, _) in CASES.items():
        for properties in (good, bad):
            check = BY_ID[identifier]
            found = asset(check, properties)
            verdicts = {check.evaluate(found.as_of(NOW + timedelta(days=days))).verdict for days in (-2000, 0, 2000)}
            if len(verdicts) > 1:
                moving.add(identifier)
    assert moving == {check.id for check in CHECKS if check.time_dependent}


def test_an_unchanged_key_grows_old() -> None:
    check = BY_ID["aws_iam_access_key_age"]
    found = asset(check, {"access_keys": [{"active": True, "created_at": ago(80)}], **seen()})
    assert check.evaluate(found).verdict == Verdict.PASS
    later = found.as_of(NOW + timedelta(days=11))
    assert check.evaluate(later).verdict == Verdict.FAIL
    assert later.fingerprint() == found.fingerprint()


@pytest.mark.parametrize(
    ("properties", "verdict"),
    [
        (BUCKET | {"policy_is_public": True, "public_access_block": BLOCKED}, Verdict.PASS),
        (BUCKET | {"policy_is_public": True, "account_public_access_block": BLOCKED}, Verdict.PASS),
        (BUCKET | {"acl_grants": [ALL_USERS]}, Verdict.FAIL),
        (BUCKET | {"acl_grants": [ALL_USERS], "ownership": "BucketOwnerEnforced"}, Verdict.PASS),
        (
            BUCKET | {"policy_is_public": True, "unreadable": {"account_public_access_block": "permission_denied"}},
            Verdict.UNKNOWN,
        ),
        (BUCKET | {"acl_grants": [ALL_USERS], "unreadable": {"policy_is_public": "x"}}, Verdict.FAIL),
        (BUCKET | {"unreadable": {"acl_grants": "permission_denied"}}, Verdict.UNKNOWN),
    ],
)
def test_a_bucket_is_public_only_where_no_block_stands_in_between(properties: dict[str, Any], verdict: Verdict) -> None:
    assert judge("aws_s3_bucket_public", properties).verdict == verdict


@pytest.mark.parametrize(
    ("policy", "is_open"),
    [
        (everybody("*"), True),
        (everybody({"AWS": "*"}), True),
        (everybody({"Service": "*"}), True),  # any service, so anybody who has one call the function
        (everybody({"AWS": "arn:aws:iam::1:root"}), False),
        (everybody(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), False),
        (everybody(Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}), True),
        (everybody(Condition={"StringLike": {"aws:SourceAccount": "*"}}), True),
        (everybody(Condition={"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}), True),
        (everybody(Condition={"Bool": {"aws:SecureTransport": "true"}}), True),
        (everybody(Condition={"StringEqualsIfExists": {"aws:SourceAccount": "1"}}), True),
        (everybody(Effect="Deny"), False),
        (None, False),
    ],
)
def test_everybody_is_everybody_unless_a_condition_names_somebody(policy: Any, is_open: bool) -> None:
    expected = Verdict.FAIL if is_open else Verdict.PASS
    assert judge("aws_lambda_function_public", {"policy": policy, "alias_policies": {}}).verdict == expected


NAMES = sorted({name for cases in CASES.values() for case in cases if case for name in case} | {"unreadable"})
ODD: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text("ab*:/é\n", max_size=5)
    | st.sampled_from(["*", "Allow", "0.0.0.0/0"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Statement", "Effect", "Principal", "Action", "AWS", "active", "at", "cidrs", "protocol", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # how long it takes depends on the machine
@given(st.dictionaries(st.sampled_from(NAMES), ODD, max_size=8))
def test_no_odd_property_makes_a_rule_fail_by_itself(properties: dict[str, Any]) -> None:
    for check in CHECKS:
        judgement = check.evaluate(asset(check, properties))
        assert judgement.verdict in Verdict
        assert judgement.reason


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # how long it takes depends on the machine
@given(st.sampled_from(sorted(CASES)), st.data())
def test_a_single_odd_property_makes_no_error_either(identifier: str, data: st.DataObject) -> None:
    good = dict(CASES[identifier][0])
    good[data.draw(st.sampled_from(sorted(good)))] = data.draw(ODD)
    assert judge(identifier, good).verdict in Verdict
