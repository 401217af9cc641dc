"""Extracts single properties from Azure's answers: ids in one spelling, lists in one order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cloudaccounts.provider_kit.normalization import ordered
from cloudaccounts.providers.azure.inventory.common import at


def arm_id(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """An ARM id, in lower case like all native ids."""

    def extract(answer: Mapping[str, Any]) -> str | None:
        value = at(answer, path)
        return value.lower() if isinstance(value, str) else None

    return extract


def arm_ids(path: str, key: str = "id") -> Callable[[Mapping[str, Any]], Any]:
    def extract(answer: Mapping[str, Any]) -> list[str]:
        return sorted(str(item[key]).lower() for item in at(answer, path) or () if item.get(key))

    return extract


def sorted_list(path: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda answer: ordered(at(answer, path))


def texts(*values: Any) -> list[str]:
    """Azure has one property for a single value and another for several."""
    items: list[str] = []
    for value in values:
        items += [str(item) for item in value] if isinstance(value, list) else [str(value)] if value else []
    return sorted(set(items))


def rules(answer: Mapping[str, Any]) -> list[Any] | None:
    """Of a network security group. The default rules are left out: they are the same for all. None where they were not
    told: of a group without any, Azure tells an empty list.
    """
    listed = at(answer, "properties.securityRules")
    if listed is None:
        return None
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
                _lower_ids(at(rule, "properties.sourceApplicationSecurityGroups")),
            ),
            "destinations": texts(
                at(rule, "properties.destinationAddressPrefix"),
                at(rule, "properties.destinationAddressPrefixes"),
                _lower_ids(at(rule, "properties.destinationApplicationSecurityGroups")),
            ),
            "source_ports": texts(at(rule, "properties.sourcePortRange"), at(rule, "properties.sourcePortRanges")),
            "ports": texts(at(rule, "properties.destinationPortRange"), at(rule, "properties.destinationPortRanges")),
        }
        for rule in listed
    )


def _lower_ids(groups: Any) -> list[str]:
    return [str(group.get("id", "")).lower() for group in groups or ()]


def private_endpoints(answer: Mapping[str, Any]) -> list[Any]:
    """With their states: one that nobody approved carries nothing."""
    return ordered(
        {
            "endpoint": (at(connection, "properties.privateEndpoint.id") or "").lower() or None,
            "state": at(connection, "properties.privateLinkServiceConnectionState.status"),
        }
        for connection in at(answer, "properties.privateEndpointConnections") or ()
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


def firewall_v6(rules: Sequence[Any]) -> list[Any]:
    """As `firewall`, of the rules that a SQL server keeps for IPv6."""
    return ordered(
        {
            "name": rule.get("name"),
            "from": at(rule, "properties.startIPv6Address"),
            "to": at(rule, "properties.endIPv6Address"),
        }
        for rule in rules
    )


def first(answers: Sequence[Any]) -> Mapping[str, Any]:
    """Of a child that is one object."""
    return answers[0] if answers and isinstance(answers[0], Mapping) else {}


def auditing(answers: Sequence[Any]) -> dict[str, Any]:
    settings = first(answers)
    return {
        "state": at(settings, "properties.state"),
        "retention_days": at(settings, "properties.retentionDays"),
        "to_monitor": at(settings, "properties.isAzureMonitorTargetEnabled"),
    }


def state(answers: Sequence[Any]) -> Any:
    return at(first(answers), "properties.state")


def administrators(answers: Sequence[Any]) -> list[Any]:
    """Of Microsoft Entra ID; the server's own administrator is not among them."""
    return ordered(
        {
            "login": at(administrator, "properties.login"),
            "entra_only": at(administrator, "properties.azureADOnlyAuthentication"),
        }
        for administrator in answers
    )


_SERVER_PARAMETERS = frozenset(
    {
        "require_secure_transport",
        "ssl_min_protocol_version",
        "tls_version",
        "log_checkpoints",
        "log_connections",
        "log_disconnections",
    }
)


def parameters(answers: Sequence[Any]) -> dict[str, Any]:
    """Of a database server: only those that checks need, in lower case. There are hundreds."""
    return {
        str(parameter["name"]): str(at(parameter, "properties.value") or "").lower()
        for parameter in sorted(answers, key=lambda parameter: str(parameter.get("name")))
        if parameter.get("name") in _SERVER_PARAMETERS
    }


def log_exports(answers: Sequence[Any]) -> list[Any]:
    """Diagnostic settings: which logs are exported, by category or group of categories (``allLogs``, ``audit``)."""
    return ordered(
        {
            "name": setting.get("name"),
            "to": ordered(name for name in _DESTINATIONS if at(setting, f"properties.{name}")),
            "logs": ordered(
                # An entry names either a category or a group of them.
                log.get("categoryGroup") or log.get("category")
                for log in at(setting, "properties.logs") or ()
                if log.get("enabled")
            ),
        }
        for setting in answers
    )


_DESTINATIONS = ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId")
