"""Application gateways with their firewalls, and gateways that single machines connect to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    abridge,
    expect,
    failed,
    flag,
    known,
    list_of_texts,
    mapping,
    mappings,
    not_applicable,
    passed,
    posture_check,
    text,
    unknown,
    value,
)
from cloudaccounts.providers.azure.checks.references import cite
from cloudaccounts.providers.azure.checks.values import facts, is_one_of, new_value, of_tls

_GATEWAY = "azure.network.application_gateway"
_POLICY = "azure.network.web_application_firewall_policy"
_SSL_POLICIES = facts("application_gateway_policies")


@posture_check(
    "azure_gateway_firewall",
    "Application gateway without a firewall",
    Severity.MEDIUM,
    "network",
    _GATEWAY,
    why="The gateway reads each request already. With the firewall it refuses those that are known attacks on web "
    "applications.",
    console="Open the application gateway, Web application firewall, choose the tier WAF V2 and a policy.",
    command="az network application-gateway update --resource-group <group> --name <gateway> --sku WAF_v2 "
    "--waf-policy <policy-id>",
    references=cite("web-application-firewall/ag/ag-overview"),
)
def firewall(asset: Asset) -> Evaluation:
    if not is_one_of(asset, "tier", good=("WAF_v2", "WAF"), bad=("Standard", "Standard_v2", "Basic")):
        return failed(f"Its tier {text(asset, 'tier')} has no firewall.")
    # Those of listeners and paths count there in place of the gateway's own, so one that is off is a way past it.
    policies = mappings(asset, "firewall_policies")
    if off := [str(policy.get("name")) for policy in policies if str(policy.get("state")).lower() == "disabled"]:
        return failed(f"It has a firewall whose policy is disabled: {abridge(off)}.")
    if value(asset, "firewall_policy"):
        known(asset, "firewall_policies")
        if odd := [policy for policy in policies if str(policy.get("state")).lower() != "enabled"]:
            raise new_value("firewall_policies.state", str(odd[0].get("state")))
        return passed("It has a firewall with a policy.")
    return expect(flag(asset, "firewall_enabled", default=None), "Its firewall is off.", "Its firewall is on.")


@posture_check(
    "azure_gateway_minimum_tls",
    "Application gateway accepts old TLS",
    Severity.MEDIUM,
    "network",
    _GATEWAY,
    why="TLS 1.0 and 1.1 have known weaknesses; clients that still use them can be listened to.",
    console="Open the application gateway, Listeners, change the SSL policy to one of 2022.",
    command="az network application-gateway ssl-policy set --resource-group <group> --gateway-name <gateway> "
    "--policy-type Predefined --name AppGwSslPolicy20220101",
    references=cite("application-gateway/application-gateway-ssl-policy-overview"),
)
def minimum_tls(asset: Asset) -> Evaluation:
    minimum = text(asset, "ssl_minimum")
    if not minimum:
        # Where none is chosen, the gateway has the default of the time when it was made, and says which.
        name = text(asset, "ssl_policy_name") or str(known(asset, "ssl_default_policy"))
        minimum = _SSL_POLICIES.detail(name, "minimum")
        if minimum is None:
            raise new_value("ssl_policy_name", name)
    return of_tls(minimum, "ssl_minimum")


@posture_check(
    "azure_gateway_http2",
    "Application gateway without HTTP/2",
    Severity.LOW,
    "network",
    _GATEWAY,
    why="HTTP/2 wants TLS of today and leaves out what made requests ambiguous, besides being quicker.",
    console="Open the application gateway, Configuration, set HTTP2 to Enabled.",
    command="az network application-gateway update --resource-group <group> --name <gateway> --http2 Enabled",
    references=cite("application-gateway/configuration-listeners#http2-support"),
    expected={"http2": True},
)
def http2(asset: Asset) -> Evaluation:
    return expect(flag(asset, "http2", default=None), "HTTP/2 is off.", "HTTP/2 is on.")


@posture_check(
    "azure_waf_request_body",
    "Web application firewall does not look into requests' bodies",
    Severity.MEDIUM,
    "network",
    _POLICY,
    why="What is sent to a form or an API stands in the body: attacks in it pass a firewall that does not read it.",
    console="Open the WAF policy, Policy settings, enable Enforce request body inspection.",
    command="az network application-gateway waf-policy policy-setting update --resource-group <group> "
    "--policy-name <policy> --request-body-check true",
    references=cite("web-application-firewall/ag/application-gateway-waf-request-size-limits"),
    expected={"request_body_check": True},
)
def request_body(asset: Asset) -> Evaluation:
    # Rules of a policy that is disabled stop nothing, whatever they are.
    if not _is_on(asset):
        return failed("The policy is disabled.")
    # Also in detection mode bodies are looked at: that nothing is stopped then is `azure_waf_detection_only`'s matter.
    on = flag(asset, "request_body_check", default=None)
    return expect(on, "Bodies are not looked at.", "Bodies are looked at.")


@posture_check(
    "azure_waf_bot_protection",
    "Web application firewall lets known bots through",
    Severity.LOW,
    "network",
    _POLICY,
    why="Lists of addresses that are known for bad bots keep out much of what tries passwords and looks for flaws.",
    console="Open the WAF policy, Managed rules, Assign, choose the newest Microsoft_BotManagerRuleSet.",
    command="az network application-gateway waf-policy managed-rule rule-set add --resource-group <group> "
    "--policy-name <policy> --type Microsoft_BotManagerRuleSet --version 1.1",
    references=cite("web-application-firewall/ag/bot-protection-overview"),
)
def bot_protection(asset: Asset) -> Evaluation:
    if not _is_on(asset):
        return failed("The policy is disabled.")
    if not _prevents(asset):
        return failed("The policy records what bots do, and stops none: it is in detection mode.")
    known(asset, "rule_sets")
    about_bots = [row for row in mappings(asset, "rule_sets") if str(row.get("type")).lower() == _BOTS]
    if not about_bots:
        return failed("It has no rules about bots.")
    # Single rules may be switched off: of the groups, that of malicious bots is what the set is for.
    # https://learn.microsoft.com/azure/web-application-firewall/ag/bot-protection-overview
    overridden = [rule for row in about_bots for rule in _overridden(row)]
    given = {
        str(rule.get("rule")): (str(rule.get("state")).lower(), str(rule.get("action") or "").lower())
        for rule in overridden
        if str(rule.get("group")).lower() == "badbots"
    }
    off = [rule for rule, (state, action) in given.items() if state == "disabled" or action in _LETS_THROUGH]
    if not off and any(state != "enabled" or action not in _STOPS for state, action in given.values()):
        return unknown("A rule about malicious bots has a state or an action that is not known here.")
    return expect(
        not off, f"Rules about malicious bots are off, or let them through: {abridge(off)}.", "It has rules about bots."
    )


_BOTS = "microsoft_botmanagerruleset"
# Actions that a rule may be given in place of its own, which is to block:
# https://learn.microsoft.com/rest/api/application-gateway/web-application-firewall-policies/get#actiontype
_LETS_THROUGH = ("allow", "log")
_STOPS = ("", "block", "anomalyscoring", "jschallenge", "captcha")


def _overridden(rule_set: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Left out of what was stored before it was read."""
    rules = rule_set.get("overridden") or []
    if not isinstance(rules, list) or not all(isinstance(rule, Mapping) for rule in rules):
        raise UnknownFactError("Which of its rules are switched off has a form that is not known here.")
    return rules


