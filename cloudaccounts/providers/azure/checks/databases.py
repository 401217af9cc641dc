"""SQL servers and databases, and the flexible servers of PostgreSQL and MySQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity, Verdict
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    abridge,
    expect,
    failed,
    flag,
    known,
    mappings,
    not_applicable,
    passed,
    posture_check,
    text,
    unknown,
)
from cloudaccounts.provider_kit.reach.addresses import Addresses, Reach, between, union
from cloudaccounts.providers.azure.checks import firewalls
from cloudaccounts.providers.azure.checks.references import cite
from cloudaccounts.providers.azure.checks.values import also_for, facts, is_one_of, modern_tls, of_tls, supported

_SERVER = "azure.sql.server"
_DATABASE = "azure.sql.database"
_POSTGRES = "azure.postgresql.flexible_server"
_MYSQL = "azure.mysql.flexible_server"
_INSTANCE = "azure.sql.managed_instance"


def _firewall(asset: Asset, *further: str) -> Evaluation:
    """``further`` are properties that hold rules, beside ``firewall_rules``."""
    by_switch = firewalls.public_network(asset)
    if by_switch is not None:
        return by_switch
    known(asset, "firewall_rules")
    rules, unread = mappings(asset, "firewall_rules"), ""
    ranges = [_named(rule, version=4) for rule in rules]
    try:
        ranges += [_named(rule, version=6) for name in further for rule in mappings(asset, name)]
    except UnknownFactError as error:
        unread = str(error)
    reach, wide = _reach(ranges)
    # In this order: what is surely open, then what all of Azure reaches, then what is not known.
    if reach == Reach.OPEN:
        return failed(f"Open to the internet by {abridge(wide)}.")
    shared = [str(rule.get("name")) for rule in rules if _is_all_of_azure(rule)]
    if shared:
        return failed(f"Every customer's services in Azure may connect, by {abridge(shared)}.")
    if unread or reach == Reach.UNCLEAR:
        return unknown(unread or "An address of the firewall has a form that is not known here.")
    return passed("Its firewall names networks.")


def _named(rule: Mapping[str, Any], *, version: int) -> tuple[str, Addresses]:
    return str(rule.get("name")), between(rule.get("from"), rule.get("to"), version=version)


def _reach(ranges: Sequence[tuple[str, Addresses]]) -> tuple[Reach, list[str]]:
    """Of all rules together, with the names of those that are enough alone, or of all where it takes several."""
    wide = [name for name, addresses in ranges if addresses.reach == Reach.OPEN]
    return union(addresses for _, addresses in ranges).reach, wide or [name for name, _ in ranges]


def _is_all_of_azure(rule: Mapping[str, Any]) -> bool:
    """From and to 0.0.0.0 stands for Azure's own services, of all customers, and for no address.

    https://learn.microsoft.com/rest/api/sql/firewall-rules/create-or-update
    """
    return rule.get("from") == rule.get("to") == "0.0.0.0"  # noqa: S104 # nosec B104 # no address to listen on


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
    references=cite("azure-sql/database/firewall-configure"),
)
def sql_firewall(asset: Asset) -> Evaluation:
    # Rules for IPv6 may be there while the server does not answer it:
    # https://learn.microsoft.com/rest/api/sql/servers/get
    off = text(asset, "ipv6").lower() == "disabled"
    return _firewall(asset, *(() if off else ("ipv6_firewall_rules",)))


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
    references=cite("azure-sql/database/auditing-overview"),
)
def sql_auditing(asset: Asset) -> Evaluation:
    known(asset, "auditing")
    good = is_one_of(asset, "auditing.state", good=("Enabled",), bad=("Disabled",))
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
    # "None" is a value of Azure's. What a missing one stands for is not documented.
    return modern_tls(asset, "minimum_tls")


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
    references=cite("azure-sql/database/authentication-aad-configure"),
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
    references=cite("azure-sql/database/transparent-data-encryption-tde-overview"),
)
def sql_encryption(asset: Asset) -> Evaluation:
    if asset.name.rsplit("/", 1)[-1].lower() == "master":
        return not_applicable("The system database master is never encrypted this way.")
    known(asset, "encryption")
    good = is_one_of(asset, "encryption", good=("Enabled",), bad=("Disabled",))
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
    references=cite("postgresql/flexible-server/how-to-connect-tls-ssl"),
)
def postgres_ssl(asset: Asset) -> Evaluation:
    return _requires_tls(asset)


def _requires_tls(asset: Asset) -> Evaluation:
    on = _is_on(asset, "require_secure_transport")
    return expect(on, "require_secure_transport is off.", "require_secure_transport is on.")


def _is_on(asset: Asset, parameter: str) -> bool:
    return is_one_of(asset, f"parameters.{parameter}", good=("on",), bad=("off",))


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
    references=cite("postgresql/flexible-server/concepts-firewall-rules"),
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
    references=cite("postgresql/flexible-server/concepts-logging"),
)
def postgres_logs(asset: Asset) -> Evaluation:
    names = ("log_checkpoints", "log_connections")
    off = [name for name in names if not _is_on(asset, name)]
    return expect(not off, f"Off: {abridge(off)}.", "Connections and checkpoints are logged.")


@posture_check(
    "azure_sql_instance_public_endpoint",
    "Managed instance of SQL has an address on the internet",
    Severity.MEDIUM,
    "databases",
    _INSTANCE,
    why="A managed instance lives in your own network. The public endpoint opens a second way to it, which only the "
    "network security group of its subnet guards.",
    console="Open the managed instance, Networking, disable Public endpoint (data).",
    command="az sql mi update --resource-group <group> --name <instance> --public-data-endpoint-enabled false",
    references=cite("azure-sql/managed-instance/public-endpoint-overview"),
    expected={"public_endpoint": False},
)
def instance_endpoint(asset: Asset) -> Evaluation:
    is_open = flag(asset, "public_endpoint", default=None)
    return expect(not is_open, "Its public endpoint is on.", "Its public endpoint is off.")


instance_tls = also_for(
    sql_tls,
    _INSTANCE,
    identifier=("azure_sql_", "azure_sql_instance_"),
    title="Managed instance of SQL accepts old TLS",
    command="az sql mi update --resource-group <group> --name <instance> --minimal-tls-version 1.2",
)


def _version(server: str, label: str, service: str, asset_type: str) -> PostureCheck:
    """Of a flexible server of PostgreSQL or MySQL."""
    known_versions = facts(server)

    def evaluate(asset: Asset) -> Evaluation:
        version = str(known(asset, "version"))
        # MySQL's are told with a third number, which stands for no release of its own: 8.0.21 is any 8.0.
        line = ".".join(version.split(".")[:2]) if server == "mysql" else version.split(".")[0]
        return supported(asset, known_versions, line, f"{label} {line}")

    return posture_check(
        f"azure_{server}_version",
        f"{label} version is no longer supported",
        Severity.MEDIUM,
        "databases",
        asset_type,
        why="Flaws that are found in an old version stay open, or their updates are a matter of an extra price.",
        console="Open the server, Overview, Upgrade, after a test with a copy.",
        command=f"az {service} flexible-server upgrade --resource-group <group> --name <server> --version <version>",
        references=cite(f"{server}/concepts-version-policy"),
        time_dependent=True,
    )(evaluate)


postgres_version = _version("postgresql", "PostgreSQL", "postgres", _POSTGRES)
mysql_version = _version("mysql", "MySQL", "mysql", _MYSQL)


@posture_check(
    "azure_mysql_ssl",
    "MySQL server answers without encryption",
    Severity.HIGH,
    "databases",
    _MYSQL,
    why="Without TLS everybody on the way reads the data, and the password at each connection.",
    console="Open the server, Server parameters, set require_secure_transport to ON.",
    command="az mysql flexible-server parameter set --resource-group <group> --server-name <server> "
    "--name require_secure_transport --value ON",
    references=cite("mysql/flexible-server/how-to-connect-tls-ssl"),
    expected={"parameters.require_secure_transport": "on"},
)
def mysql_ssl(asset: Asset) -> Evaluation:
    return _requires_tls(asset)


@posture_check(
    "azure_mysql_minimum_tls",
    "MySQL server accepts old TLS",
    Severity.MEDIUM,
    "databases",
    _MYSQL,
    why="TLS 1.0 and 1.1 have known weaknesses; clients that still use them can be listened to.",
    console="Open the server, Server parameters, set tls_version to TLSv1.2 and TLSv1.3.",
    command="az mysql flexible-server parameter set --resource-group <group> --server-name <server> "
    "--name tls_version --value TLSv1.2,TLSv1.3",
    references=cite("mysql/flexible-server/how-to-connect-tls-ssl"),
)
def mysql_tls(asset: Asset) -> Evaluation:
    # A list; names in the parameter's own case, which the inventory lowers.
    versions = [word.strip() for word in str(known(asset, "parameters.tls_version")).split(",") if word.strip()]
    # The parameter lists all versions that are accepted, so the weakest decides.
    results = [of_tls(f"TLS{version.removeprefix('tls')}", "parameters.tls_version") for version in versions]
    weak = next((result for result in results if result.verdict != Verdict.PASS), None)
    if not results:
        return unknown("Which versions of TLS it accepts was not told.")
    return weak or passed("It accepts TLS of today alone.")


@posture_check(
    "azure_mysql_firewall_open",
    "MySQL server is open to the internet",
    Severity.HIGH,
    "databases",
    _MYSQL,
    why="Whoever has or guesses a password reaches the data. The rule 0.0.0.0 lets in machines of every other customer "
    "of Azure as well.",
    console="Open the server, Networking: delete the wide firewall rules and clear Allow public access from any Azure "
    "service.",
    command="az mysql flexible-server firewall-rule delete --resource-group <group> --name <server> --rule-name <rule>",
    references=cite("mysql/flexible-server/concepts-networking-public"),
)
def mysql_firewall(asset: Asset) -> Evaluation:
    return _firewall(asset)


CHECKS = (
    instance_endpoint,
    instance_tls,
    postgres_version,
    mysql_version,
    mysql_ssl,
    mysql_tls,
    mysql_firewall,
    sql_firewall,
    sql_auditing,
    sql_tls,
    sql_administrator,
    sql_encryption,
    postgres_ssl,
    postgres_firewall,
    postgres_logs,
)
