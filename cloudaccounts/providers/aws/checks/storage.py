"""Tables and file systems."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import expect, required
from cloudaccounts.providers.aws.checks.results import check, security_hub


def _encrypted(asset: Asset) -> Evaluation:
    return expect(required(asset, "encrypted", bool), "Storage is not encrypted.", "Storage is encrypted.")


def _recovery(asset: Asset) -> Evaluation:
    return expect(
        required(asset, "point_in_time_recovery", bool),
        "What is overwritten or deleted is gone: point-in-time recovery is off.",
        "Each second of the last weeks can be restored.",
    )


CHECKS = (
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
