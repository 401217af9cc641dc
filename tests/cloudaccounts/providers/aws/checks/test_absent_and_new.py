"""A field that is absent, or has a value that nobody has seen yet, is unknown: neither the worst case nor the best.

Tables by rule: properties, and the verdict. Where AWS documents what an absent field means, that is the verdict.
"""

from __future__ import annotations

from typing import Any

import pytest

from cloudaccounts.contract.rules import Verdict
from tests.cloudaccounts.providers.aws.checks.examples import BLOCKED, BUCKET, PERSON, ago, judge, seen

PASS, FAIL, OTHER, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE, Verdict.UNKNOWN
NEW = "SOMETHING_NEW"


def key(**facts: Any) -> dict[str, Any]:
    return {"state": "Enabled", "spec": "SYMMETRIC_DEFAULT", "origin": "AWS_KMS", "rotation": True} | facts


def scans(kind: Any, *frequencies: str, own: Any = False) -> dict[str, Any]:
    return {"registry_scanning": {"type": kind, "frequencies": list(frequencies)}, "scan_on_push": own}


def log(traffic: Any = "ALL", status: Any = "ACTIVE", delivery: Any = "SUCCESS") -> dict[str, Any]:
    return {"traffic": traffic, "status": status, "delivery": delivery}


def root(**facts: bool) -> dict[str, Any]:
    return {"root": facts}


def password(**facts: Any) -> dict[str, Any]:
    return {"password_policy": facts}


def keys(*keys: tuple[Any, Any]) -> dict[str, Any]:
    return {"access_keys": [{"active": active, "created_at": date} for active, date in keys], **seen()}


def instance(tokens: Any, endpoint: Any = "enabled", state: Any = "running") -> dict[str, Any]:
    return {"state": state, "metadata_endpoint": endpoint, "metadata_tokens": tokens}


def recorder(recording: Any, everything: Any, global_types: Any = True) -> dict[str, Any]:
    facts = {"recording": recording, "all_supported": everything, "global_types": global_types}
    return {"recorders": [{"name": "default", **facts}]}


def trail(*facts: Any) -> dict[str, Any]:
    return {"trails": [dict(zip(("multi_region", "logging", "management_events"), facts, strict=True))]}


def analyzers(*analyzers: tuple[Any, Any]) -> dict[str, Any]:
    return {"analyzers": [{"type": kind, "status": status} for kind, status in analyzers]}


def objects(*facts: Any) -> dict[str, Any]:
    return {"trails": [dict(zip(("multi_region", "logging", "object_events"), facts, strict=True))]}


def distribution(policy: Any, *, enabled: bool = True) -> dict[str, Any]:
    return {"enabled": enabled, "own_certificate": True, "minimum_tls": policy, **seen()}


