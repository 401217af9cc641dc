"""SQL servers and databases, and PostgreSQL servers."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import AddressValueError, IPv4Address
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    abridge,
    expect,
    failed,
    known,
    mappings,
    not_applicable,
    passed,
    posture_check,
    text,
)
from cloudaccounts.providers.azure.checks.references import cite

_SERVER = "azure.sql.server"
_DATABASE = "azure.sql.database"
_POSTGRES = "azure.postgresql.flexible_server"
_WIDE = 2**24  # addresses: a network as large as 10.0.0.0/8 is no allow-list


def _wide(firewall_rule: Mapping[str, Any]) -> bool:
    """Covers much of the internet. From and to 0.0.0.0 means something else: all of Azure's services, of all
    customers.
    """
    try:
        first, last = (int(IPv4Address(str(firewall_rule.get(end)))) for end in ("from", "to"))
    except AddressValueError:
        raise UnknownFactError("An address of the firewall has a form that is not known here.") from None
    return last - first >= _WIDE


def _all_of_azure(firewall_rule: Mapping[str, Any]) -> bool:
    return firewall_rule.get("from") == firewall_rule.get("to") == "0.0.0.0"  # noqa: S104 # nosec B104 # no address to listen on


def _firewall(asset: Asset) -> Evaluation:
    # Then firewall rules have no effect, however wide they are.
    if text(asset, "public_network_access").lower() == "disabled":
        return passed("The public network is switched off.")
    known(asset, "firewall_rules")
    rules = mappings(asset, "firewall_rules")
    wide = [str(firewall_rule.get("name")) for firewall_rule in rules if _wide(firewall_rule)]
    if wide:
        return failed(f"Open to the internet by {abridge(wide)}.")
    shared = [str(firewall_rule.get("name")) for firewall_rule in rules if _all_of_azure(firewall_rule)]
    return expect(
        not shared,
        f"Every customer's services in Azure may connect, by {abridge(shared)}.",
        "Its firewall names networks.",
    )


@posture_check(
    "azure_sql_firewall_open",
    "SQL server is open to the internet",
    Severity.CRITICAL,
    "databases",
    _SERVER,
    why="Whoever has or guesses a password reaches the data. The rule 0.0.0.0, Allow Azure services, lets in machines "
    "of every other customer of Azure as well.",
    console="Open the SQL server, Networking: delete the wide firewall rules and clear Allow Azure services; use a "
    "private endpoint.",
    command="az sql server firewall-rule delete --resource-group <group> --server <server> --name <rule>",
    references=cite("azure-sql/database/firewall-configure", "4.1.2"),
)
def sql_firewall(asset: Asset) -> Evaluation:
    return _firewall(asset)


@posture_check(
    "azure_sql_auditing",
    "SQL server is not audited",
    Severity.MEDIUM,
    "databases",
    _SERVER,
    why="Auditing is the record of who read and changed what: without it a theft cannot be told from a day's work.",
    console="Open the SQL server, Auditing, enable Azure SQL Auditing and choose a destination.",
    command="az sql server audit-policy update --resource-group <group> --name <server> --state Enabled "
    "--log-analytics-target-state Enabled --log-analytics-workspace-resource-id <workspace-id>",
    references=cite("azure-sql/database/auditing-overview", "4.1.1"),
)
def sql_auditing(asset: Asset) -> Evaluation:
    known(asset, "auditing")
    good = text(asset, "auditing.state").lower() == "enabled"
    return expect(good, "Auditing is off.", "Auditing is on.")


@posture_check(
    "azure_sql_minimum_tls",
    "SQL server accepts old TLS",
    Severity.MEDIUM,
    "databases",
    _SERVER,
    why="TLS 1.0 and 1.1 have known weaknesses; clients that still use them can be listened to.",
    console="Open the SQL server, Networking, Connectivity, set the minimum TLS version to 1.2.",
    command="az sql server update --resource-group <group> --name <server> --minimal-tls-version 1.2",
    references=cite("azure-sql/database/connectivity-settings"),
)
def sql_tls(asset: Asset) -> Evaluation:
    # "None" is a value of Azure's, so a missing one is shown in the same way.
    minimum = text(asset, "minimum_tls") or "None"
    good = minimum in ("1.2", "1.3")
    return expect(good, f"The minimum TLS version is {minimum}.", f"The minimum TLS version is {minimum}.")


@posture_check(
    "azure_sql_entra_administrator",
    "SQL server has no administrator of Microsoft Entra ID",
    Severity.MEDIUM,
    "databases",
    _SERVER,
    why="Without one, people share passwords that the server itself keeps: no second factor, no end with the job.",
    console="Open the SQL server, Microsoft Entra ID, Set admin, and choose a group.",
    command="az sql server ad-admin create --resource-group <group> --server-name <server> --display-name <group-name> "
    "--object-id <group-object-id>",
    references=cite("azure-sql/database/authentication-aad-configure", "4.1.4"),
)
def sql_administrator(asset: Asset) -> Evaluation:
    known(asset, "entra_administrators")
    has_administrator = bool(mappings(asset, "entra_administrators"))
    return expect(
        has_administrator, "Only the server's own passwords open it.", "An administrator of Microsoft Entra ID is set."
    )


@posture_check(
    "azure_sql_database_encryption",
    "SQL database is not encrypted",
    Severity.HIGH,
    "databases",
    _DATABASE,
    why="Its files and backups can be read by whoever gets at them.",
    console="Open the database, Data Encryption, switch Transparent data encryption on.",
    command="az sql db tde set --resource-group <group> --server <server> --database <database> --status Enabled",
    references=cite("azure-sql/database/transparent-data-encryption-tde-overview", "4.1.5"),
)
def sql_encryption(asset: Asset) -> Evaluation:
    if asset.name.rsplit("/", 1)[-1].lower() == "master":
        return not_applicable("The system database master is never encrypted this way.")
    known(asset, "encryption")
    good = text(asset, "encryption").lower() == "enabled"
    return expect(good, "Transparent data encryption is off.", "Transparent data encryption is on.")


@posture_check(
    "azure_postgresql_ssl",
    "PostgreSQL server answers without encryption",
    Severity.HIGH,
    "databases",
    _POSTGRES,
    why="Without TLS everybody on the way reads the data, and the password at each connection.",
    console="Open the server, Server parameters, set require_secure_transport to ON.",
    command="az postgres flexible-server parameter set --resource-group <group> --server-name <server> "
    "--name require_secure_transport --value on",
    references=cite("postgresql/flexible-server/how-to-connect-tls-ssl", "4.3.1"),
)
def postgres_ssl(asset: Asset) -> Evaluation:
    setting = known(asset, "parameters.require_secure_transport")
    return expect(setting == "on", "require_secure_transport is off.", "require_secure_transport is on.")


@posture_check(
    "azure_postgresql_firewall_open",
    "PostgreSQL server is open to the internet",
    Severity.HIGH,
    "databases",
    _POSTGRES,
    why="Whoever has or guesses a password reaches the data. The rule 0.0.0.0 lets in machines of every other customer "
    "of Azure as well.",
    console="Open the server, Networking: delete the wide firewall rules and clear Allow public access from any Azure "
    "service.",
    command="az postgres flexible-server firewall-rule delete --resource-group <group> --name <server> "
    "--rule-name <rule>",
    references=cite("postgresql/flexible-server/concepts-firewall-rules", "4.3.7"),
)
def postgres_firewall(asset: Asset) -> Evaluation:
    return _firewall(asset)


@posture_check(
    "azure_postgresql_logs_connections",
    "PostgreSQL server does not log connections",
    Severity.LOW,
    "databases",
    _POSTGRES,
    why="The log of connections shows guessed passwords and strangers; without it neither leaves a trace.",
    console="Open the server, Server parameters, set log_connections and log_checkpoints to ON.",
    command="az postgres flexible-server parameter set --resource-group <group> --server-name <server> "
    "--name log_connections --value on",
    references=cite("postgresql/flexible-server/concepts-logging", "4.3.2", "4.3.3"),
)
def postgres_logs(asset: Asset) -> Evaluation:
    names = ("log_checkpoints", "log_connections")
    off = [name for name in names if known(asset, f"parameters.{name}") != "on"]
    return expect(not off, f"Off: {abridge(off)}.", "Connections and checkpoints are logged.")


CHECKS = (
    sql_firewall,
    sql_auditing,
    sql_tls,
    sql_administrator,
    sql_encryption,
    postgres_ssl,
    postgres_firewall,
    postgres_logs,
)
