"""SQL servers and databases, PostgreSQL, MySQL."""

from __future__ import annotations

from typing import Any

from tests.cloudaccounts.providers.azure.cases import Cases, on_day

ZERO = "0.0.0.0"  # noqa: S104 # no address to listen on
NARROW = {"name": "office", "from": "203.0.113.1", "to": "203.0.113.9"}
WIDE = {"name": "all", "from": ZERO, "to": "255.255.255.255"}
AZURE = {"name": "azure", "from": ZERO, "to": ZERO}
HALVES = [{"name": "a", "from": ZERO, "to": "127.255.255.255"}, {"name": "b", "from": "128.0.0.0", "to": WIDE["to"]}]
FIREWALL = Cases(
    (
        {"firewall_rules": [NARROW]},
        {"firewall_rules": []},
        {"firewall_rules": [WIDE], "public_network_access": "Disabled"},
    ),
    ({"firewall_rules": [NARROW, WIDE]}, {"firewall_rules": [AZURE]}, {"firewall_rules": HALVES}),
    (),
    (
        {"firewall_rules": [{"name": "x", "from": "::", "to": "::9"}]},
        {"firewall_rules": [NARROW], "public_network_access": "SecuredByPerimeter"},
        {"firewall_rules": [WIDE], "public_network_access": "Sometimes"},
        {"firewall_rules": None},
        {},
    ),
)


def words(name: str, good: str, bad: str) -> Cases:
    def at(value: Any) -> dict[str, Any]:
        first, _, rest = name.partition(".")
        return {first: {rest: value} if rest else value}

    return Cases(
        (at(good), at(good.upper()), {**at(good), "version": "16"}),
        (at(bad), at(bad.upper()), {**at(bad), "version": "16"}),
        (),
        (at("perhaps"), at(None), at(7), {}),
    )


def logged(connections: Any, checkpoints: Any) -> dict[str, Any]:
    return {"parameters": {"log_connections": connections, "log_checkpoints": checkpoints}}


CASES = {
    "azure_sql_firewall_open": FIREWALL,
    "azure_postgresql_firewall_open": FIREWALL,
    "azure_mysql_firewall_open": FIREWALL,
    "azure_sql_auditing": words("auditing.state", "Enabled", "Disabled"),
    "azure_sql_minimum_tls": Cases(
        ({"minimum_tls": "1.2"}, {"minimum_tls": "1.3"}, {"minimum_tls": "1.2", "version": "12.0"}),
        ({"minimum_tls": "1.0"}, {"minimum_tls": "1.1"}, {"minimum_tls": "None"}),
        (),
        ({"minimum_tls": None}, {"minimum_tls": "1.4"}, {"minimum_tls": 1.2}, {}),
    ),
    "azure_sql_entra_administrator": Cases(
        tuple({"entra_administrators": [{"login": "dba", "entra_only": only}]} for only in (True, False, None)),
        tuple({"entra_administrators": [], "minimum_tls": version} for version in ("1.0", "1.2", None)),
        (),
        ({"entra_administrators": None}, {"entra_administrators": "odd"}, {}),
    ),
    "azure_sql_database_encryption": Cases(
        ({"encryption": "Enabled"}, {"encryption": "enabled"}, {"encryption": "Enabled", "name": "s/orders"}),
        ({"encryption": "Disabled"}, {"encryption": "disabled"}, {"encryption": "Disabled", "name": "s/orders"}),
        ({"encryption": "Disabled", "name": "server/master"},),
        ({"encryption": None}, {"encryption": "Encrypting"}, {}),
    ),
    "azure_postgresql_ssl": words("parameters.require_secure_transport", "on", "off"),
    "azure_mysql_ssl": words("parameters.require_secure_transport", "on", "off"),
    "azure_postgresql_logs_connections": Cases(
        (logged("on", "on"), logged("ON", "on"), {**logged("on", "on"), "version": "16"}),
        (logged("off", "on"), logged("on", "off"), logged("off", "off")),
        (),
        (logged("on", None), logged("perhaps", "on"), {"parameters": {}}, {}),
    ),
    "azure_mysql_minimum_tls": Cases(
        tuple({"parameters": {"tls_version": text}} for text in ("tlsv1.2", "tlsv1.2,tlsv1.3", "tlsv1.3")),
        tuple({"parameters": {"tls_version": text}} for text in ("tlsv1", "tlsv1.1,tlsv1.2", "tlsv1.2, tlsv1")),
        (),
        (*tuple({"parameters": {"tls_version": text}} for text in ("tlsv9", "", None)), {}),
    ),
    "azure_postgresql_version": Cases(
        (on_day("2026-11-30", version="16"), on_day("2026-12-11", version="14"), on_day("2026-11-30", version="17.2")),
        (on_day("2026-12-12", version="14"), on_day("2026-11-30", version="11"), on_day("2031-01-01", version="16")),
        (),
        (on_day("2026-11-30", version="99"), on_day("2026-11-30", version=None), {"version": "16"}),
    ),
    "azure_mysql_version": Cases(
        (
            on_day("2026-11-30", version="8.0.21"),
            on_day("2026-11-30", version="8.4"),
            on_day("2026-07-31", version="5.7"),
        ),
        (
            on_day("2026-08-01", version="5.7"),
            on_day("2027-01-01", version="8.0.21"),
            on_day("2027-06-01", version="8.0"),
        ),
        (),
        # No end was announced for 8.4 when the file was read, which is believed for a while.
        (on_day("2026-11-30", version="9.9"), on_day("2029-01-01", version="8.4"), {"version": "8.4"}),
    ),
}
CASES |= {
    "azure_sql_instance_minimum_tls": CASES["azure_sql_minimum_tls"],
    "azure_sql_instance_public_endpoint": Cases(
        tuple({"public_endpoint": False, "subnet": place} for place in ("/a", "/b", None)),
        tuple({"public_endpoint": True, "subnet": place} for place in ("/a", "/b", None)),
        (),
        ({"public_endpoint": None}, {"public_endpoint": "perhaps"}, {}),
    ),
}
