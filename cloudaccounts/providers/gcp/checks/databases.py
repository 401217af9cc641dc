"""Cloud SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    abridge,
    days_since,
    expect,
    flag,
    known,
    mappings,
    not_applicable,
    passed,
    posture_check,
    text,
    unknown,
    value,
)
from cloudaccounts.provider_kit.reach.addresses import NOBODY, UNKNOWN, Addresses, Reach, network, union
from cloudaccounts.provider_kit.reach.verdicts import evaluation
from cloudaccounts.providers.gcp.checks.references import cite

_INSTANCE = "gcp.sqladmin.instance"
_NETWORK = "settings.ipConfiguration"


@posture_check(
    "gcp_sql_open_network",
    "Database is open to the internet",
    Severity.CRITICAL,
    "sqladmin",
    _INSTANCE,
    why="Whoever has or guesses a password reaches the data, from anywhere.",
    console="SQL, choose the instance, Connections, Networking: remove 0.0.0.0/0 from the authorized networks.",
    command="gcloud sql instances patch <instance> --authorized-networks=<your-network>",
    references=cite("sql/docs/postgres/authorize-networks"),
    time_dependent=True,
)
def open_network(asset: Asset) -> Evaluation:
    known(asset, "settings")
    if value(asset, f"{_NETWORK}.ipv4Enabled") is False:
        return passed("It has no public address, which is what authorized networks are for.")
    authorized = [
        (str(entry.get("value")), _admitted(asset, entry))
        for entry in mappings(asset, f"{_NETWORK}.authorizedNetworks")
    ]
    wide = [name for name, addresses in authorized if addresses.reach == Reach.OPEN]
    return evaluation(
        union(addresses for _, addresses in authorized).reach,
        f"Open to {abridge(wide or [name for name, _ in authorized])}.",
        "No networks as large as the internet are authorized.",
        "An authorized network has a form that is not known here.",
    )


def _admitted(asset: Asset, entry: Mapping[str, Any]) -> Addresses:
    """Nobody any more from its end on: https://cloud.google.com/sql/docs/mysql/admin-api/rest/v1/instances#aclentry"""
    end = entry.get("expirationTime")
    if not end:
        return network(entry.get("value"))
    try:
        return NOBODY if days_since(asset, end) >= 0 else network(entry.get("value"))
    except UnknownFactError:
        return UNKNOWN


@posture_check(
    "gcp_sql_public_address",
    "Database has a public address",
    Severity.MEDIUM,
    "sqladmin",
    _INSTANCE,
    why="With a private address alone, a leaked password is of no use from outside your network.",
    console="SQL, choose the instance, Connections, Networking: choose Private IP and clear Public IP.",
    command="gcloud sql instances patch <instance> --network=<network> --no-assign-ip",
    references=cite("sql/docs/postgres/private-ip"),
)
def public_address(asset: Asset) -> Evaluation:
    known(asset, "settings")
    # Of the addresses that it has, PRIMARY is the public one for what comes in.
    # https://cloud.google.com/sql/docs/mysql/admin-api/rest/v1/instances#ipmapping
    addressed = any(address.get("type") == "PRIMARY" for address in mappings(asset, "ipAddresses"))
    public = addressed or flag(asset, f"{_NETWORK}.ipv4Enabled", default=None)
    return expect(not public, "It has a public address.", "It has private addresses only.")


@posture_check(
    "gcp_sql_ssl",
    "Database answers without encryption",
    Severity.HIGH,
    "sqladmin",
    _INSTANCE,
    why="Without TLS everybody on the way reads the data, and the password at each connection.",
    console="SQL, choose the instance, Connections, Security: Allow only SSL connections.",
    command="gcloud sql instances patch <instance> --ssl-mode=ENCRYPTED_ONLY",
    references=cite("sql/docs/postgres/configure-ssl-instance"),
)
def ssl(asset: Asset) -> Evaluation:
    known(asset, "settings")
    # sslMode replaced requireSsl, which older instances still have alone.
    mode = text(asset, f"{_NETWORK}.sslMode")
    if mode not in ("", "SSL_MODE_UNSPECIFIED"):
        good = mode in ("ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED")
        if not good and mode != "ALLOW_UNENCRYPTED_AND_ENCRYPTED":
            return unknown("It takes connections in a way that is not known here.")
        return expect(good, "Connections without TLS are accepted.", "Only connections with TLS are accepted.")
    required = flag(asset, f"{_NETWORK}.requireSsl")
    return expect(required, "Connections without TLS are accepted.", "Only connections with TLS are accepted.")


