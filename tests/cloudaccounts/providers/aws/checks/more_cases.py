"""Further assets for each rule of AWS, so that each has three that pass and three that fail (`test_three_each`).

Values are those of botocore's models, where a model lists them: the test holds both together.
"""

from __future__ import annotations

from typing import Any

from tests.cloudaccounts.providers.aws.checks.examples import (
    ADMIN,
    ALL_USERS,
    BALANCER,
    BLOCKED,
    BUCKET,
    CERTIFICATE,
    FOR_MACHINES,
    OWN_POLICY,
    PERSON,
    REACHED,
    READER,
    RECORDER,
    ROLE,
    TLS,
    TRAIL,
    ago,
    allow,
    answer,
    entry,
    everybody,
    http,
    rule,
    seen,
)
from tests.cloudaccounts.providers.aws.checks.test_absent_and_new import (
    analyzers,
    instance,
    key,
    keys,
    objects,
    password,
    root,
)

Properties = dict[str, Any]
Cases = tuple[list[Properties], list[Properties]]  # those that pass, those that fail
AWS_ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
GROUP: Properties = {"members": ["ana"], "attached_policies": [], "inline_policies": {}}
USER: Properties = {"attached_policies": [], "inline_policies": {}}
OTHER_ACCOUNT = everybody({"AWS": "arn:aws:iam::444455556666:root"})
LOCAL = everybody(Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}})
OPEN = [everybody({"AWS": "*"}), everybody({"AWS": ["arn:aws:iam::1:root", "*"]})]
AN_ORGANIZATION = everybody(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})


def flag(name: str, *, good: bool = True, **more: Any) -> Cases:
    """Of a rule that reads one flag: with other facts of the same asset beside it, which must not matter."""
    beside: list[Properties] = [{}, {"region": "eu-west-1"}, {"kms_key_id": "arn:aws:kms:eu-west-1:1:key/k"}]
    return [{name: good, **more, **one} for one in beside], [{name: not good, **more, **one} for one in beside]


def policies(**more: Any) -> Cases:
    return [{"policy": one, **more} for one in (LOCAL, AN_ORGANIZATION, OTHER_ACCOUNT)], [
        {"policy": one, **more} for one in OPEN
    ]


def mine(holder: Properties, **more: Any) -> Cases:
    """Of a rule about administrators."""
    narrow, wide = {"inline_policies": {"a": READER}}, {"inline_policies": {"a": ADMIN}}
    both = {"attached_policies": [AWS_ADMIN], "inline_policies": {"a": READER}}
    own = {"attached_policies": [OWN_POLICY], "attached_documents": {OWN_POLICY: ADMIN}}
    return [{**holder, **narrow, **more}, {**holder, **more, "inline_policies": {"a": allow("s3:*")}}], [
        {**holder, **one, **more} for one in (wide, both, own)
    ]


def rising(holder: Properties) -> Cases:
    """Of a rule about who may give himself more."""
    narrow = [READER, allow("iam:GetUser"), allow("lambda:InvokeFunction")]
    wide = [allow("iam:AttachUserPolicy"), allow("iam:PutUserPolicy"), allow("iam:CreatePolicyVersion")]
    return [{**holder, "inline_policies": {"a": one}} for one in narrow], [
        {**holder, "inline_policies": {"a": one}} for one in wide
    ]


