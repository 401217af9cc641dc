"""How single facts are taken out of Azure's answers: ids in one spelling, lists in one order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cloudaccounts.provider_kit.normalization import ordered
from cloudaccounts.providers.azure.inventory.common import at


def arm_id(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """An ARM id, in lower case like all native ids."""

    def pick(answer: Mapping[str, Any]) -> str | None:
        value = at(answer, path)
        return value.lower() if isinstance(value, str) else None

    return pick


def arm_ids(path: str, key: str = "id") -> Callable[[Mapping[str, Any]], Any]:
    def pick(answer: Mapping[str, Any]) -> list[str]:
        return sorted(str(item[key]).lower() for item in at(answer, path) or () if item.get(key))

    return pick


def sorted_list(path: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda answer: ordered(at(answer, path))


def texts(*values: Any) -> list[str]:
    """Azure writes one value in one property and several in another."""
    found: list[str] = []
    for value in values:
        found += [str(item) for item in value] if isinstance(value, list) else [str(value)] if value else []
    return sorted(set(found))


def rules(answer: Mapping[str, Any]) -> list[Any]:
    """Of a network security group; the three kinds of ends in one list each. The default rules are the same for all."""
    return ordered(
        {
            "name": rule.get("name"),
            "direction": at(rule, "properties.direction"),
            "access": at(rule, "properties.access"),
            "protocol": at(rule, "properties.protocol"),
            "priority": at(rule, "properties.priority"),
            "sources": texts(
                at(rule, "properties.sourceAddressPrefix"),
                at(rule, "properties.sourceAddressPrefixes"),
                [
                    str(one.get("id", "")).lower()
                    for one in at(rule, "properties.sourceApplicationSecurityGroups") or ()
                ],
            ),
            "destinations": texts(
                at(rule, "properties.destinationAddressPrefix"), at(rule, "properties.destinationAddressPrefixes")
            ),
            "ports": texts(at(rule, "properties.destinationPortRange"), at(rule, "properties.destinationPortRanges")),
        }
        for rule in at(answer, "properties.securityRules") or ()
    )


def firewall(rules: Sequence[Any]) -> list[Any]:
    return ordered(
        {
            "name": rule.get("name"),
            "from": at(rule, "properties.startIpAddress"),
            "to": at(rule, "properties.endIpAddress"),
        }
        for rule in rules
    )


def web_config(answers: Sequence[Any]) -> dict[str, Any]:
    told = answers[0] if answers else {}
    return {
        "minimum_tls": at(told, "properties.minTlsVersion"),
        "ftps_state": at(told, "properties.ftpsState"),
        "http2": at(told, "properties.http20Enabled"),
        "remote_debugging": at(told, "properties.remoteDebuggingEnabled"),
        "always_on": at(told, "properties.alwaysOn"),
    }


def first(answers: Sequence[Any]) -> Mapping[str, Any]:
    """Of a child that is one object."""
    return answers[0] if answers and isinstance(answers[0], Mapping) else {}


def blob_service(answers: Sequence[Any]) -> dict[str, Any]:
    """For how many days deleted blobs and containers can be had back; 0 where not at all."""
    told = first(answers)

    def days(policy: str) -> Any:
        return at(told, f"properties.{policy}.days") or 0 if at(told, f"properties.{policy}.enabled") else 0

    return {
        "delete_days": days("deleteRetentionPolicy"),
        "container_delete_days": days("containerDeleteRetentionPolicy"),
    }


def auditing(answers: Sequence[Any]) -> dict[str, Any]:
    told = first(answers)
    return {
        "state": at(told, "properties.state"),
        "retention_days": at(told, "properties.retentionDays"),
        "to_monitor": at(told, "properties.isAzureMonitorTargetEnabled"),
    }


def state(answers: Sequence[Any]) -> Any:
    return at(first(answers), "properties.state")


def administrators(answers: Sequence[Any]) -> list[Any]:
    """Of Microsoft Entra ID; the server's own administrator is not among them."""
    return ordered(
        {"login": at(one, "properties.login"), "entra_only": at(one, "properties.azureADOnlyAuthentication")}
        for one in answers
    )


_SERVER_PARAMETERS = frozenset(
    {"require_secure_transport", "ssl_min_protocol_version", "log_checkpoints", "log_connections", "log_disconnections"}
)


def parameters(answers: Sequence[Any]) -> dict[str, Any]:
    """Of a PostgreSQL server: those that checks read, lower case."""
    return {
        str(one["name"]): str(at(one, "properties.value") or "").lower()
        for one in sorted(answers, key=lambda one: str(one.get("name")))
        if one.get("name") in _SERVER_PARAMETERS
    }


def log_exports(answers: Sequence[Any]) -> list[Any]:
    """Diagnostic settings: which logs go anywhere, by category or by group of categories (``allLogs``, ``audit``)."""
    return ordered(
        {
            "name": one.get("name"),
            "to": ordered(name for name in _DESTINATIONS if at(one, f"properties.{name}")),
            "logs": ordered(
                log.get("categoryGroup") or log.get("category")
                for log in at(one, "properties.logs") or ()
                if log.get("enabled")
            ),
        }
        for one in answers
    )


_DESTINATIONS = ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId")