TABLE: list[tuple[str, dict[str, Any], Verdict]] = [
    # Organizations may have taken the root user's credentials away.
    ("iam_root_mfa", root(AccountMFAEnabled=True), PASS),
    ("iam_root_mfa", root(AccountMFAEnabled=True, AccountPasswordPresent=False), PASS),
    ("iam_root_mfa", root(AccountMFAEnabled=False, AccountPasswordPresent=True), FAIL),
    ("iam_root_mfa", root(AccountMFAEnabled=False, AccountPasswordPresent=False), OTHER),
    ("iam_root_mfa", root(AccountMFAEnabled=False), UNKNOWN),
    ("iam_root_mfa", root(AccountPasswordPresent=True), UNKNOWN),
    ("iam_password_length", password(MinimumPasswordLength=14), PASS),
    ("iam_password_length", password(MinimumPasswordLength=128), PASS),
    ("iam_password_length", password(MinimumPasswordLength=8), FAIL),
    ("iam_password_length", password(), UNKNOWN),
    ("iam_password_length", password(MinimumPasswordLength="14"), UNKNOWN),
    # IAM leaves it out where reuse is not prevented: API reference of GetAccountPasswordPolicy.
    ("iam_password_reuse", password(), FAIL),
    ("iam_password_reuse", password(PasswordReusePrevention=None), UNKNOWN),
    ("iam_access_key_age", keys((None, ago(10))), UNKNOWN),
    ("iam_access_key_age", keys((None, ago(10)), (True, ago(100))), FAIL),
    ("iam_access_key_age", keys((True, None)), UNKNOWN),
    ("iam_access_key_age", keys((False, None)), OTHER),
    ("iam_single_access_key", keys((True, None), (None, None)), UNKNOWN),
    ("iam_single_access_key", keys((True, None), (True, None)), FAIL),
    ("iam_credentials_unused", PERSON | {"console_password": False, "access_keys": [{}]} | seen(), UNKNOWN),
    ("iam_credentials_unused", PERSON | {"access_keys": [{"active": None}]} | seen(), FAIL),
    ("s3_bucket_encryption", {"encryption": {"algorithm": "aws:kms:dsse"}}, PASS),
    ("s3_bucket_encryption", {"encryption": {"algorithm": NEW}}, UNKNOWN),
    ("s3_bucket_encryption", {"encryption": {}}, UNKNOWN),
    ("s3_bucket_versioning", {"versioning": {"status": NEW}}, UNKNOWN),
    ("s3_bucket_versioning", {"versioning": {}}, UNKNOWN),
    ("s3_bucket_mfa_delete", {"versioning": {"mfa_delete": NEW}}, UNKNOWN),
    ("s3_bucket_public_access_block", BUCKET | {"public_access_block": {**BLOCKED, "BlockPublicAcls": None}}, UNKNOWN),
    (
        "s3_bucket_public",
        BUCKET | {"ownership": NEW, "acl_grants": [{"grantee": "http://acs.amazonaws.com/groups/global/AllUsers"}]},
        UNKNOWN,
    ),
    ("ec2_vpc_flow_logs", {"flow_logs": [log()]}, PASS),
    ("ec2_vpc_flow_logs", {"flow_logs": [log(delivery="FAILED")]}, FAIL),
    ("ec2_vpc_flow_logs", {"flow_logs": [log(delivery="FAILED"), log("REJECT")]}, PASS),
    ("ec2_vpc_flow_logs", {"flow_logs": [log(delivery=None)]}, UNKNOWN),
    ("ec2_vpc_flow_logs", {"flow_logs": [log(NEW)]}, UNKNOWN),
    ("ec2_vpc_flow_logs", {"flow_logs": [log(status=None)]}, UNKNOWN),
    ("ec2_vpc_flow_logs", {"flow_logs": [log(status="DELETING")]}, FAIL),
    ("ec2_vpc_flow_logs", {"flow_logs": [log("ACCEPT")]}, FAIL),
    ("ec2_instance_imdsv2", instance("required"), PASS),
    ("ec2_instance_imdsv2", instance("optional"), FAIL),
    ("ec2_instance_imdsv2", instance(NEW), UNKNOWN),
    ("ec2_instance_imdsv2", instance(None), UNKNOWN),
    ("ec2_instance_imdsv2", instance("optional", state=None), UNKNOWN),
    ("lambda_runtime_supported", {"runtime": "cobol85", **seen()}, UNKNOWN),
    ("lambda_runtime_supported", {"runtime": "python3.9"}, UNKNOWN),  # not told when it was observed
    ("eks_version_supported", {"logs": [], **seen(version="1.99")}, UNKNOWN),
    ("eks_version_supported", {"logs": [], **seen()}, UNKNOWN),
    ("rds_engine_supported", {"cluster": None, "engine": "oracle-ee", **seen(engine_version="19.0")}, UNKNOWN),
    ("rds_engine_supported", {"cluster": None, "engine": "postgres", **seen(engine_version="99.1")}, UNKNOWN),
    ("rds_instance_public", {"public": None}, UNKNOWN),
    ("rds_backups", {"cluster": None, "replica_of": None, "backup_days": None}, UNKNOWN),
    ("rds_auto_minor_upgrade", {"engine": None, "auto_minor_upgrade": True}, UNKNOWN),
    # Registry-level scanning comes before the repository's own setting.
    ("ecr_scan_on_push", scans("BASIC", "SCAN_ON_PUSH"), PASS),
    ("ecr_scan_on_push", scans("ENHANCED", "CONTINUOUS_SCAN"), PASS),
    ("ecr_scan_on_push", scans("ENHANCED", "SCAN_ON_PUSH"), PASS),
    ("ecr_scan_on_push", scans("ENHANCED", own=True), FAIL),
    ("ecr_scan_on_push", scans("ENHANCED", "MANUAL"), FAIL),
    ("ecr_scan_on_push", scans("BASIC", own=True), PASS),
    ("ecr_scan_on_push", scans("BASIC", "MANUAL", own=False), FAIL),
    ("ecr_scan_on_push", scans("BASIC", own=None), UNKNOWN),
    ("ecr_scan_on_push", scans(NEW, own=True), UNKNOWN),
    ("ecr_scan_on_push", scans("BASIC", NEW, own=False), UNKNOWN),
    ("ecr_scan_on_push", scans(None), UNKNOWN),
    ("kms_key_rotation", key(), PASS),
    ("kms_key_rotation", key(rotation=None), UNKNOWN),
    ("kms_key_rotation", key(state=NEW), UNKNOWN),
    ("kms_key_rotation", key(spec=NEW, rotation=None), UNKNOWN),
    ("kms_key_rotation", key(origin=NEW, rotation=None), UNKNOWN),
    ("kms_key_rotation", key(spec="ML_DSA_65", rotation=None), OTHER),
    ("kms_key_rotation", key(origin="EXTERNAL", rotation=None), OTHER),
    ("kms_key_rotation", key(state="Disabled", rotation=None), OTHER),
    ("acm_certificate_expiry", {"status": NEW, "in_use": True, "expires_at": ago(-90), **seen()}, UNKNOWN),
    ("acm_certificate_expiry", {"status": "ISSUED", "in_use": None, "expires_at": ago(-9), **seen()}, FAIL),
    ("cloudfront_https", {"enabled": True, "viewer_protocols": ["https-only", NEW]}, UNKNOWN),
    ("cloudfront_https", {"enabled": True, "viewer_protocols": []}, UNKNOWN),
    ("cloudfront_https", {"enabled": None, "viewer_protocols": ["https-only"]}, UNKNOWN),
    ("guardduty_enabled", {"detectors": [{"enabled": None}]}, UNKNOWN),
    ("guardduty_enabled", {"detectors": [{"enabled": None}, {"enabled": True}]}, PASS),
    ("guardduty_enabled", {"detectors": [{"enabled": False}]}, FAIL),
    ("config_recording", recorder(True, True), PASS),
    ("config_recording", recorder(True, True) | seen(default="SUCCESS"), PASS),
    ("config_recording", recorder(True, True) | seen(default="Failure"), FAIL),
    ("config_recording", recorder(True, None), UNKNOWN),
    ("config_recording", recorder(None, True), UNKNOWN),
    ("config_recording", recorder(False, None), FAIL),
    ("config_recording", recorder(True, False), FAIL),
    # IAM's own kinds are in no region: whether another one records them, a rule about this one does not see.
    ("config_recording", recorder(True, True, False), UNKNOWN),
    ("config_recording", recorder(True, True, None), UNKNOWN),
    ("config_recording", recorder(True, True, False) | seen(default="Failure"), FAIL),
    ("config_recording", recorder(True, False, False), FAIL),
    ("config_recording", recorder(False, True, False), FAIL),
    ("cloudtrail_all_regions", trail(True, True, "All"), PASS),
    ("cloudtrail_all_regions", trail(None, True, "All"), UNKNOWN),
    ("cloudtrail_all_regions", trail(True, None, "All"), UNKNOWN),
    ("cloudtrail_all_regions", trail(None, False, "All"), FAIL),
    ("cloudtrail_all_regions", trail(False, True, "All"), FAIL),
    ("iam_root_hardware_mfa", root(AccountMFAEnabled=True) | {"root_virtual_mfa": None}, UNKNOWN),
    ("iam_root_hardware_mfa", root(AccountMFAEnabled=False, AccountPasswordPresent=True), FAIL),
    ("iam_server_certificate_expired", {"expires_at": ago(0), **seen()}, FAIL),
    ("iam_server_certificate_expired", {"expires_at": ago(-1), **seen()}, PASS),
    ("iam_server_certificate_expired", {"expires_at": None, **seen()}, UNKNOWN),
    ("s3_account_public_access_block", {"account_public_access_block": {**BLOCKED, "BlockPublicAcls": None}}, UNKNOWN),
    ("s3_account_public_access_block", {"account_public_access_block": {**BLOCKED, "BlockPublicAcls": False}}, FAIL),
    ("ec2_snapshot_sharing_blocked", {"snapshot_sharing": "block-new-sharing"}, PASS),
    ("ec2_snapshot_sharing_blocked", {"snapshot_sharing": NEW}, UNKNOWN),
    # A region that blocks all sharing overrides what the snapshot says: without its state, that is not known.
    ("ec2_snapshot_public", {"public": True}, UNKNOWN),
    ("ec2_snapshot_public", {"public": True, "snapshot_sharing": NEW}, UNKNOWN),
    ("ec2_snapshot_public", {"public": False}, PASS),
    ("secretsmanager_rotation", {"rotation": False, "owning_service": None, "primary_region": "eu-west-1"}, FAIL),
    ("secretsmanager_rotation", {"rotation": False, "owning_service": "rds"}, OTHER),
    ("ec2_image_sharing_blocked", {"image_sharing": NEW}, UNKNOWN),
    ("ec2_imdsv2_default", {"metadata_defaults": {"HttpTokens": "no-preference"}}, FAIL),
    ("ec2_imdsv2_default", {"metadata_defaults": {"HttpTokens": "optional"}}, FAIL),
    ("ec2_imdsv2_default", {"metadata_defaults": {"HttpTokens": NEW}}, UNKNOWN),
    ("accessanalyzer_enabled", analyzers(("ORGANIZATION", "ACTIVE")), PASS),
    ("accessanalyzer_enabled", analyzers(("ACCOUNT", "FAILED"), ("ACCOUNT", "ACTIVE")), PASS),
    ("accessanalyzer_enabled", analyzers(), FAIL),
    ("accessanalyzer_enabled", analyzers(("ACCOUNT", "CREATING")), FAIL),
    ("accessanalyzer_enabled", analyzers(("ACCOUNT", NEW)), UNKNOWN),
    ("accessanalyzer_enabled", analyzers((None, "ACTIVE")), UNKNOWN),
    # A type that is new may be one of access from outside.
    ("accessanalyzer_enabled", analyzers((NEW, "ACTIVE")), UNKNOWN),
    ("accessanalyzer_enabled", analyzers((NEW, "ACTIVE"), ("ACCOUNT", "ACTIVE")), PASS),
    ("accessanalyzer_enabled", analyzers(("ACCOUNT_INTERNAL_ACCESS", "ACTIVE")), FAIL),
    ("cloudtrail_object_reads", objects(True, True, "ReadOnly"), PASS),
    ("cloudtrail_object_reads", objects(True, True, "WriteOnly"), FAIL),
    ("cloudtrail_object_writes", objects(True, True, "All"), PASS),
    ("cloudtrail_object_writes", objects(True, False, "All"), FAIL),
    ("cloudtrail_object_writes", objects(False, True, "All"), FAIL),
    ("cloudtrail_object_writes", objects(True, None, "All"), UNKNOWN),
    ("cloudtrail_object_writes", objects(True, True, None), UNKNOWN),
    ("cloudtrail_bucket_logging", {"bucket": "b", "bucket_facts": None}, UNKNOWN),
    ("cloudtrail_bucket_logging", {"bucket": "b", "bucket_facts": {"missing": True}}, FAIL),
    ("cloudtrail_bucket_public", {"bucket": "b", "bucket_facts": {"missing": True}}, FAIL),
    ("cloudtrail_bucket_logging", {"bucket": "b", "bucket_facts": {"unreadable": {"logging_to": "denied"}}}, UNKNOWN),
    ("elbv2_access_logs", {"type": NEW, "access_logs": None}, UNKNOWN),
    ("cloudfront_tls", distribution("TLSv1.1_2016"), FAIL),
    ("cloudfront_tls", distribution("SSLv3"), FAIL),
    ("cloudfront_tls", distribution("TLSv1.3_2025"), PASS),
    ("cloudfront_tls", distribution("TLSv1.2_2019"), PASS),
    ("cloudfront_tls", distribution("TLSv9_2040"), UNKNOWN),
    ("cloudfront_tls", distribution(None), UNKNOWN),
    ("cloudfront_tls", distribution("TLSv1", enabled=False), OTHER),
    ("sqs_queue_encrypted", {"encrypted": None}, UNKNOWN),
    ("ec2_image_public", {"public": None}, UNKNOWN),
    ("ec2_volume_encrypted", {"encrypted": None}, UNKNOWN),
    ("dynamodb_recovery", {"point_in_time_recovery": None}, UNKNOWN),
]


@pytest.mark.parametrize(("rule", "properties", "verdict"), TABLE)
def test_the_verdict_of_what_is_absent_or_new(rule: str, properties: dict[str, Any], verdict: Verdict) -> None:
    evaluation = judge(f"aws_{rule}", properties)
    assert evaluation.verdict == verdict, evaluation.reason
    assert evaluation.reason.endswith(".")