MORE: dict[str, Cases] = {
    "iam_root_mfa": ([], [root(AccountMFAEnabled=False, AccountPasswordPresent=True, AccountAccessKeysPresent=True)]),
    "iam_root_hardware_mfa": (
        [
            root(AccountMFAEnabled=True, **{name: one}) | {"root_virtual_mfa": False}
            for name, one in (("AccountPasswordPresent", True), ("AccountAccessKeysPresent", False))
        ],
        [root(AccountMFAEnabled=True, AccountPasswordPresent=True) | {"root_virtual_mfa": True}],
    ),
    "iam_server_certificate_expired": ([{"expires_at": ago(-400), **seen()}], [{"expires_at": ago(400), **seen()}]),
    "iam_root_access_keys": (
        [root(AccountAccessKeysPresent=False, AccountMFAEnabled=mfa) for mfa in (True, False)],
        [root(AccountAccessKeysPresent=True, AccountMFAEnabled=mfa) for mfa in (True, False)],
    ),
    "iam_root_unused": (
        [{"root": True, **seen()}, {"root": True, **seen(access_key_2_last_used_at=ago(30))}],
        [{"root": True, **seen(**{name: ago(1)})} for name in ("password_last_used_at", "access_key_2_last_used_at")],
    ),
    "iam_password_length": ([], [{"password_policy": None}, password(MinimumPasswordLength=6)]),
    "iam_password_reuse": (
        [password(PasswordReusePrevention=24, MinimumPasswordLength=8), password(PasswordReusePrevention=24)],
        [{"password_policy": None}, password(PasswordReusePrevention=23)],
    ),
    "iam_support_role": (
        [{"support_roles": [*names]} for names in (("a", "b"), ("on-call",))],
        [{"support_roles": [], "password_policy": None}, {"support_roles": [], "password_policy": {}}],
    ),
    "iam_user_mfa": (
        [PERSON | {"access_keys": [{"active": True}]}, PERSON | {"password_changed_at": None}],
        [PERSON | {"mfa_active": False, "access_keys": [one]} for one in ({"active": True}, {"active": False})],
    ),
    "iam_credentials_unused": (
        [PERSON | {"password_changed_at": ago(10)} | seen(), PERSON | seen(password_last_used_at=ago(0))],
        [PERSON | seen(password_last_used_at=ago(200))],
    ),
    "iam_access_key_age": ([keys((True, ago(0))), keys((True, ago(60)), (False, ago(900)))], [keys((True, ago(900)))]),
    "iam_single_access_key": (
        [keys(), keys((True, None)), keys((False, None), (False, None))],
        [keys((True, ago(1)), (True, ago(2))), keys((True, ago(1)), (True, None), (False, None))],
    ),
    "iam_user_policies": (
        [{**USER, "groups": groups} for groups in ([], ["readers"])],
        [
            {**USER, "attached_policies": [AWS_ADMIN]},
            {"attached_policies": [OWN_POLICY], "inline_policies": {"a": READER}},
        ],
    ),
    "iam_user_admin": mine(USER),
    "iam_group_admin": mine(GROUP),
    "iam_role_admin": mine(ROLE),
    "iam_service_role_admin": mine(ROLE, trust_policy=FOR_MACHINES),
    "iam_user_escalation": rising(USER),
    "iam_group_escalation": rising(GROUP),
    "iam_role_escalation": rising(ROLE),
    "iam_policy_admin": (
        [{"attachment_count": number, "document": allow("s3:*")} for number in (1, 9)],
        [{"attachment_count": 9, "document": ADMIN}, {"attachment_count": 1, "document": allow("*:*")}],
    ),
    "iam_role_trust": (
        [{"trust_policy": one} for one in (OTHER_ACCOUNT, AN_ORGANIZATION, FOR_MACHINES)],
        [{"trust_policy": one} for one in (everybody(), *OPEN)],
    ),
    "s3_bucket_public": (
        [BUCKET | {"public_access_block": BLOCKED}, BUCKET | {"acl_grants": [{"grantee": "me", "permission": "READ"}]}],
        [BUCKET | {"acl_grants": [ALL_USERS]}, BUCKET | {"policy": everybody(Action="s3:GetObject")}],
    ),
    "s3_bucket_public_access_block": (
        [
            BUCKET | {"account_public_access_block": BLOCKED},
            BUCKET | {"public_access_block": BLOCKED, "account_public_access_block": BLOCKED},
        ],
        [BUCKET, BUCKET | {"account_public_access_block": dict.fromkeys(BLOCKED, False)}],
    ),
    "s3_account_public_access_block": (
        [
            {"account_public_access_block": {**BLOCKED}},
            {"account_public_access_block": BLOCKED, "snapshot_sharing": None},
        ],
        [{"account_public_access_block": dict.fromkeys(BLOCKED, False)}],
    ),
    "s3_bucket_tls_only": (
        [
            {"policy": {"Statement": [TLS["Statement"], everybody({"AWS": "1"})["Statement"][0]]}},
            {"policy": {"Version": "2012-10-17", **TLS}},
        ],
        [
            {"policy": everybody({"AWS": "111122223333"})},
            {"policy": {"Statement": {**TLS["Statement"], "Action": "s3:GetObject"}}},
        ],
    ),
    "s3_bucket_encryption": (
        [{"encryption": {"algorithm": one}} for one in ("aws:kms", "aws:kms:dsse")],
        [{"encryption": None, "versioning": {"status": one}} for one in ("Enabled", "Suspended")],
    ),
    "s3_bucket_versioning": (
        [{"versioning": {"status": "Enabled", "mfa_delete": one}} for one in ("Enabled", "Disabled")],
        [{"versioning": {"status": "Off"}}, {"versioning": {"status": "Suspended", "mfa_delete": "Disabled"}}],
    ),
    "s3_bucket_mfa_delete": (
        [{"versioning": {"status": one, "mfa_delete": "Enabled"}} for one in ("Enabled", "Suspended")],
        [{"versioning": {"status": one, "mfa_delete": "Disabled"}} for one in ("Enabled", "Suspended")],
    ),
    "s3_bucket_logging": (
        [{"logging_to": one} for one in ("logs", "other-logs")],
        [{"logging_to": ""}, {"logging_to": None, "policy": TLS}],
    ),
    "ec2_cifs_open": (
        [
            {"ingress": []},
            {"ingress": [rule(445, "10.0.0.0/8")]},
            {"ingress": [rule(445, "0.0.0.0/0", protocol="udp")]},
        ],
        [{"ingress": [rule(400, "::/0", to=500)]}, {"ingress": [rule(0, "0.0.0.0/0", protocol="-1")]}],
    ),
    "ec2_network_acl_open": (
        [{"ingress": []}, {"ingress": [entry(1, "0.0.0.0/0", action="deny"), entry(2, "0.0.0.0/0")]}],
        [{"ingress": [entry(1, "::/0")]}, {"ingress": [entry(1, "0.0.0.0/0", 3389, 3389)]}],
    ),
    "ec2_instance_reachable": (
        [REACHED | {"public_addresses": []}, REACHED | {"routed": []}],
        [REACHED | {"state": "stopped"}, REACHED | {"ingress": [rule(3389, "0.0.0.0/0")]}],
    ),
    "ec2_instance_role": (
        [{"state": one, "instance_profile": "arn:aws:iam::1:instance-profile/a"} for one in ("stopped", "pending")],
        [{"state": one, "instance_profile": None} for one in ("stopped", "pending")],
    ),
    "ec2_snapshot_sharing_blocked": (
        [{"snapshot_sharing": "block-all-sharing", "image_sharing": "unblocked"}],
        [{"snapshot_sharing": "unblocked", "image_sharing": one} for one in ("unblocked", "block-new-sharing")],
    ),
    "ec2_image_sharing_blocked": (
        [{"image_sharing": "block-new-sharing", "snapshot_sharing": one} for one in ("unblocked", "block-all-sharing")],
        [{"image_sharing": "unblocked", "snapshot_sharing": one} for one in ("unblocked", "block-all-sharing")],
    ),
    "ec2_imdsv2_default": (
        [
            {"metadata_defaults": {"HttpTokens": "required", name: one}}
            for name, one in (("HttpEndpoint", "enabled"), ("HttpPutResponseHopLimit", 2))
        ],
        [],
    ),
    "elbv2_tls_policy": (
        [
            {"listeners": [{"protocol": one, "policy": "p"}], "policies": {"p": ["TLSv1.3"]}} | seen()
            for one in ("HTTPS", "TLS")
        ],
        [
            {"listeners": [{"protocol": one, "policy": "p"}], "policies": {"p": ["TLSv1.1", "TLSv1.2"]}} | seen()
            for one in ("HTTPS", "TLS")
        ],
    ),
    "elbv2_plain_http": (
        [BALANCER | {"listeners": []}, BALANCER | {"listeners": [http(answer("fixed-response"))]}],
        [
            BALANCER | {"listeners": [http(answer("redirect", "HTTP"))]},
            BALANCER | {"listeners": [http(answer("forward", everything=False), answer("redirect", "HTTPS"))]},
        ],
    ),
    "elbv2_access_logs": (
        [{"type": "application", "access_logs": True, "scheme": one} for one in ("internal", "internet-facing")],
        [{"type": "network", "access_logs": False, "scheme": one} for one in ("internal", "internet-facing")],
    ),
    "ec2_default_security_group": (
        [{"group_name": "default", "ingress": [], "egress": [], "description": one} for one in ("", "default VPC")],
        [
            {"group_name": "default", "ingress": [rule(22, "10.0.0.0/8")], "egress": one}
            for one in ([], [rule(1, "::/0")])
        ],
    ),
    "ec2_instance_imdsv2": (
        [instance(None, "disabled")],
        [instance("optional", None), instance("optional", state="pending")],
    ),
    "ec2_volume_encrypted": flag("encrypted"),
    "ec2_ebs_default_encryption": flag("ebs_encryption_by_default"),
    "ec2_snapshot_public": flag("public", good=False, snapshot_sharing="unblocked"),
    "ec2_snapshot_encrypted": flag("encrypted"),
    "ec2_image_public": flag("public", good=False),
    "lambda_function_public": policies(alias_policies={}),
    "lambda_runtime_supported": (
        [{"runtime": one, **seen()} for one in ("nodejs24.x", "java21")],
        [{"runtime": one, **seen()} for one in ("nodejs18.x", "python3.7")],
    ),
    "eks_version_supported": (
        [{"logs": [], **seen(version="1.36")}, {"logs": ["api"], **seen(version="1.35")}],
        [{"logs": [], **seen(version=one)} for one in ("1.32", "1.21")],
    ),
    "eks_endpoint_public": (
        [
            {"public_endpoint": False, "public_cidrs": ["0.0.0.0/0"]},
            {"public_endpoint": True, "public_cidrs": ["10.0.0.0/8"]},
        ],
        [{"public_endpoint": True, "public_cidrs": one} for one in (["::/0"], ["0.0.0.0/1", "128.0.0.0/1"])],
    ),
    "eks_secrets_encrypted": flag("secrets_encrypted", logs=[]),
    "rds_instance_public": flag("public", good=False, cluster=None),
    "rds_instance_encrypted": flag("encrypted", cluster=None),
    "rds_cluster_encrypted": flag("encrypted"),
    "rds_auto_minor_upgrade": (
        [{"engine": one, "auto_minor_upgrade": True} for one in ("mysql", "aurora-postgresql")],
        [{"engine": one, "auto_minor_upgrade": False} for one in ("mysql", "sqlserver-ee")],
    ),
    "rds_backups": (
        [{"cluster": None, "replica_of": None, "backup_days": one} for one in (8, 35)],
        [{"cluster": None, "replica_of": None, "backup_days": one} for one in (0, 1)],
    ),
    "rds_cluster_backups": ([{"backup_days": one} for one in (8, 35)], [{"backup_days": one} for one in (0, 6)]),
    "rds_cluster_deletion_protection": flag("deletion_protection"),
    "rds_multi_az": flag("multi_az", cluster=None, replica_of=None),
    "rds_cluster_multi_az": flag("multi_az", engine_mode=None),
    "rds_engine_supported": (
        [
            {"cluster": None, "engine": one, **seen(engine_version=number)}
            for one, number in (("mysql", "8.4.3"), ("postgres", "17.2"))
        ],
        [
            {"cluster": None, "engine": one, **seen(engine_version=number)}
            for one, number in (("postgres", "11.22"), ("mariadb", "10.4.34"))
        ],
    ),
    "rds_cluster_engine_supported": (
        [
            {"engine": one, **seen(engine_version=number)}
            for one, number in (("aurora-postgresql", "16.4"), ("aurora-mysql", "8.0.mysql_aurora.3.05.2"))
        ],
        [
            {"engine": one, **seen(engine_version=number)}
            for one, number in (("aurora-postgresql", "11.21"), ("aurora-postgresql", "12.9"))
        ],
    ),
    "rds_cluster_snapshot_public": (
        [{"shared_with": []}, {"shared_with": ["1", "2"]}],
        [{"shared_with": ["all", "1"]}, {"shared_with": ["1", "all"]}],
    ),
    "rds_cluster_snapshot_encrypted": flag("encrypted"),
    "rds_deletion_protection": flag("deletion_protection", cluster=None),
    "rds_snapshot_public": (
        [{"shared_with": []}, {"shared_with": ["1", "2"]}],
        [{"shared_with": ["all", "1"]}, {"shared_with": ["1", "all"]}],
    ),
    "rds_snapshot_encrypted": flag("encrypted"),
    "efs_encrypted": flag("encrypted"),
    "dynamodb_recovery": flag("point_in_time_recovery"),
    "sqs_queue_public": policies(),
    "sqs_queue_encrypted": flag("encrypted"),
    "sns_topic_public": policies(),
    "sns_topic_encrypted": flag("encrypted"),
    "secretsmanager_rotation": flag("rotation", owning_service=None),
    "secretsmanager_secret_public": policies(),
    "kms_key_public": policies(state="Enabled"),
    "ecr_repository_public": policies(),
    "kms_key_rotation": ([key(policy=LOCAL)], [key(rotation=False), key(rotation=False, policy=LOCAL)]),
    "acm_certificate_expiry": (
        [
            CERTIFICATE | {"expires_at": ago(-90)} | seen(),
            CERTIFICATE | {"in_use": None, "expires_at": ago(-200)} | seen(),
        ],
        [CERTIFICATE | {"status": "EXPIRED", "expires_at": ago(5)} | seen()],
    ),
    "cloudfront_https": (
        [{"enabled": True, "viewer_protocols": one} for one in (["https-only"], ["https-only", "redirect-to-https"])],
        [{"enabled": True, "viewer_protocols": one} for one in (["allow-all"], ["allow-all", "redirect-to-https"])],
    ),
    "cloudtrail_all_regions": ([{"trails": [TRAIL, TRAIL | {"management_events": "None"}]}], [{"trails": []}]),
    "cloudtrail_object_writes": ([{"trails": [TRAIL | {"object_events": one} for one in ("None", "All")]}], []),
    "cloudtrail_object_reads": ([objects(True, True, "All")], [{"trails": []}, objects(True, False, "All")]),
    "cloudtrail_bucket_logging": (
        [{"bucket": one, "bucket_facts": {"logging_to": "logs"}} for one in ("a", "c")],
        [{"bucket": "b", "bucket_facts": {"logging_to": ""}}],
    ),
    "cloudtrail_bucket_public": (
        [
            {"bucket": "b", "bucket_facts": BUCKET | {name: BLOCKED}}
            for name in ("public_access_block", "account_public_access_block")
        ],
        [{"bucket": "b", "bucket_facts": BUCKET | {"policy_is_public": True}}],
    ),
    "securityhub_enabled": (
        [{"enabled": True, "region": one} for one in ("eu-west-1", "us-east-1")],
        [{"enabled": False, "region": one} for one in ("eu-west-1", "us-east-1")],
    ),
    "accessanalyzer_enabled": ([analyzers(("ACCOUNT", "ACTIVE"), ("ACCOUNT_UNUSED_ACCESS", "ACTIVE"))], []),
    "cloudtrail_logging": flag("logging"),
    "cloudtrail_validation": flag("log_file_validation"),
    "cloudtrail_kms": (
        [{"kms_key_id": one} for one in ("alias/trail", "arn:aws:kms:eu-west-1:1:key/k")],
        [{"kms_key_id": "", "logging": True}, {"kms_key_id": None, "logging": True}],
    ),
    "guardduty_enabled": (
        [{"detectors": [{"enabled": one}, {"enabled": True}]} for one in (True, False)],
        [{"detectors": [{"enabled": False}, {"enabled": False}]}],
    ),
}
# Where the tables above give two that differ only in what does not matter.
FURTHER: dict[str, Cases] = {
    "iam_root_mfa": (
        [root(AccountMFAEnabled=True, AccountPasswordPresent=True)],
        [root(AccountMFAEnabled=False, AccountPasswordPresent=True, AccountAccessKeysPresent=False)],
    ),
    "iam_password_length": ([password(MinimumPasswordLength=20)], []),
    "iam_password_reuse": ([password(PasswordReusePrevention=24, MinimumPasswordLength=20)], []),
    "iam_group_admin": ([GROUP], []),
    "iam_role_admin": ([ROLE], []),
    "iam_service_role_admin": ([ROLE | {"trust_policy": FOR_MACHINES}], []),
    "s3_bucket_logging": ([{"logging_to": "logs", "policy": TLS}], []),
    "s3_account_public_access_block": (
        [{"account_public_access_block": BLOCKED, "image_sharing": "unblocked"}],
        [{"account_public_access_block": BLOCKED | {"RestrictPublicBuckets": False}}],
    ),
    "ec2_instance_imdsv2": ([instance("required", state="stopped")], []),
    "sns_topic_public": ([], [{"policy": everybody()}]),
    "kms_key_rotation": (
        [key(spec="SYMMETRIC_DEFAULT", region="eu-west-1")],
        [key(rotation=False, region="eu-west-1")],
    ),
    "config_recording": (
        [{"recorders": [{"name": "a", "recording": False, "all_supported": True}, RECORDER]}],
        [],
    ),
}
