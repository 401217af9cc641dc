"""Databases: instances and clusters of RDS, Aurora, DocumentDB and Neptune.

An instance of a cluster has no storage, backups and deletion protection of its own: the cluster carries them.
"""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity, Threshold
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    expect,
    not_applicable,
    observed,
    optional,
    required,
)
from cloudaccounts.provider_kit.thresholds import limit
from cloudaccounts.providers.aws.checks.results import aws_docs, check, security_hub
from cloudaccounts.providers.aws.checks.support import ENGINES, evaluate_support

# Security Hub's default for RDS.11.
BACKUPS = Threshold(
    "aws_database_backups", "Retention of AWS database backups", default=7, least=1, most=35, stricter="higher"
)
_INSTANCE, _CLUSTER = "aws.rds.instance", "aws.rds.cluster"
_DOCDB = "docdb"


def _public(asset: Asset) -> Evaluation:
    public = required(asset, "public", bool)
    return expect(not public, "The database has an address on the internet.", "The database has no public address.")


def evaluate_encryption(asset: Asset) -> Evaluation:
    return expect(required(asset, "encrypted", bool), "Storage is not encrypted.", "Storage is encrypted.")


def _instance_encrypted(asset: Asset) -> Evaluation:
    if optional(asset, "cluster", str):
        return not_applicable("The storage is the cluster's.")
    return evaluate_encryption(asset)


def _minor(asset: Asset) -> Evaluation:
    # https://docs.aws.amazon.com/documentdb/latest/developerguide/API_DBInstance.html: it has no effect there.
    if required(asset, "engine", str) == _DOCDB:
        return not_applicable("DocumentDB does not install minor versions automatically, whatever is set.")
    on = required(asset, "auto_minor_upgrade", bool)
    return expect(
        on, "Minor versions wait for somebody to install them.", "Minor versions are installed automatically."
    )


def _instance_backups(asset: Asset) -> Evaluation:
    if optional(asset, "cluster", str):
        return not_applicable("The cluster makes the backups.")
    if source := optional(asset, "replica_of", str):
        return not_applicable(f"This is a read replica: the backups are those of {source.rpartition(':')[2]}.")
    return _backups(asset)


def _backups(asset: Asset) -> Evaluation:
    days, least = required(asset, "backup_days", int), limit(BACKUPS)
    return expect(
        days >= least,
        f"Backups are kept for {days} days; {least} are the least." if days else "There are no automated backups.",
        f"Backups are kept for {days} days.",
    )


def _instance_protected(asset: Asset) -> Evaluation:
    if optional(asset, "cluster", str):
        return not_applicable("The cluster carries the protection.")
    return _protected(asset)


def _protected(asset: Asset) -> Evaluation:
    on = required(asset, "deletion_protection", bool)
    return expect(on, "One call deletes the database.", "It cannot be deleted by one call.")


def _instance_zones(asset: Asset) -> Evaluation:
    if optional(asset, "cluster", str):
        return not_applicable("The cluster spreads its instances.")
    if optional(asset, "replica_of", str):
        return not_applicable("This is a read replica, which a second zone does not depend on.")
    return _zones(asset)


def _zones(asset: Asset) -> Evaluation:
    on = required(asset, "multi_az", bool)
    return expect(on, "The database stops with its one zone.", "A second zone takes over.")


def _cluster_zones(asset: Asset) -> Evaluation:
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless.how-it-works.html
    if optional(asset, "engine_mode", str) == "serverless":
        return not_applicable("Aurora Serverless v1 moves to another zone without anybody.")
    return _zones(asset)


def _engine(asset: Asset) -> Evaluation:
    engine = required(asset, "engine", str)
    version = observed(asset, "engine_version")
    if not isinstance(version, str) or not version:
        raise UnknownFactError("Engine version was not told.")
    return evaluate_support(asset, ENGINES, engine_key(engine, version), f"{engine} {version}")


def _instance_engine(asset: Asset) -> Evaluation:
    if optional(asset, "cluster", str):
        return not_applicable("The version is the cluster's.")
    return _engine(asset)


def engine_key(engine: str, version: str) -> str:
    """How the file names a version: by its longest beginning there, "postgres/16" of 16.4.

    Aurora MySQL counts for itself behind MySQL's number: ``8.0.mysql_aurora.3.05.2`` is its version 3.
    """
    parts = version.rpartition("mysql_aurora.")[2].split(".")
    # The longest name first: some engines are supported by minor version, others by major version alone.
    names = [f"{engine}/{'.'.join(parts[:length])}" for length in range(len(parts), 0, -1)]
    return next((name for name in names if name in ENGINES.entries), names[-1])


_WHY_ENCRYPTED = "Encryption covers the volume, its backups and its snapshots; it cannot be added later without a copy."
_WHY_BACKUPS = "A mistake is often noticed days later; then the backup must still be there."
_WHY_PROTECTED = "Protection makes deleting a second, deliberate step."
_WHY_ZONES = "Zones fail as a whole; with a second one the database goes on within a minute or two."
_WHY_ENGINE = (
    "Past its standard support a version gets fixes only under Extended Support, which costs extra and covers the "
    "critical ones alone; after that AWS upgrades it on a day of its own choice."
)
_EXTENDED = aws_docs(
    "RDS Extended Support", "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/extended-support.html"
)
_MODIFY, _MODIFY_CLUSTER = "RDS, Databases, the database, Modify, ", "RDS, Databases, the cluster, Modify, "
_SET, _SET_CLUSTER = (
    "aws rds modify-db-instance --db-instance-identifier <database> ",
    "aws rds modify-db-cluster --db-cluster-identifier <cluster> ",
)

