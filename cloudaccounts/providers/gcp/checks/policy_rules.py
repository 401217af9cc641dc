"""Rules of firewall policies as rules of reach: in their order, and with what earlier rules take out of later ones.

https://cloud.google.com/firewall/docs/firewall-policies-rule-eval-order and, for the fields,
https://cloud.google.com/compute/docs/reference/rest/v1/networkFirewallPolicies. Of the rules of a policy that match a
packet, the one with the lowest priority number decides: it lets it in, keeps it out, or leaves it to the next policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cloudaccounts.provider_kit.reach.addresses import EVERYBODY, NOBODY, UNKNOWN, Addresses, Reach, networks
from cloudaccounts.provider_kit.reach.rules import ANYWHERE, Destinations, Rule
from cloudaccounts.provider_kit.reach.spans import UNCLEAR, PartialSet, union_of_partial
from cloudaccounts.provider_kit.reach.traffic import ALL_PORTS, ports, protocol

# Before all VPC firewall rules, whose priorities are from 0 on; after them where the network says so.
_FIRST = -1_000_000
_LAST = 1_000_000
_ADDRESSES = "srcIpRanges"
# Sets of addresses whose content is not known here.
_BY_NAME = ("srcAddressGroups", "srcFqdns", "srcRegionCodes", "srcThreatIntelligences")
_INSIDE = ("srcSecureTags", "srcNetworks")  # machines and networks of Google Cloud: never the internet
_NARROWING = ("destAddressGroups", "destFqdns", "destRegionCodes", "destThreatIntelligences", "destNetworkType",
              "destNetworkContext")  # fmt: skip
_NOT_THE_INTERNET = ("NON_INTERNET", "INTRA_VPC", "VPC_NETWORKS")
_KNOWN = frozenset(
    {
        _ADDRESSES,
        *_BY_NAME,
        *_INSIDE,
        *_NARROWING,
        "layer4Configs",
        "destIpRanges",
        "srcNetworkType",
        "srcNetworkContext",
    }
)
Target = tuple[str, str]  # a field of a VPC rule's targets and a name in it; empty for any machine


def policy_denials(policies: Sequence[Mapping[str, Any]], target: Target) -> list[Rule]:
    """Of policies that come before a VPC rule: what they keep out of a machine that has this tag or account."""
    return [rule for rule, _, allows in _ordered(policies, target) if allows is False]


def allowed_by_policies(
    policies: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[str, list[Rule], list[Rule], bool]]:
    """For each rule that lets packets in, or may: its policy's name, itself, what denies before it in policies, and
    whether VPC rules come before it as well.
    """
    earlier: list[Rule] = []
    for rule, policy, allows in _ordered(policies, ("", "")):
        if allows is False:
            earlier.append(rule)
        else:
            yield str(policy.get("name") or "a policy"), [rule], list(earlier), policy.get("before") is False


def _ordered(
    policies: Sequence[Mapping[str, Any]], target: Target
) -> Iterator[tuple[Rule, Mapping[str, Any], bool | None]]:
    """All rules in the order in which they count. A denial that earlier rules may take packets from is doubtful."""
    # Kept over all policies, since an allow ends the evaluation of the packet wherever it stands.
    shields: list[Rule] = []  # what was let in: no later rule sees it
    unordered = _is_unordered(policies)
    count = 0
    for policy in policies:
        # Of this policy alone: goto_next leaves the packet to the next one.
        passed_on: list[Rule] = []  # what is left to the next policy
        listed = policy.get("rules")
        for item in listed if isinstance(listed, list) else [{"action": "unknown"}]:
            holder = item if isinstance(item, Mapping) else {}
            # For the proxies of load balancers within the network, which nobody outside reaches.
            if holder.get("targetType") == "INTERNAL_MANAGED_LB":
                continue
            action = holder.get("action")
            allows = {"allow": True, "deny": False}.get(str(action))
            for rule in _rules(holder, policy, allows, count):
                count += 1
                if allows is False:
                    if _applies(holder, target):
                        shielded = any(_overlap(rule, other) for other in (*shields, *passed_on))
                        yield replace(rule, doubtful=rule.doubtful or shielded or unordered), policy, False
                elif action == "goto_next":
                    passed_on.append(rule)
                else:
                    shields.append(rule)
                    yield rule, policy, allows


def _is_unordered(policies: Sequence[Mapping[str, Any]]) -> bool:
    """Of several hierarchical policies the answer does not say which is the higher one."""
    hierarchical = [policy for policy in policies if policy.get("type") == "HIERARCHY"]
    actions = {
        str(rule.get("action"))
        for policy in hierarchical
        for rule in policy.get("rules") or ()
        if isinstance(rule, Mapping)
    }
    return len(hierarchical) > 1 and bool(actions - {"deny", "goto_next"})


def _applies(holder: Mapping[str, Any], target: Target) -> bool:
    """Whether a rule that denies does so for a machine with just this tag or account."""
    if holder.get("targetSecureTags"):
        return False
    accounts = holder.get("targetServiceAccounts")
    return not accounts or (target[0] == "targetServiceAccounts" and target[1] in accounts)


def _rules(holder: Mapping[str, Any], policy: Mapping[str, Any], allows: bool | None, count: int) -> Iterator[Rule]:
    """One for each protocol that it names."""
    match = holder.get("match")
    given = match if isinstance(match, Mapping) else {}
    traffic = given.get("layer4Configs")
    odd = not isinstance(match, Mapping) or bool(set(given) - _KNOWN) or any(given.get(name) for name in _NARROWING)
    # A kind of target that is new, or networks of which it is not known whether this one is among them.
    odd = odd or holder.get("targetType") not in (None, "INSTANCES") or bool(holder.get("targetResources"))
    # Counted through all policies: their order is what decides, and numbers of different policies cannot be compared.
    number = (_LAST if policy.get("before") is False else _FIRST) + count
    for item in traffic if isinstance(traffic, list) and traffic else [{"ipProtocol": "all"}]:
        named = item if isinstance(item, Mapping) else {}
        ranges = given.get("destIpRanges")
        yield Rule(
            name=str(policy.get("name") or ""),
            allows=allows,
            priority=number,
            sources=_sources(given) if isinstance(match, Mapping) else UNKNOWN,
            destinations=Destinations(networks(ranges)) if ranges else ANYWHERE,
            protocols=protocol(named.get("ipProtocol"), everything="all"),
            ports=_ports(named.get("ports", [])),
            doubtful=odd,
        )


def _sources(match: Mapping[str, Any]) -> Addresses:
    kinds = {match.get("srcNetworkType"), match.get("srcNetworkContext")} - {None, "UNSPECIFIED"}
    if kinds & {*_NOT_THE_INTERNET}:
        return NOBODY
    # A kind of network that is new may hold the internet or not.
    if kinds - {"INTERNET"}:
        return UNKNOWN
    ranges, by_name = match.get(_ADDRESSES), any(match.get(name) for name in _BY_NAME)
    if ranges or by_name:
        return networks(ranges or []) | (UNKNOWN if by_name else NOBODY)
    return NOBODY if any(match.get(name) for name in _INSIDE) else EVERYBODY


def _ports(values: Any) -> PartialSet:
    """Without ports, it is all of them."""
    if not isinstance(values, list):
        return UNCLEAR
    return union_of_partial(map(ports, values)) if values else PartialSet(ALL_PORTS)


def _overlap(first: Rule, second: Rule) -> bool:
    """Whether the second may have taken packets from the internet that the first would match."""
    protocols = _meet(first.protocols, second.protocols)
    return protocols and _meet(first.ports, second.ports) and second.sources.reach != Reach.CLOSED


def _meet(first: PartialSet, second: PartialSet) -> bool:
    return first.unclear or second.unclear or bool(first.sure & second.sure)
