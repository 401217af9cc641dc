"""Databases, tables, file systems and their snapshots."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import expect, not_applicable, optional, required
from cloudaccounts.providers.aws.checks.results import aws_docs, check, security_hub, texts

# Security Hub's default for RDS.11.
BACKUP_DAYS = 7
_INSTANCE, _SNAPSHOT = "aws.rds.instance", "aws.rds.snapshot"


def _public(asset: Asset) -> Evaluation:
    public = required(asset, "public", bool)
    return expect(not public, "The database has an address on the internet.", "The database has no public address.")


def _encrypted(asset: Asset) -> Evaluation:
    return expect(required(asset, "encrypted", bool), "Storage is not encrypted.", "Storage is encrypted.")


def _minor(asset: Asset) -> Evaluation:
    on = required(asset, "auto_minor_upgrade", bool)
    return expect(
        on, "Minor versions wait for somebody to install them.", "Minor versions are installed automatically."
    )


def _backups(asset: Asset) -> Evaluation:
    if optional(asset, "cluster", str):
        return not_applicable("The cluster makes the backups.")
    days = required(asset, "backup_days", int)
    return expect(
        days >= BACKUP_DAYS,
        f"Backups are kept for {days} days; {BACKUP_DAYS} are the least."
        if days
        else "There are no automated backups.",
        f"Backups are kept for {days} days.",
    )


def _protected(asset: Asset) -> Evaluation:
    if optional(asset, "cluster", str):
        return not_applicable("The cluster carries the protection.")
    on = required(asset, "deletion_protection", bool)
    return expect(on, "One call deletes the database.", "It cannot be deleted by one call.")


def _shared(asset: Asset) -> Evaluation:
    # "all" is every AWS account (RDS API reference, DBSnapshotAttribute); single accounts are shared with on purpose.
    public = "all" in texts(required(asset, "shared_with", list))
    return expect(
        not public, "Every AWS account can restore this snapshot.", "The snapshot is not shared with everybody."
    )


def _recovery(asset: Asset) -> Evaluation:
    return expect(
        required(asset, "point_in_time_recovery", bool),
        "What is overwritten or deleted is gone: point-in-time recovery is off.",
        "Each second of the last weeks can be restored.",
    )


CHECKS = (
    check(
        "rds_instance_public",
        "Database has a public address",
        Severity.HIGH,
        _INSTANCE,
        _public,
        why="A database on the internet is one password, or one hole, away from everybody.",
        console="RDS, Databases, the database, Modify, Connectivity, Public access: Not publicly accessible.",
        command="aws rds modify-db-instance --db-instance-identifier <database> --no-publicly-accessible "
        "--apply-immediately",
        references=(security_hub("RDS.2"),),
    ),
    check(
        "rds_instance_encrypted",
        "Database is not encrypted",
        Severity.MEDIUM,
        _INSTANCE,
        _encrypted,
        why="Encryption covers the disk, its backups and its snapshots; it cannot be added later without a copy.",
        console="RDS: make a snapshot, copy it with encryption, restore the copy, and switch over.",
        command="aws rds copy-db-snapshot --source-db-snapshot-identifier <snapshot> --target-db-snapshot-identifier "
        "<encrypted> --kms-key-id <key>",
        references=(security_hub("RDS.3"),),
    ),
    check(
        "rds_cluster_encrypted",
        "Database cluster is not encrypted",
        Severity.MEDIUM,
        "aws.rds.cluster",
        _encrypted,
        why="Encryption covers the volume, its backups and its snapshots; it cannot be added later without a copy.",
        console="RDS: restore a snapshot of the cluster with encryption, and switch over.",
        command="aws rds restore-db-cluster-from-snapshot --db-cluster-identifier <new> --snapshot-identifier "
        "<snapshot> "
        "--engine <engine> --kms-key-id <key>",
        references=(
            aws_docs(
                "Encrypting Aurora",
                "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Overview.Encryption.html",
            ),
        ),
    ),
    check(
        "rds_auto_minor_upgrade",
        "Database does not install minor versions automatically",
        Severity.LOW,
        _INSTANCE,
        _minor,
        why="Minor versions close holes; waiting for somebody leaves them open.",
        console="RDS, Databases, the database, Modify, Maintenance: Enable auto minor version upgrade.",
        command="aws rds modify-db-instance --db-instance-identifier <database> --auto-minor-version-upgrade",
        references=(security_hub("RDS.13"),),
    ),
    check(
        "rds_backups",
        "Database keeps less than a week of backups",
        Severity.MEDIUM,
        _INSTANCE,
        _backups,
        why="A mistake is often noticed days later; then the backup must still be there.",
        console="RDS, Databases, the database, Modify, Backup: retention of 7 days or more.",
        command="aws rds modify-db-instance --db-instance-identifier <database> --backup-retention-period 7",
        references=(security_hub("RDS.11"),),
    ),
    check(
        "rds_deletion_protection",
        "Database is not protected against deletion",
        Severity.LOW,
        _INSTANCE,
        _protected,
        why="Protection makes deleting a second, deliberate step.",
        console="RDS, Databases, the database, Modify: Enable deletion protection.",
        command="aws rds modify-db-instance --db-instance-identifier <database> --deletion-protection",
        references=(security_hub("RDS.8"),),
    ),
    check(
        "rds_snapshot_public",
        "Database snapshot is shared with everybody",
        Severity.CRITICAL,
        _SNAPSHOT,
        _shared,
        why="A public snapshot is the whole database, for whoever looks through the list of public ones.",
        console="RDS, Snapshots, the snapshot, Actions, Share snapshot: Private.",
        command="aws rds modify-db-snapshot-attribute --db-snapshot-identifier <snapshot> --attribute-name restore "
        "--values-to-remove all",
        references=(
            aws_docs(
                "Sharing a snapshot", "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html"
            ),
        ),
    ),
    check(
        "rds_snapshot_encrypted",
        "Database snapshot is not encrypted",
        Severity.MEDIUM,
        _SNAPSHOT,
        _encrypted,
        why="An encrypted snapshot cannot be made public, and is unreadable without its key.",
        console="RDS, Snapshots, the snapshot, Actions, Copy snapshot: Enable encryption; then delete the old one.",
        command="aws rds copy-db-snapshot --source-db-snapshot-identifier <snapshot> --target-db-snapshot-identifier "
        "<encrypted> --kms-key-id <key>",
        references=(security_hub("RDS.4"),),
    ),
    check(
        "efs_encrypted",
        "File system is not encrypted",
        Severity.MEDIUM,
        "aws.efs.file_system",
        _encrypted,
        why="Encryption can only be chosen when a file system is made.",
        console="EFS: create an encrypted file system, copy the files (DataSync), and mount the new one.",
        command="aws efs create-file-system --encrypted --kms-key-id <key>",
        references=(security_hub("EFS.1"),),
    ),
    check(
        "dynamodb_recovery",
        "Table cannot be restored to a point in time",
        Severity.LOW,
        "aws.dynamodb.table",
        _recovery,
        why="It brings back what a wrong deployment overwrote, to the second.",
        console="DynamoDB, Tables, the table, Backups, Point-in-time recovery, Edit: Turn on.",
        command="aws dynamodb update-continuous-backups --table-name <table> --point-in-time-recovery-specification "
        "PointInTimeRecoveryEnabled=true",
        references=(security_hub("DynamoDB.2"),),
    ),
)
