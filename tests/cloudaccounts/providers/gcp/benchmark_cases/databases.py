"""Cases of SQL instances and their flags."""

from __future__ import annotations

from typing import Any

from cloudaccounts.contract.rules import Verdict
from cloudaccounts.providers.gcp.checks import database_flags
from tests.cloudaccounts.providers.gcp import test_checks
from tests.cloudaccounts.providers.gcp.benchmark_cases import SEEN, Case, F, N, P, U, named
from tests.cloudaccounts.providers.gcp.test_checks import ODD


def sql(version: str | None, *flags: tuple[str, Any], instance: str = "CLOUD_SQL_INSTANCE") -> dict[str, Any]:
    told = [{"name": name, "value": value} for name, value in flags]
    settings = {"databaseFlags": told} if told else {}
    return {"databaseVersion": version, "instanceType": instance, "settings": settings}


# A flag, its engine's versions, values that are good and bad, and the verdict where it is not set.
ENGINES = {"mysql": "MYSQL_8_0", "postgres": "POSTGRES_16", "sqlserver": "SQLSERVER_2022_STANDARD"}
ON, OFF = ["on", "ON", "1"], ["off", "Off", "0"]
FLAGS: list[tuple[str, str, list[str], list[str], Verdict]] = [
    ("gcp_sql_mysql_skip_show_database", "skip_show_database", ON, OFF, F),
    ("gcp_sql_mysql_local_infile", "local_infile", OFF, ON, F),
    ("gcp_sql_postgres_log_error_verbosity", "log_error_verbosity", ["default", "TERSE"], ["verbose", "VERBOSE"], P),
    ("gcp_sql_postgres_log_connections", "log_connections", ON, OFF, F),
    ("gcp_sql_postgres_log_disconnections", "log_disconnections", ON, OFF, F),
    ("gcp_sql_postgres_log_statement", "log_statement", ["ddl", "mod", "all"], ["none", "NONE"], F),
    ("gcp_sql_postgres_log_min_messages", "log_min_messages", ["warning", "ERROR", "panic"], ["notice", "debug1"], P),
    ("gcp_sql_postgres_log_min_error_statement", "log_min_error_statement", ["error", "ERROR"], ["panic", "notice"], P),
    ("gcp_sql_postgres_log_min_duration_statement", "log_min_duration_statement", ["-1"], ["0", "250", "1000"], P),
    ("gcp_sql_postgres_enable_pgaudit", "cloudsql.enable_pgaudit", ON, OFF, F),
    ("gcp_sql_sqlserver_external_scripts_enabled", "external scripts enabled", OFF, ON, P),
    ("gcp_sql_sqlserver_cross_db_ownership_chaining", "cross db ownership chaining", OFF, ON, P),
    ("gcp_sql_sqlserver_user_connections", "user connections", ["0", "32767", ""], ["10", "32766", "500"], P),
    ("gcp_sql_sqlserver_user_options", "user options", ["0", ""], ["1024", "512", "2"], P),
    ("gcp_sql_sqlserver_remote_access", "remote access", OFF, ON, F),
    ("gcp_sql_sqlserver_trace_3625", "3625", ON, OFF, F),
    ("gcp_sql_sqlserver_contained_database_authentication", "contained database authentication", OFF, ON, P),
]
SWITCHES = {flag.identifier for flag in database_flags.FLAGS if flag.values}


def flag_cases() -> list[Case]:
    cases: list[Case] = []
    for identifier, name, good, bad, unset in FLAGS:
        engine = identifier.split("_")[2]
        version = ENGINES[engine]
        other = next(one for key, one in ENGINES.items() if key != engine)
        cases += [(identifier, P, sql(version, ("another", "x"), (name, one))) for one in good]
        cases += [(identifier, F, sql(version, (name, one))) for one in bad]
        cases += [(identifier, unset, sql(version)), (identifier, unset, sql(version, ("another", "on")))]
        cases += [
            (identifier, N, sql(other, (name, bad[0]))),
            (identifier, N, sql(version, (name, bad[0]), instance="ON_PREMISES_INSTANCE")),
            (identifier, U, sql("ALLOYDB_17", (name, bad[0]))),
            (identifier, U, {**sql(version), "settings": None}),
            (identifier, U, {**sql(version), "databaseVersion": None}),
            (identifier, U, sql(version, (name, None))),
            (identifier, U, {**sql(version), "settings": {"databaseFlags": ODD}}),
        ]
        if identifier in SWITCHES:
            cases += [(identifier, U, sql(version, (name, "sometimes")))]
    return cases


