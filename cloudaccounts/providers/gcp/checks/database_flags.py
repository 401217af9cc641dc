"""Flags of Cloud SQL's three engines, as a table: which values are good, and what holds where a flag is not set.

Flags and their defaults: https://cloud.google.com/sql/docs/mysql/flags, https://cloud.google.com/sql/docs/postgres/flags
and https://cloud.google.com/sql/docs/sqlserver/flags; those of PostgreSQL itself:
https://www.postgresql.org/docs/current/runtime-config-logging.html
"""

from __future__ import annotations

from dataclasses import dataclass

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Fact, PostureCheck, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    expect,
    known,
    mappings,
    not_applicable,
    posture_check,
    text,
    unknown,
)
from cloudaccounts.providers.gcp.checks.references import cite

_ENGINES = {"MYSQL": "MySQL", "POSTGRES": "PostgreSQL", "SQLSERVER": "SQL Server"}
_PAGES = {"MYSQL": "mysql", "POSTGRES": "postgres", "SQLSERVER": "sqlserver"}
# Cloud SQL takes each of these for a flag that is on or off.
_SPELLINGS = {"1": "on", "true": "on", "yes": "on", "0": "off", "false": "off", "no": "off"}
_SWITCH = ("on", "off")
_SEVERITIES = ("debug5", "debug4", "debug3", "debug2", "debug1", "info", "notice", "warning", "error", "log", "fatal")
_MESSAGES = (*_SEVERITIES, "panic")


@dataclass(frozen=True, slots=True)
class Flag:
    """``default`` holds where the flag is not set; ``values`` are all that are known here (none: any number)."""

    engine: str
    name: str
    good: tuple[str, ...]
    default: str
    values: tuple[str, ...]
    title: str
    why: str
    severity: Severity = Severity.LOW

    @property
    def identifier(self) -> str:
        words = self.name.removeprefix("cloudsql.").replace(" ", "_").replace("3625", "trace_3625")
        return f"gcp_sql_{_PAGES[self.engine]}_{words}"

    @property
    def wanted(self) -> str:
        return " or ".join(self.good)


def evaluate_flag(asset: Asset, flag: Flag) -> Evaluation:
    version = str(known(asset, "databaseVersion"))
    # POSTGRES_16, SQLSERVER_2022_STANDARD: what stands before the first underscore is the engine.
    engine = version.partition("_")[0]
    if engine not in _ENGINES:
        return unknown("Its engine is not known here.")
    if engine != flag.engine:
        return not_applicable(f"It is no {_ENGINES[flag.engine]}.")
    if text(asset, "instanceType") == "ON_PREMISES_INSTANCE":
        return not_applicable("It stands for a database outside of Cloud SQL.")
    value, is_set = _value(asset, flag)
    evidence = [Fact(f"settings.databaseFlags.{flag.name}", value if is_set else None, flag.wanted)]
    # A value that is new is neither good nor bad; of numbers all are known, so that `values` is empty.
    if value not in flag.good and flag.values and value not in flag.values:
        return unknown(f"{flag.name} has a value that is not known here.", evidence)
    how = f"is {value}" if is_set else f"is not set, so it is {value}"
    return expect(value in flag.good, f"{flag.name} {how}.", f"{flag.name} {how}.", evidence)


def _value(asset: Asset, flag: Flag) -> tuple[str, bool]:
    """In lower case, and whether it was set."""
    known(asset, "settings")
    for item in mappings(asset, "settings.databaseFlags"):
        if item.get("name") == flag.name:
            value = item.get("value")
            if not isinstance(value, str):
                raise UnknownFactError(f"The value of {flag.name} was not told.")
            value = value.strip().lower()
            # Of a number, nothing at all is what holds where nobody set it.
            if not value and not flag.values:
                return flag.default, False
            return (_SPELLINGS.get(value, value) if flag.values == _SWITCH else value), True
    # Cloud SQL lists only the flags that somebody set.
    return flag.default, False


def _switch(engine: str, name: str, good: str, default: str, title: str, why: str, severity: Severity) -> Flag:
    return Flag(engine, name, (good,), default, _SWITCH, title, why, severity)


