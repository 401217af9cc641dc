"""Cases of buckets, keys, data sets and what anybody may call."""

from __future__ import annotations

from typing import Any

from tests.cloudaccounts.providers.gcp.benchmark_cases import Case, F, N, P, U, named
from tests.cloudaccounts.providers.gcp.test_checks import ODD, unread

KMS = "projects/p/locations/eu/keyRings/r/cryptoKeys/k"


def called(*roles: str, **more: Any) -> dict[str, Any]:
    return {"public_roles": [*roles], **more}


SOON = {"nextRotationTime": "2026-12-24T00:00:00Z", "observed": {"at": "2026-12-01T12:00:00+00:00"}}
SYMMETRIC = {"purpose": "ENCRYPT_DECRYPT"}
LOCKED = {"retentionPolicy": {"retentionPeriod": "31536000", "isLocked": True}}
CASES: list[Case] = [
    *named(
        (
            "gcp_storage_log_lock",
            [
                (P, {"sinks": ["all"], **LOCKED}),
                (P, {"sinks": ["all", "errors"], **LOCKED}),
                (F, {"sinks": ["all"]}),
                (F, {"sinks": ["all"], "retentionPolicy": {"retentionPeriod": "31536000"}}),
                (F, {"sinks": ["all"], "retentionPolicy": {"retentionPeriod": "31536000", "isLocked": False}}),
                (N, {"sinks": []}),
                (U, unread("sinks")),
                (U, {}),
                (U, {"sinks": ["all"], "retentionPolicy": ODD}),
            ],
        ),
        ("gcp_storage_log_lock", [(P, {"sinks": ["a"], "retentionPolicy": {"isLocked": True}})]),
        (
            "gcp_kms_rotation",
            [
                (P, {**SYMMETRIC, **SOON, "rotationPeriod": "2592000s", "primary": {"state": "ENABLED"}}),
                (P, {**SYMMETRIC, **SOON, "rotationPeriod": "7776000s", "primary": {"state": "DISABLED"}}),
                (
                    P,
                    {
                        **SYMMETRIC,
                        **SOON,
                        "rotationPeriod": "7776000.000s",
                        "version_states": {"ENABLED": 1, "DESTROYED": 3},
                    },
                ),
                (F, {**SYMMETRIC, "primary": {"state": "ENABLED"}}),
                (F, {**SYMMETRIC, "version_states": {"DISABLED": 1, "DESTROYED": 1}}),
                (F, {**SYMMETRIC, "rotationPeriod": "7776001s", "primary": {"state": "ENABLED"}}),
                (N, {**SYMMETRIC, "primary": {"state": "DESTROYED"}}),
                (N, {**SYMMETRIC, "primary": {"state": "DESTROY_SCHEDULED"}}),
                (N, {**SYMMETRIC, "version_states": {"DESTROYED": 2}}),
                (N, {**SYMMETRIC, "version_states": {}}),
                (N, {**SYMMETRIC, "importOnly": True}),
                (N, {**SYMMETRIC, "versionTemplate": {"protectionLevel": "EXTERNAL"}}),
                (N, {"purpose": "MAC"}),
                (U, {**SYMMETRIC, **unread("version_states")}),
                (U, {"purpose": "QUANTUM"}),
                (U, {}),
            ],
        ),
        (
            "gcp_bigquery_table_customer_key",
            [
                (P, {"type": "TABLE", "encryptionConfiguration": {"kmsKeyName": KMS}}),
                (P, {"type": "SNAPSHOT", "encryptionConfiguration": {"kmsKeyName": KMS}}),
                (P, {"encryptionConfiguration": {"kmsKeyName": KMS}}),
                (F, {"type": "TABLE"}),
                (F, {"type": "TABLE", "encryptionConfiguration": {}}),
                (F, {"type": "SNAPSHOT"}),
                (N, {"type": "VIEW"}),
                (N, {"type": "EXTERNAL"}),
                (N, {"type": "MATERIALIZED_VIEW"}),
                (U, {"type": "HOLOGRAM"}),
                (U, {"type": "TABLE", "encryptionConfiguration": ODD}),
            ],
        ),
        (
            "gcp_bigquery_dataset_customer_key",
            [
                (P, {"defaultEncryptionConfiguration": {"kmsKeyName": KMS}}),
                (P, {"type": "DEFAULT", "defaultEncryptionConfiguration": {"kmsKeyName": KMS}}),
                (F, {}),
                (F, {"defaultEncryptionConfiguration": {}}),
                (F, {"type": "DEFAULT"}),
                (N, {"type": "LINKED"}),
                (U, {"defaultEncryptionConfiguration": ODD}),
            ],
        ),
        ("gcp_bigquery_dataset_customer_key", [(P, {"defaultEncryptionConfiguration": {"kmsKeyName": "x"}})]),
        (
            "gcp_bigquery_table_public",
            [(P, called()), (F, called("roles/bigquery.dataViewer")), (U, unread("public_roles")), (U, {})],
        ),
        (
            "gcp_bigquery_table_public",
            [
                (P, called(type="TABLE")),
                (P, called(type="VIEW")),
                (F, called("roles/bigquery.dataEditor", type="VIEW")),
                (F, called("roles/owner", "roles/viewer")),
            ],
        ),
        (
            "gcp_dataproc_customer_key",
            [
                (P, {"config": {"encryptionConfig": {"gcePdKmsKeyName": KMS}}}),
                (P, {"config": {"encryptionConfig": {"kmsKey": KMS}}}),
                (F, {"config": {}}),
                (F, {"config": {"encryptionConfig": {}}}),
                (F, {"config": {"configBucket": "x"}}),
                (N, {"virtualClusterConfig": {"stagingBucket": "x"}}),
                (U, {}),
                (U, {"config": {"encryptionConfig": ODD}}),
            ],
        ),
        ("gcp_dataproc_customer_key", [(P, {"config": {"encryptionConfig": {"gcePdKmsKeyName": KMS, "kmsKey": KMS}}})]),
        (
            "gcp_storage_public",
            [
                (F, called(acl=[{"entity": "allUsers", "role": "READER"}])),
                (F, called(defaultObjectAcl=[{"entity": "allAuthenticatedUsers", "role": "READER"}])),
                (
                    P,
                    called(
                        acl=[{"entity": "user-ana@shop.example"}],
                        iamConfiguration={"publicAccessPrevention": "inherited"},
                    ),
                ),
                (
                    P,
                    called(
                        acl=[{"entity": "allUsers"}], iamConfiguration={"uniformBucketLevelAccess": {"enabled": True}}
                    ),
                ),
                (U, called("roles/x", iamConfiguration={"publicAccessPrevention": "mostly"})),
            ],
        ),
        (
            "gcp_storage_public_access_prevention",
            [(U, {}), (U, {"iamConfiguration": {"publicAccessPrevention": "mostly"}})],
        ),
        (
            "gcp_storage_public_access_prevention",
            [
                (
                    P,
                    {
                        "iamConfiguration": {
                            "publicAccessPrevention": "enforced",
                            "uniformBucketLevelAccess": {"enabled": True},
                        }
                    },
                ),
                (P, {"iamConfiguration": {"publicAccessPrevention": "enforced", "uniformBucketLevelAccess": {}}}),
                (F, {"iamConfiguration": {"publicAccessPrevention": "unspecified"}}),
                (F, {"iamConfiguration": {"publicAccessPrevention": "inherited", "uniformBucketLevelAccess": {}}}),
            ],
        ),
        (
            "gcp_storage_uniform_access",
            [
                (P, {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True, "lockedTime": "x"}}}),
                (
                    P,
                    {
                        "iamConfiguration": {
                            "publicAccessPrevention": "enforced",
                            "uniformBucketLevelAccess": {"enabled": True},
                        }
                    },
                ),
                (F, {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": False}}}),
                (F, {}),
            ],
        ),
        (
            "gcp_bigquery_dataset_public",
            [
                (P, called(access=[])),
                (P, called(access=[{"role": "READER", "userByEmail": "ana@shop.example"}, {"domain": "shop.example"}])),
            ],
        ),
        *(
            (
                identifier,
                [
                    (P, called()),
                    (P, called(name="x")),
                    (P, called(name="y", location="global")),
                    (F, called("roles/viewer", location="global")),
                    (F, called("roles/owner", "roles/viewer")),
                    (F, called("roles/owner")),
                    (U, {}),
                    (U, unread("public_roles")),
                ],
            )
            for identifier in (
                *(
                    "gcp_kms_key_public",
                    "gcp_pubsub_topic_public",
                    "gcp_secret_public",
                    "gcp_artifact_repository_public",
                ),
                *("gcp_pubsub_subscription_public", "gcp_image_public", "gcp_snapshot_public"),
                "gcp_service_account_public",
            )
        ),
    ),
]