def _no_primary(asset: Asset) -> Evaluation | None:
    """Why backups are not this instance's matter; None for one that has its own data."""
    kind = text(asset, "instanceType")
    if kind in ("READ_REPLICA_INSTANCE", "READ_POOL_INSTANCE", "GREEN_INSTANCE"):
        return not_applicable("Its primary instance is backed up.")
    if kind == "ON_PREMISES_INSTANCE":
        return not_applicable("It stands for a database outside of Cloud SQL.")
    known_kinds = ("", "SQL_INSTANCE_TYPE_UNSPECIFIED", "CLOUD_SQL_INSTANCE")
    return None if kind in known_kinds else unknown("It is an instance of a kind that is not known here.")


@posture_check(
    "gcp_sql_backups",
    "Database is not backed up",
    Severity.HIGH,
    "sqladmin",
    _INSTANCE,
    why="A mistake, a bad release or an extortionist, and the data is gone for good.",
    console="SQL, choose the instance, Backups, Edit: automate backups, and enable point-in-time recovery.",
    command="gcloud sql instances patch <instance> --backup-start-time=03:00",
    references=cite("sql/docs/postgres/backup-recovery/backups"),
)
def backups(asset: Asset) -> Evaluation:
    if (other := _no_primary(asset)) is not None:
        return other
    known(asset, "settings")
    on = flag(asset, "settings.backupConfiguration.enabled")
    return expect(on, "Automatic backups are off.", "Automatic backups are on.")


@posture_check(
    "gcp_sql_point_in_time",
    "Database can be had back by the day only",
    Severity.LOW,
    "sqladmin",
    _INSTANCE,
    why="A daily backup loses up to a day's work. The log that is kept beside it brings back any moment.",
    console="SQL, choose the instance, Backups, Edit: enable point-in-time recovery.",
    command="gcloud sql instances patch <instance> --enable-point-in-time-recovery",
    references=cite("sql/docs/postgres/backup-recovery/pitr"),
)
def point_in_time(asset: Asset) -> Evaluation:
    if (other := _no_primary(asset)) is not None:
        return other
    known(asset, "settings")
    backup = "settings.backupConfiguration"
    # MySQL's point-in-time recovery is its binary log.
    on = flag(asset, f"{backup}.pointInTimeRecoveryEnabled") or flag(asset, f"{backup}.binaryLogEnabled")
    return expect(on, "Point-in-time recovery is off.", "Any moment can be had back.")


@posture_check(
    "gcp_sql_iam_authentication",
    "Database knows passwords only",
    Severity.LOW,
    "sqladmin",
    _INSTANCE,
    why="With IAM authentication people and programs sign in as themselves, an hour at a time: no password is kept, "
    "shared or left behind by somebody who leaves.",
    console="SQL, choose the instance, Edit, Flags: set cloudsql.iam_authentication (MySQL: with an underscore) to on.",
    command='gcloud sql instances patch <instance> --database-flags="cloudsql.iam_authentication=on"\n'
    "# Name its other flags as well. Those that are not named are reset.",
    references=cite("sql/docs/postgres/iam-authentication"),
    expected={"settings.databaseFlags": "cloudsql.iam_authentication on"},
)
def iam_authentication(asset: Asset) -> Evaluation:
    version = str(known(asset, "databaseVersion"))
    if version.startswith("SQLSERVER"):
        return not_applicable("SQL Server has no sign-in by IAM.")
    if not version.startswith(("MYSQL", "POSTGRES")):
        return unknown("Its engine is not known here.")
    known(asset, "settings")
    names = ("cloudsql.iam_authentication", "cloudsql_iam_authentication")
    values = [
        str(item.get("value")).lower()
        for item in mappings(asset, "settings.databaseFlags")
        if (item.get("name") in names)
    ]
    return expect("on" in values, "It is off.", "IAM authentication is on.")


@posture_check(
    "gcp_sql_deletion_protection",
    "Database can be deleted by one command",
    Severity.LOW,
    "sqladmin",
    _INSTANCE,
    why="A script that was run in the wrong project deletes an instance with its backups. The protection has to be "
    "taken away first.",
    console="SQL, choose the instance, Edit, Data protection: Enable deletion protection.",
    command="gcloud sql instances patch <instance> --deletion-protection",
    references=cite("sql/docs/postgres/deletion-protection"),
)
def deletion_protection(asset: Asset) -> Evaluation:
    if text(asset, "instanceType") == "ON_PREMISES_INSTANCE":
        return not_applicable("It stands for a database outside of Cloud SQL.")
    known(asset, "settings")
    on = flag(asset, "settings.deletionProtectionEnabled")
    return expect(on, "It is not protected against deletion.", "It is protected against deletion.")


CHECKS = (
    open_network,
    public_address,
    ssl,
    backups,
    point_in_time,
    iam_authentication,
    deletion_protection,
)
