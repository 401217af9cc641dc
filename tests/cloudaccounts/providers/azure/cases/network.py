"""Security groups, networks, gateways and logs of flows. How far rules reach is tried further in test_reach."""

from __future__ import annotations

from typing import Any

from tests.cloudaccounts.providers.azure.cases import Cases, Properties, flags, unread


def rule(port: str = "22", source: str = "*", **more: Any) -> dict[str, Any]:
    usual = {"direction": "Inbound", "access": "Allow", "protocol": "Tcp", "priority": 200}
    ends = {"sources": [source], "destinations": ["*"], "source_ports": ["*"], "ports": [port]}
    return {"name": "one", **ends, **usual, **more}


def rules(*several: dict[str, Any]) -> Properties:
    return {"rules": list(several)}


TAGGED = rules(rule("*", "AzureFrontDoor.Backend", protocol="*"))
ODD: tuple[Properties, ...] = (TAGGED, {"rules": [{**rule("*", protocol="*"), "ports": "odd"}]}, {"rules": "odd"})


def ports(open_port: str, protocol: str = "Tcp") -> Cases:
    return Cases(
        (
            rules(),
            rules(rule(open_port, "10.0.0.0/8", protocol=protocol), rule("65000", protocol=protocol, access="Deny")),
            rules(rule(open_port, protocol=protocol), rule("*", access="Deny", protocol="*", priority=100)),
        ),
        (
            rules(rule(open_port, "Internet", protocol=protocol)),
            rules(rule(open_port, "0.0.0.0/0", protocol=protocol), rule("9", access="Deny", priority=100)),
            rules(
                rule(open_port, "0.0.0.0/1", protocol=protocol),
                rule(open_port, "128.0.0.0/1", protocol=protocol, priority=201),
            ),
        ),
        (),
        ODD,
    )


def subnet(name: str, group: str | None = "/g") -> dict[str, Any]:
    return {"name": name, "prefix": "10.0.0.0/24", "network_security_group": group}


def flows(target: str, other: str) -> Cases:
    usual = {"target": f"/x{target}/one", "enabled": True, "retention_enabled": True}
    return Cases(
        (
            {**usual, "retention_days": 90},
            {**usual, "retention_days": 0},
            {**usual, "retention_days": 7, "retention_enabled": False},
        ),
        (
            {**usual, "retention_days": 89},
            {**usual, "retention_days": 1},
            {**usual, "retention_days": 365, "enabled": False},
        ),
        ({**usual, "target": f"/x{other}/one", "retention_days": 1},),
        (
            {**usual, "retention_days": None},
            {**usual, "retention_days": "long"},
            {**usual, "retention_days": 90, "enabled": None},
            {**usual, "retention_days": 7, "retention_enabled": None},
            {**usual, "retention_days": 7, "target": None},
        ),
    )


NSG, NETWORK = "/networksecuritygroups", "/virtualnetworks"


def vpn(**clients: Any) -> Properties:
    usual = {"authentication": None, "certificates": 0, "radius": False, "entra": False}
    return {"gateway_type": "Vpn", "vpn_clients": {**usual, **clients}}


def waf(**properties: Any) -> Properties:
    return {"state": "Enabled", "mode": "Prevention", **properties}


def bots(*overridden: tuple[str, ...]) -> Properties:
    """State and, where it was changed, action of one rule each, by its group."""
    rules = [
        {"group": group, "rule": f"Bot{number}", "state": state, "action": action[0] if action else None}
        for number, (group, state, *action) in enumerate(overridden)
    ]
    return waf(rule_sets=[{**BOTS, "overridden": rules}])