CASES: list[Case] = [
    *flag_cases(),
    *named(
        (
            "gcp_sql_iam_authentication",
            [
                (P, sql("POSTGRES_16", ("cloudsql.iam_authentication", "on"))),
                (P, sql("MYSQL_8_0", ("cloudsql_iam_authentication", "on"))),
                (P, sql("MYSQL_8_4", ("a", "b"), ("cloudsql_iam_authentication", "On"))),
                (F, sql("POSTGRES_16")),
                (F, sql("POSTGRES_16", ("cloudsql.iam_authentication", "off"))),
                (F, sql("MYSQL_8_0", ("iam", "on"))),
                (N, sql("SQLSERVER_2022_STANDARD")),
                (U, sql("ALLOYDB_17")),
                (U, {"databaseVersion": "POSTGRES_16"}),
            ],
        ),
        (
            "gcp_sql_deletion_protection",
            [
                (P, {"settings": {"deletionProtectionEnabled": True}}),
                (F, {"settings": {}}),
                (F, {"settings": {"deletionProtectionEnabled": False}}),
                (N, {"instanceType": "ON_PREMISES_INSTANCE", "settings": {}}),
                (U, {}),
                (U, {"settings": {"deletionProtectionEnabled": ODD}}),
            ],
        ),
        (
            "gcp_sql_deletion_protection",
            [
                (P, {"settings": {"deletionProtectionEnabled": True}, "instanceType": "READ_REPLICA_INSTANCE"}),
                (P, {"settings": {"deletionProtectionEnabled": True, "tier": "x"}}),
                (F, {"settings": {"tier": "x"}}),
            ],
        ),
        (
            "gcp_sql_public_address",
            [
                (
                    F,
                    {
                        "settings": {"ipConfiguration": {}},
                        "ipAddresses": [{"type": "PRIMARY", "ipAddress": "203.0.113.9"}],
                    },
                ),
                (P, {"settings": {"ipConfiguration": {"ipv4Enabled": False}}, "ipAddresses": [{"type": "PRIVATE"}]}),
                (U, {"settings": {"ipConfiguration": {}}}),
                (U, {"settings": {}}),
            ],
        ),
        (
            "gcp_sql_public_address",
            [
                (P, test_checks.database(ipv4Enabled=False, sslMode="ENCRYPTED_ONLY")),
                (F, test_checks.database(ipv4Enabled=True, requireSsl=True)),
            ],
        ),
        (
            "gcp_sql_ssl",
            [
                (U, test_checks.database(sslMode="NEWER_AND_STRICTER")),
                (P, test_checks.database(sslMode="SSL_MODE_UNSPECIFIED", requireSsl=True)),
                (P, test_checks.database(sslMode="TRUSTED_CLIENT_CERTIFICATE_REQUIRED")),
            ],
        ),
        ("gcp_sql_ssl", [(F, test_checks.database(sslMode="ALLOW_UNENCRYPTED_AND_ENCRYPTED"))]),
        (
            "gcp_sql_backups",
            [(N, test_checks.database("READ_POOL_INSTANCE")), (U, test_checks.database("NEW_KIND_OF_INSTANCE"))],
        ),
        (
            "gcp_sql_backups",
            [
                (P, test_checks.database("", backup={"enabled": True})),
                (P, test_checks.database(backup={"enabled": True, "binaryLogEnabled": True})),
                (F, test_checks.database(backup={"enabled": False})),
                (F, test_checks.database("SQL_INSTANCE_TYPE_UNSPECIFIED")),
            ],
        ),
        (
            "gcp_sql_version",
            [
                (P, {"databaseVersion": "POSTGRES_16", **SEEN}),
                (P, {"databaseVersion": "SQLSERVER_2022_STANDARD", **SEEN}),
                (P, {"databaseVersion": "MYSQL_8_0_36", "observed": {"at": "2026-06-30T00:00:00+00:00"}}),
                (P, {"databaseVersion": "SQLSERVER_2017_WEB", "observed": {"at": "2027-10-12T00:00:00+00:00"}}),
                (F, {"databaseVersion": "SQLSERVER_2017_WEB", "observed": {"at": "2027-10-13T00:00:00+00:00"}}),
                (F, {"databaseVersion": "MYSQL_8_0_36", **SEEN}),
                (F, {"databaseVersion": "MYSQL_5_7", **SEEN}),
                (F, {"databaseVersion": "POSTGRES_9_6", **SEEN}),
                (F, {"databaseVersion": "POSTGRES_13", **SEEN}),
                (U, {"databaseVersion": "POSTGRES_18", **SEEN}),
                (U, {"databaseVersion": "POSTGRES_20", **SEEN}),
                (U, {"databaseVersion": "ALLOYDB", **SEEN}),
                (U, {"databaseVersion": "POSTGRES_16"}),
                (U, SEEN),
            ],
        ),
        (
            "gcp_sql_point_in_time",
            [
                (P, test_checks.database(backup={"pointInTimeRecoveryEnabled": True, "enabled": True})),
                (F, test_checks.database(backup={"enabled": True})),
                (F, test_checks.database(backup={"pointInTimeRecoveryEnabled": False, "binaryLogEnabled": False})),
            ],
        ),
        ("gcp_sql_postgres_log_error_verbosity", [(F, sql("POSTGRES_18", ("log_error_verbosity", "Verbose")))]),
        ("gcp_sql_postgres_log_min_messages", [(F, sql("POSTGRES_13", ("log_min_messages", "INFO")))]),
        ("gcp_sql_postgres_log_min_error_statement", [(F, sql("POSTGRES_13", ("log_min_error_statement", "fatal")))]),
    ),
]