CHECKS = (
    check(
        "rds_instance_public",
        "Database has a public address",
        Severity.HIGH,
        _INSTANCE,
        _public,
        why="A database on the internet is one password, or one hole, away from everybody.",
        console=f"{_MODIFY}Connectivity, Public access: Not publicly accessible.",
        command=f"{_SET}--no-publicly-accessible --apply-immediately",
        references=(security_hub("RDS.2"),),
    ),
    check(
        "rds_instance_encrypted",
        "Database is not encrypted",
        Severity.MEDIUM,
        _INSTANCE,
        _instance_encrypted,
        why=_WHY_ENCRYPTED,
        console="RDS: make a snapshot, copy it with encryption, restore the copy, and switch over.",
        command="aws rds copy-db-snapshot --source-db-snapshot-identifier <snapshot> --target-db-snapshot-identifier "
        "<encrypted> --kms-key-id <key>",
        references=(security_hub("RDS.3"),),
    ),
    check(
        "rds_cluster_encrypted",
        "Database cluster is not encrypted",
        Severity.MEDIUM,
        _CLUSTER,
        evaluate_encryption,
        why=_WHY_ENCRYPTED,
        console="RDS: restore a snapshot of the cluster with encryption, and switch over.",
        command="aws rds restore-db-cluster-from-snapshot --db-cluster-identifier <new> --snapshot-identifier "
        "<snapshot> --engine <engine> --kms-key-id <key>",
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
        console=f"{_MODIFY}Maintenance: Enable auto minor version upgrade.",
        command=f"{_SET}--auto-minor-version-upgrade",
        references=(security_hub("RDS.13"),),
    ),
    check(
        "rds_backups",
        "Database keeps less than a week of backups",
        Severity.MEDIUM,
        _INSTANCE,
        _instance_backups,
        why=_WHY_BACKUPS,
        console=f"{_MODIFY}Backup: retention of 7 days or more.",
        command=f"{_SET}--backup-retention-period 7",
        references=(security_hub("RDS.11"),),
        expected={"backup_days": f"at least {BACKUPS.default}"},
        thresholds=(BACKUPS,),
    ),
    check(
        "rds_cluster_backups",
        "Database cluster keeps less than a week of backups",
        Severity.MEDIUM,
        _CLUSTER,
        _backups,
        why=_WHY_BACKUPS,
        console=f"{_MODIFY_CLUSTER}Backup: retention of 7 days or more.",
        command=f"{_SET_CLUSTER}--backup-retention-period 7",
        references=(
            aws_docs(
                "Backups of Aurora",
                "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Managing.Backups.html",
            ),
        ),
        expected={"backup_days": f"at least {BACKUPS.default}"},
        thresholds=(BACKUPS,),
    ),
    check(
        "rds_deletion_protection",
        "Database is not protected against deletion",
        Severity.LOW,
        _INSTANCE,
        _instance_protected,
        why=_WHY_PROTECTED,
        console=f"{_MODIFY}Enable deletion protection.",
        command=f"{_SET}--deletion-protection",
        references=(security_hub("RDS.8"),),
    ),
    check(
        "rds_cluster_deletion_protection",
        "Database cluster is not protected against deletion",
        Severity.LOW,
        _CLUSTER,
        _protected,
        why=_WHY_PROTECTED,
        console=f"{_MODIFY_CLUSTER}Enable deletion protection.",
        command=f"{_SET_CLUSTER}--deletion-protection",
        references=(security_hub("RDS.7"),),
    ),
    check(
        "rds_multi_az",
        "Database runs in one zone alone",
        Severity.LOW,
        _INSTANCE,
        _instance_zones,
        why=_WHY_ZONES,
        console=f"{_MODIFY}Availability: Create a standby instance.",
        command=f"{_SET}--multi-az --apply-immediately",
        references=(security_hub("RDS.5"),),
    ),
    check(
        "rds_cluster_multi_az",
        "Database cluster runs in one zone alone",
        Severity.LOW,
        _CLUSTER,
        _cluster_zones,
        why=_WHY_ZONES,
        console="RDS, Databases, the cluster, Actions, Add reader: in another zone.",
        command="aws rds create-db-instance --db-cluster-identifier <cluster> --db-instance-identifier <new> --engine "
        "<engine> --db-instance-class db.r6g.large",
        references=(security_hub("RDS.15"),),
    ),
    check(
        "rds_engine_supported",
        "Database runs a version past its standard support",
        Severity.MEDIUM,
        _INSTANCE,
        _instance_engine,
        why=_WHY_ENGINE,
        console=f"{_MODIFY}DB engine version: a later major version. Try it on a restored snapshot first.",
        command=f"{_SET}--engine-version <new> --allow-major-version-upgrade",
        references=(_EXTENDED,),
        time_dependent=True,
    ),
    check(
        "rds_cluster_engine_supported",
        "Database cluster runs a version past its standard support",
        Severity.MEDIUM,
        _CLUSTER,
        _engine,
        why=_WHY_ENGINE,
        console=f"{_MODIFY_CLUSTER}DB engine version: a later major version. Try it on a restored snapshot first.",
        command=f"{_SET_CLUSTER}--engine-version <new> --allow-major-version-upgrade",
        references=(_EXTENDED,),
        time_dependent=True,
    ),
)
