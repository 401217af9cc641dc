"""Networks, their groups of security rules, gateways, firewalls for web applications, and logs of flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from cloudaccounts.provider_kit.normalization import ordered
from cloudaccounts.providers.azure.inventory import extract
from cloudaccounts.providers.azure.inventory.common import at
from cloudaccounts.providers.azure.inventory.detail import Child, Detail

_POLICIES = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"


def subnets(answer: Mapping[str, Any]) -> list[Any] | None:
    """None where they were not told: of a network without any, Azure tells an empty list."""
    listed = at(answer, "properties.subnets")
    if listed is None:
        return None
    return ordered(
        {
            "name": subnet.get("name"),
            "prefix": at(subnet, "properties.addressPrefix"),
            # One of which nothing was told may have a group: then it is not known of any.
            "network_security_group": (at(subnet["properties"], "networkSecurityGroup.id") or "").lower() or None,
        }
        for subnet in listed
    )


def vpn_clients(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    """None where the gateway takes no connections of single machines. Secrets of Radius servers are left out."""
    clients = at(answer, "properties.vpnClientConfiguration")
    if clients is None:
        return None
    return {
        "authentication": ordered(clients.get("vpnAuthenticationTypes"))
        if "vpnAuthenticationTypes" in clients
        else None,
        "certificates": len(clients.get("vpnClientRootCertificates") or ()),
        "radius": bool(clients.get("radiusServerAddress") or clients.get("radiusServers")),
        "entra": bool(clients.get("aadTenant")),
    }


def rule_sets(answer: Mapping[str, Any]) -> list[Any]:
    """``overridden``: of single rules by their group, and the states and actions that they were given."""
    return ordered(
        {
            "type": rule_set.get("ruleSetType"),
            "version": rule_set.get("ruleSetVersion"),
            "overridden": ordered(
                # "Defaults to Disabled if not specified", as the type's specification says.
                {
                    "group": group.get("ruleGroupName"),
                    "rule": rule.get("ruleId"),
                    "state": rule.get("state", "Disabled"),
                    "action": rule.get("action"),  # left out: the rule set's own
                }
                for group in rule_set.get("ruleGroupOverrides") or ()
                for rule in group.get("rules") or ()
            ),
        }
        for rule_set in at(answer, "properties.managedRules.managedRuleSets") or ()
    )


def gateway_policies(answer: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The firewall policies that a gateway names: its own, and those of listeners and paths, which count before it.

    https://learn.microsoft.com/azure/web-application-firewall/ag/policy-overview
    """
    listeners = at(answer, "properties.httpListeners") or ()
    paths = [
        rule for paths in at(answer, "properties.urlPathMaps") or () for rule in at(paths, "properties.pathRules") or ()
    ]
    named = [at(holder, "properties.firewallPolicy.id") for holder in (answer, *listeners, *paths)]
    # Each once: Azure's own case varies.
    once = {str(name).lower(): str(name) for name in named if name}
    return tuple(once[name] for name in sorted(once)) or None


def policies(answers: Sequence[Any]) -> list[Any]:
    return ordered(
        {"name": answer.get("name"), "state": at(answer, "properties.policySettings.state")} for answer in answers
    )


DETAILS: Mapping[str, Detail] = MappingProxyType(
    {
        "microsoft.network/networksecuritygroups": Detail(
            "azure.network.network_security_group",
            {
                "rules": extract.rules,
                "subnets": extract.arm_ids("properties.subnets"),
                "network_interfaces": extract.arm_ids("properties.networkInterfaces"),
            },
        ),
        "microsoft.network/publicipaddresses": Detail(
            "azure.network.public_ip_address",
            {
                "ip_address": "properties.ipAddress",
                "allocation": "properties.publicIPAllocationMethod",
                "attached_to": extract.arm_id("properties.ipConfiguration.id"),
            },
        ),
        "microsoft.network/virtualnetworks": Detail(
            "azure.network.virtual_network",
            {
                "address_prefixes": extract.sorted_list("properties.addressSpace.addressPrefixes"),
                "ddos_protection": "properties.enableDdosProtection",
                "subnets": subnets,
            },
        ),
        "microsoft.network/virtualnetworkgateways": Detail(
            "azure.network.virtual_network_gateway",
            {"gateway_type": "properties.gatewayType", "vpn_clients": vpn_clients},
        ),
        "microsoft.network/applicationgateways": Detail(
            "azure.network.application_gateway",
            {
                "tier": "properties.sku.tier",
                "firewall_policy": extract.arm_id("properties.firewallPolicy.id"),
                "firewall_enabled": "properties.webApplicationFirewallConfiguration.enabled",
                "http2": "properties.enableHttp2",
                "ssl_policy_name": "properties.sslPolicy.policyName",
                "ssl_minimum": "properties.sslPolicy.minProtocolVersion",
                # Beside the chosen one: a gateway without a choice has the default of the time when it was made, and
                # says which.
                "ssl_default_policy": "properties.defaultPredefinedSslPolicy",
            },
            children=(Child("firewall_policies", gateway_policies, _POLICIES, policies, single=True),),
        ),
        "microsoft.network/applicationgatewaywebapplicationfirewallpolicies": Detail(
            "azure.network.web_application_firewall_policy",
            {
                "state": "properties.policySettings.state",
                "mode": "properties.policySettings.mode",
                "request_body_check": "properties.policySettings.requestBodyCheck",
                "rule_sets": rule_sets,
                "gateways": extract.arm_ids("properties.applicationGateways"),
            },
        ),
        # Of Azure Front Door, Standard and Premium as well as classic: they are resources of the network all the same.
        "microsoft.network/frontdoorwebapplicationfirewallpolicies": Detail(
            "azure.network.front_door_firewall_policy",
            {
                "state": "properties.policySettings.enabledState",
                "mode": "properties.policySettings.mode",
                "endpoints": extract.arm_ids("properties.frontendEndpointLinks"),
                "security_policies": extract.arm_ids("properties.securityPolicyLinks"),
            },
        ),
        "microsoft.network/networkwatchers/flowlogs": Detail(
            "azure.network.flow_log",
            {
                "enabled": "properties.enabled",
                "target": extract.arm_id("properties.targetResourceId"),
                "retention_enabled": "properties.retentionPolicy.enabled",
                "retention_days": "properties.retentionPolicy.days",
            },
        ),
    }
)