FLAGS = (
    _switch(
        "MYSQL",
        "skip_show_database",
        "on",
        "off",
        "MySQL shows all databases' names to everybody",
        "Names of databases tell an intruder where to look; only those who need the list should get it.",
        Severity.LOW,
    ),
    _switch(
        "MYSQL",
        "local_infile",
        "off",
        "on",
        "MySQL takes files from its clients",
        "A statement that was slipped in can make a client send any file that it may read.",
        Severity.MEDIUM,
    ),
    Flag(
        "POSTGRES",
        "log_error_verbosity",
        ("default", "terse"),
        "default",
        ("default", "terse", "verbose"),
        "PostgreSQL logs where in its source an error arose",
        "Verbose errors fill the log with what only the database's developers need.",
    ),
    _switch(
        "POSTGRES",
        "log_connections",
        "on",
        "off",
        "PostgreSQL does not log connections",
        "Without them nobody can tell who signed in, or who tried to, and from where.",
        Severity.MEDIUM,
    ),
    _switch(
        "POSTGRES",
        "log_disconnections",
        "on",
        "off",
        "PostgreSQL does not log the ends of sessions",
        "Together with the beginnings they tell how long somebody was in.",
        Severity.LOW,
    ),
    Flag(
        "POSTGRES",
        "log_statement",
        ("ddl", "mod", "all"),
        "none",
        ("none", "ddl", "mod", "all"),
        "PostgreSQL does not log changes of its structure",
        "Who made, changed or dropped a table or a role is else not to be found out.",
    ),
    Flag(
        "POSTGRES",
        "log_min_messages",
        ("warning", "error", "log", "fatal", "panic"),
        "warning",
        _MESSAGES,
        "PostgreSQL fills its log with messages for developers",
        "What matters drowns in notices and traces, which also may quote the data.",
    ),
    Flag(
        "POSTGRES",
        "log_min_error_statement",
        ("error",),
        "error",
        _MESSAGES,
        "PostgreSQL logs other statements than those that failed",
        "At error, each failed statement is kept and no other: attempts are seen, and data of good ones is not.",
    ),
    Flag(
        "POSTGRES",
        "log_min_duration_statement",
        ("-1",),
        "-1",
        (),
        "PostgreSQL logs slow statements whole",
        "Whole statements have the data in them: names, addresses, passwords that somebody sets.",
    ),
    _switch(
        "POSTGRES",
        "cloudsql.enable_pgaudit",
        "on",
        "off",
        "PostgreSQL keeps no audit log",
        "pgAudit tells which objects a session touched; the ordinary log tells the text of some statements.",
        Severity.MEDIUM,
    ),
    _switch(
        "SQLSERVER",
        "external scripts enabled",
        "off",
        "off",
        "SQL Server runs scripts of other languages",
        "R and Python in the database are one more way to run code of one's own on the server.",
        Severity.MEDIUM,
    ),
    _switch(
        "SQLSERVER",
        "cross db ownership chaining",
        "off",
        "off",
        "SQL Server lets owners reach into other databases",
        "Who owns an object in one database then gets, unasked, at those of the same owner in another.",
        Severity.MEDIUM,
    ),
    Flag(
        "SQLSERVER",
        "user connections",
        # The most that there can be is no limit either:
        # https://learn.microsoft.com/sql/database-engine/configure-windows/configure-the-user-connections-server-configuration-option
        ("0", "32767"),
        "0",
        (),
        "SQL Server limits the number of connections",
        "At the limit nobody gets in any more, administrators included; 0 leaves it to the server.",
    ),
    Flag(
        "SQLSERVER",
        "user options",
        ("0",),
        "0",
        (),
        "SQL Server changes the options of every session",
        "Defaults that are set for all sessions make programs behave in another way than they were tested.",
    ),
    _switch(
        "SQLSERVER",
        "remote access",
        "off",
        "on",
        "SQL Server lets other servers run its procedures",
        "The old way to call procedures from another server is open to misuse, for a denial of service too.",
        Severity.MEDIUM,
    ),
    _switch(
        "SQLSERVER",
        "3625",
        "on",
        "off",
        "SQL Server tells everybody the details of errors",
        "With trace flag 3625 those who are no administrators get masked messages, which give less away.",
        Severity.LOW,
    ),
    _switch(
        "SQLSERVER",
        "contained database authentication",
        "off",
        "off",
        "SQL Server lets databases keep users of their own",
        "Their passwords follow no rule of the server, and signing in leaves its limits aside.",
        Severity.MEDIUM,
    ),
)


def _check(flag: Flag) -> PostureCheck:
    def evaluate(asset: Asset) -> Evaluation:
        return evaluate_flag(asset, flag)

    return posture_check(
        flag.identifier,
        flag.title,
        flag.severity,
        "sqladmin",
        "gcp.sqladmin.instance",
        why=flag.why,
        console=f"SQL, choose the instance, Edit, Flags: set {flag.name} to {flag.wanted}. Some flags restart it.",
        command=f'gcloud sql instances patch <instance> --database-flags="{flag.name}={flag.good[0]}"\n'
        "# Name its other flags as well. Those that are not named are reset.",
        references=cite(f"sql/docs/{_PAGES[flag.engine]}/flags"),
    )(evaluate)


CHECKS = tuple(_check(flag) for flag in FLAGS)
