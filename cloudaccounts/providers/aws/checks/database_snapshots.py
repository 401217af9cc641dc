"""Snapshots of databases that people made, of instances and of clusters."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import expect, required
from cloudaccounts.providers.aws.checks.databases import evaluate_encryption
from cloudaccounts.providers.aws.checks.results import aws_docs, check, security_hub, texts

_SNAPSHOT, _CLUSTER_SNAPSHOT = "aws.rds.snapshot", "aws.rds.cluster_snapshot"
_WHY_SNAPSHOT = "A public snapshot is the whole database, for whoever looks through the list of public ones."
_SHARING = aws_docs(
    "Sharing a snapshot", "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html"
)


def _shared(asset: Asset) -> Evaluation:
    # "all" is every AWS account (RDS API reference, DBSnapshotAttribute); single accounts are shared with on purpose.
    public = "all" in texts(required(asset, "shared_with", list))
    return expect(
        not public, "Every AWS account can restore this snapshot.", "The snapshot is not shared with everybody."
    )


CHECKS = (
    check(
        "rds_snapshot_public",
        "Database snapshot is shared with everybody",
        Severity.CRITICAL,
        _SNAPSHOT,
        _shared,
        why=_WHY_SNAPSHOT,
        console="RDS, Snapshots, the snapshot, Actions, Share snapshot: Private.",
        command="aws rds modify-db-snapshot-attribute --db-snapshot-identifier <snapshot> --attribute-name restore "
        "--values-to-remove all",
        references=(_SHARING,),
    ),
    check(
        "rds_cluster_snapshot_public",
        "Cluster snapshot is shared with everybody",
        Severity.CRITICAL,
        _CLUSTER_SNAPSHOT,
        _shared,
        why=_WHY_SNAPSHOT,
        console="RDS, Snapshots, the snapshot, Actions, Share snapshot: Private.",
        command="aws rds modify-db-cluster-snapshot-attribute --db-cluster-snapshot-identifier <snapshot> "
        "--attribute-name restore --values-to-remove all",
        references=(security_hub("RDS.1"),),
    ),
    check(
        "rds_snapshot_encrypted",
        "Database snapshot is not encrypted",
        Severity.MEDIUM,
        _SNAPSHOT,
        evaluate_encryption,
        why="An encrypted snapshot cannot be made public, and is unreadable without its key.",
        console="RDS, Snapshots, the snapshot, Actions, Copy snapshot: Enable encryption; then delete the old one.",
        command="aws rds copy-db-snapshot --source-db-snapshot-identifier <snapshot> --target-db-snapshot-identifier "
        "<encrypted> --kms-key-id <key>",
        references=(security_hub("RDS.4"),),
    ),
    check(
        "rds_cluster_snapshot_encrypted",
        "Cluster snapshot is not encrypted",
        Severity.MEDIUM,
        _CLUSTER_SNAPSHOT,
        evaluate_encryption,
        why="An encrypted snapshot cannot be made public, and is unreadable without its key.",
        console="RDS: restore the snapshot with encryption, make another one of the result, then delete the old one.",
        command="aws rds restore-db-cluster-from-snapshot --db-cluster-identifier <new> --snapshot-identifier "
        "<snapshot> --engine <engine> --kms-key-id <key>",
        references=(security_hub("RDS.4"),),
    ),
)
