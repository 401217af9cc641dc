"""App Service: web apps and function apps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from cloudaccounts.provider_kit.normalization import ordered
from cloudaccounts.providers.azure.inventory import extract
from cloudaccounts.providers.azure.inventory.common import at
from cloudaccounts.providers.azure.inventory.detail import Child, Detail


def web_config(answers: Sequence[Any]) -> dict[str, Any]:
    config = extract.first(answers)
    return {
        "minimum_tls": at(config, "properties.minTlsVersion"),
        "ftps_state": at(config, "properties.ftpsState"),
        "http2": at(config, "properties.http20Enabled"),
        "remote_debugging": at(config, "properties.remoteDebuggingEnabled"),
        "always_on": at(config, "properties.alwaysOn"),
        "linux_runtime": at(config, "properties.linuxFxVersion"),
        "net_framework": at(config, "properties.netFrameworkVersion"),
        "php": at(config, "properties.phpVersion"),
        "python": at(config, "properties.pythonVersion"),
        "node": at(config, "properties.nodeVersion"),
        "java": at(config, "properties.javaVersion"),
        "powershell": at(config, "properties.powerShellVersion"),
        "restrictions": restrictions(at(config, "properties.ipSecurityRestrictions")),
        "default_action": at(config, "properties.ipSecurityRestrictionsDefaultAction"),
        "deployment_restrictions": restrictions(at(config, "properties.scmIpSecurityRestrictions")),
        "deployment_default_action": at(config, "properties.scmIpSecurityRestrictionsDefaultAction"),
        "deployment_uses_main": at(config, "properties.scmIpSecurityRestrictionsUseMain"),
    }


def restrictions(rules: Any) -> list[Any] | None:
    """Of access by network. ``narrowed``: by headers as well, so that not everybody in the network gets through."""
    # Null is "not told", which an empty list, without any restriction, is not.
    if rules is None:
        return None
    return ordered(
        {
            "name": rule.get("name"),
            "priority": rule.get("priority"),
            "action": rule.get("action"),
            "address": rule.get("ipAddress"),
            "subnet": str(rule.get("vnetSubnetResourceId") or "").lower() or None,
            "tag": rule.get("tag"),
            "narrowed": bool(rule.get("headers")),
        }
        for rule in rules
    )


def _site(asset_type: str, config: str) -> Detail:
    """Of an app, or of a slot of one: an app of its own beside it, with settings of its own."""
    return Detail(
        asset_type,
        {
            "https_only": "properties.httpsOnly",
            "client_certificates": "properties.clientCertEnabled",
            "public_network_access": "properties.publicNetworkAccess",
            "host_names": extract.sorted_list("properties.enabledHostNames"),
            # Of function apps on the Flex Consumption plan, whose config names no runtime.
            "function_runtime": "properties.functionAppConfig.runtime.name",
            "function_version": "properties.functionAppConfig.runtime.version",
        },
        (Child("config", "config/web", config, web_config, single=True),),
    )


DETAILS: Mapping[str, Detail] = MappingProxyType(
    {
        "microsoft.web/sites": _site("azure.web.site", "Microsoft.Web/sites/config"),
        "microsoft.web/sites/slots": _site("azure.web.slot", "Microsoft.Web/sites/slots/config"),
    }
)