def _is_on(asset: Asset) -> bool:
    return is_one_of(asset, "state", good=("Enabled",), bad=("Disabled",))


def _prevents(asset: Asset) -> bool:
    """In detection mode a policy lets through what its rules match, whatever their actions are, and records it.

    https://learn.microsoft.com/azure/web-application-firewall/ag/ag-overview#waf-modes
    """
    return is_one_of(asset, "mode", good=("Prevention",), bad=("Detection",))


def _stops_attacks(asset: Asset) -> Evaluation:
    if not _is_on(asset):
        return failed("The policy is disabled.")
    return expect(
        _prevents(asset), "It is in detection mode: it only records attacks.", "It stops what its rules match."
    )


detection_only = posture_check(
    "azure_waf_detection_only",
    "Web application firewall stops no attacks",
    Severity.MEDIUM,
    "network",
    _POLICY,
    why="A new policy begins in detection mode, so that its false alarms can be looked at. Left there, or disabled, it "
    "lets each attack through that it knows.",
    console="Open the WAF policy, Overview, Switch to prevention mode, once its log shows no false alarms.",
    command="az network application-gateway waf-policy policy-setting update --resource-group <group> "
    "--policy-name <policy> --mode Prevention --state Enabled",
    references=cite("web-application-firewall/ag/ag-overview#waf-modes"),
    expected={"mode": "Prevention", "state": "Enabled"},
)(_stops_attacks)