BOTS = {"type": "Microsoft_BotManagerRuleSet", "version": "1.1"}
CORE = {"type": "Microsoft_DefaultRuleSet", "version": "2.1"}
CASES = {
    "azure_nsg_ssh_open": ports("22"),
    "azure_nsg_rdp_open": ports("3389"),
    "azure_nsg_all_ports_open": ports("*", "*"),
    "azure_nsg_database_open": ports("5432"),
    "azure_nsg_udp_open": ports("53", "Udp"),
    "azure_nsg_http_open": ports("443"),
    "azure_subnet_without_nsg": Cases(
        (
            {"subnets": [subnet("default")]},
            {"subnets": [subnet("default"), subnet("GatewaySubnet", None)]},
            {"subnets": [subnet("one"), subnet("two"), subnet("AzureFirewallSubnet", None)]},
        ),
        (
            {"subnets": [subnet("default", None)]},
            {"subnets": [subnet("one"), subnet("two", None)]},
            {"subnets": [subnet("AzureBastionSubnet", None)]},
        ),
        ({"subnets": []}, {"subnets": [subnet("GatewaySubnet", None), subnet("RouteServerSubnet", None)]}),
        ({"subnets": None}, {"subnets": "odd"}, {}),
    ),
    "azure_network_ddos": flags("ddos_protection"),
    "azure_flow_log_retention_nsg": flows(NSG, NETWORK),
    "azure_flow_log_retention_network": flows(NETWORK, NSG),
    "azure_gateway_firewall": Cases(
        (
            {"tier": "WAF_v2", "firewall_policy": "/p", "firewall_policies": [{"name": "p", "state": "Enabled"}]},
            {"tier": "WAF", "firewall_enabled": True},
            {"tier": "waf_v2", "firewall_policy": None, "firewall_enabled": True},
        ),
        (
            {"tier": "Standard_v2", "firewall_policy": "/p"},
            {"tier": "Basic"},
            {"tier": "WAF", "firewall_policy": None, "firewall_enabled": False},
            {"tier": "WAF_v2", "firewall_policy": "/p", "firewall_policies": [{"name": "p", "state": "Disabled"}]},
            # A listener's own policy counts there, whatever the gateway's is.
            {
                "tier": "WAF_v2",
                "firewall_policy": "/p",
                "firewall_policies": [{"name": "p", "state": "Enabled"}, {"name": "of-a-site", "state": "disabled"}],
            },
            {
                "tier": "WAF_v2",
                "firewall_enabled": True,
                "firewall_policies": [{"name": "of-a-site", "state": "Disabled"}],
            },
        ),
        (),
        (
            {"tier": "WAF_v2", "firewall_policy": "/p"},
            {"tier": "WAF_v2", "firewall_policy": "/p", "firewall_policies": [{"name": "p", "state": None}]},
            {"tier": "WAF_v2", "firewall_policy": "/p", "firewall_policies": [{"name": "p", "state": "Paused"}]},
            {"tier": "WAF_v2", "firewall_policy": "/p", **unread("firewall_policies")},
            {"tier": "WAF_v9"},
            {"tier": None},
            {"tier": "WAF_v2", "firewall_enabled": None},
            {},
        ),
    ),
    "azure_gateway_minimum_tls": Cases(
        (
            {"ssl_default_policy": "AppGwSslPolicy20220101"},
            {"ssl_policy_name": "AppGwSslPolicy20170401S", "ssl_default_policy": "AppGwSslPolicy20150501"},
            {"ssl_minimum": "TLSv1_3", "ssl_policy_name": None},
        ),
        (
            {"ssl_default_policy": "AppGwSslPolicy20150501"},
            {"ssl_policy_name": "AppGwSslPolicy20170401", "ssl_default_policy": "AppGwSslPolicy20220101"},
            {"ssl_minimum": "TLSv1_1"},
        ),
        (),
        ({"ssl_policy_name": "AppGwSslPolicy20990101"}, {"ssl_minimum": "TLSv2"}, {"ssl_default_policy": None}, {}),
    ),
    "azure_gateway_http2": flags("http2"),
    "azure_waf_request_body": Cases(
        tuple({"state": "Enabled", "request_body_check": True, "x": number} for number in range(3)),
        (
            {"state": "Enabled", "request_body_check": False},
            {"state": "Disabled", "request_body_check": True},
            {"state": "disabled", "request_body_check": None},
        ),
        (),
        (
            {"state": "Enabled", "request_body_check": None},
            {"state": None, "request_body_check": True},
            {"state": "Dreaming", "request_body_check": True},
            {},
        ),
    ),
    "azure_waf_bot_protection": Cases(
        (
            waf(rule_sets=[BOTS]),
            waf(rule_sets=[CORE, BOTS]),
            waf(rule_sets=[{**BOTS, "version": "0.1"}], mode="prevention"),
            bots(("GoodBots", "Disabled"), ("BadBots", "Enabled")),
            bots(("BadBots", "Enabled", "Block"), ("GoodBots", "Enabled", "Log")),
            bots(("BadBots", "Enabled", "JSChallenge")),
        ),
        (
            waf(rule_sets=[]),
            waf(rule_sets=[CORE]),
            waf(rule_sets=[BOTS], state="Disabled"),
            waf(rule_sets=[BOTS], mode="Detection"),
            waf(rule_sets=[BOTS], mode="detection"),
            waf(rule_sets=[BOTS], state="Disabled", mode=None),
            bots(("BadBots", "Disabled")),
            bots(("badbots", "Dreaming"), ("BadBots", "Disabled")),
            bots(("BadBots", "Enabled", "Log")),
            bots(("BadBots", "Enabled", "allow")),
        ),
        (),
        (
            waf(rule_sets=None),
            waf(rule_sets=[BOTS], state="Dreaming"),
            waf(rule_sets=[BOTS], mode="Dreaming"),
            waf(rule_sets=[BOTS], mode=None),
            bots(("BadBots", "Dreaming")),
            bots(("BadBots", "Enabled", "Greet")),
            {},
        ),
    ),
    "azure_waf_detection_only": Cases(
        (waf(), waf(mode="prevention"), waf(state="enabled")),
        (waf(mode="Detection"), waf(state="Disabled"), waf(state="Disabled", mode=None)),
        (),
        (waf(mode=None), waf(mode="Dreaming"), waf(state=None), waf(state="Dreaming"), {}),
    ),
    "azure_front_door_waf_detection_only": Cases(
        (waf(), waf(mode="prevention"), waf(state="enabled")),
        (waf(mode="Detection"), waf(state="Disabled"), waf(state="disabled", mode=None)),
        (),
        (waf(mode=None), waf(mode="Dreaming"), waf(state=None), waf(state="Dreaming"), {}),
    ),
    "azure_vpn_authentication": Cases(
        (vpn(authentication=["AAD"]), vpn(authentication=["aad"], certificates=0), vpn(entra=True)),
        (
            vpn(authentication=["Certificate"]),
            vpn(authentication=["AAD", "Radius"]),
            vpn(certificates=2, entra=True),
        ),
        (
            {"gateway_type": "Vpn", "vpn_clients": None},
            {"gateway_type": "ExpressRoute", "vpn_clients": None},
        ),
        (vpn(), vpn(authentication=["Telepathy"]), {"gateway_type": "Wormhole"}, {"gateway_type": None}),
    ),
}
