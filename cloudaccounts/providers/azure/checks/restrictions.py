"""App Service's own restrictions of access, as rules of reach.

Lower numbers come first, and the first rule that matches decides; behind them stands a default action. Without any
rule and without a default action everybody gets through:
https://learn.microsoft.com/azure/app-service/overview-access-restrictions
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.posture import known, mappings, text
from cloudaccounts.provider_kit.reach.addresses import EVERYBODY, NOBODY, UNKNOWN, Addresses, Reach, network, union
from cloudaccounts.provider_kit.reach.rules import ANY_PORT, Rule, reach
from cloudaccounts.provider_kit.reach.traffic import TCP, protocol

_LAST = 2_147_483_648  # behind every rule: their own numbers end before
_TCP = protocol("tcp", everything="*")


def reach_of(asset: Asset, name: str, *, shared: bool) -> Reach:
    """Of the deployment site, by the rules at ``config.NAME``; the app's own where they are ``shared``."""
    known(asset, f"config.{name}")  # without any restriction it is a list that is empty, or allows all
    rows = mappings(asset, f"config.{name}")
    rules = [_rule(row) for row in rows]
    action = text(asset, "config.default_action" if shared else "config.deployment_default_action").lower()
    # Without the setting, any rule that allows makes everything else denied; and no rule at all denies nothing.
    allows = {"allow": True, "deny": False}.get(action) if action else not any(rule.allows for rule in rules)
    rules.append(Rule("default", allows, EVERYBODY, _TCP, ANY_PORT, _LAST))
    return reach(rules, TCP, 443, deny_wins=False).reach


def _rule(row: Mapping[str, Any]) -> Rule:
    priority, action = row.get("priority"), str(row.get("action") or "").lower()
    return Rule(
        name=str(row.get("name") or ""),
        allows={"allow": True, "deny": False}.get(action),
        sources=_sources(row),
        protocols=_TCP,
        ports=ANY_PORT,
        priority=priority if isinstance(priority, int) and not isinstance(priority, bool) else None,
        # Headers narrow it further, to what cannot be told apart here.
        doubtful=row.get("narrowed") is not False,
    )


def _sources(row: Mapping[str, Any]) -> Addresses:
    address, subnet, tag = row.get("address"), row.get("subnet"), str(row.get("tag") or "Default").lower()
    if subnet:
        return NOBODY  # a network of one's own
    if tag != "default":
        return UNKNOWN  # a service tag, or a front door: addresses that Azure keeps
    if not isinstance(address, str) or not address:
        return UNKNOWN
    if address.lower() == "any":
        return EVERYBODY
    return union(network(part.strip()) for part in address.split(","))