front_door_detection_only = posture_check(
    "azure_front_door_waf_detection_only",
    "Front Door's firewall stops no attacks",
    Severity.MEDIUM,
    "network",
    "azure.network.front_door_firewall_policy",
    why="What is served through Front Door is served to the whole internet. In detection mode, or disabled, its "
    "firewall lets each attack through that it knows.",
    console="Open the Front Door WAF policy, Overview, Switch to prevention mode, once its log shows no false alarms.",
    command="az network front-door waf-policy update --resource-group <group> --name <policy> --mode Prevention "
    "--disabled false",
    references=cite("web-application-firewall/afds/waf-front-door-policy-settings"),
    expected={"mode": "Prevention", "state": "Enabled"},
)(_stops_attacks)


@posture_check(
    "azure_vpn_authentication",
    "VPN gateway lets machines in by something else than Microsoft Entra ID",
    Severity.MEDIUM,
    "network",
    "azure.network.virtual_network_gateway",
    why="A certificate on a laptop is no second factor, and nobody takes it back with the job. Microsoft Entra ID asks "
    "who it is, each time, by your rules.",
    console="Open the virtual network gateway, Point-to-site configuration, set Authentication type to Azure Active "
    "Directory alone.",
    command="az network vnet-gateway update --resource-group <group> --name <gateway> --vpn-auth-type AAD "
    "--aad-tenant <tenant-url> --aad-audience <audience> --aad-issuer <issuer>",
    references=cite("vpn-gateway/point-to-site-entra-gateway"),
    expected={"vpn_clients.authentication": ["AAD"]},
)
def vpn_authentication(asset: Asset) -> Evaluation:
    if not is_one_of(asset, "gateway_type", good=("Vpn",), bad=("ExpressRoute", "LocalGateway")):
        return not_applicable("This gateway is none for VPN.")
    if value(asset, "vpn_clients") is None:
        return not_applicable("It takes no connections of single machines.")
    clients = mapping(asset, "vpn_clients")
    types = {kind.lower() for kind in list_of_texts(clients.get("authentication"), "vpn_clients.authentication")}
    if not types:
        # Gateways of before there was a choice tell only what they are set up with.
        types = {kind for kind in ("certificates", "radius") if clients.get(kind)} or (
            {"aad"} if clients.get("entra") is True else set()
        )
    others = types - {"aad"}
    # A way to sign in that is new may be as good as Entra ID, or not.
    if not types or others - {"certificate", "certificates", "radius"}:
        return unknown("How machines prove who they are has a form that is not known here.")
    return expect(
        not others, f"Accepted as well: {', '.join(sorted(others))}.", "Machines sign in with Microsoft Entra ID."
    )


CHECKS = (
    firewall,
    minimum_tls,
    http2,
    request_body,
    bot_protection,
    detection_only,
    front_door_detection_only,
    vpn_authentication,
)
