"""What stands before a firewall rule that allows: rules judge one asset at a time, so the fact stands on the asset.

https://cloud.google.com/firewall/docs/firewalls: of the rules of a network that match, the one with the lowest priority
number decides; of two with one priority, the one that denies. Policies of the organization and of folders come before
all of them (see `firewall_policies`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.gcp.inventory import firewall_policies
from cloudaccounts.providers.gcp.inventory.firewall_policies import POLICIES, Effective, Policy, is_before
from cloudaccounts.providers.gcp.inventory.relations import with_facts, without_facts

FIREWALL = "gcp.compute.firewall"
DENIES = "earlier_denies"
BEFORE = "policies_before"
CLASSIC = "classic_denies"
# Of a rule that denies: all that decides which packets it matches, as the API names it.
_KEPT = (
    *("name", "priority", "denied", "sourceRanges", "sourceTags", "sourceServiceAccounts"),
    *("destinationRanges", "targetTags", "targetServiceAccounts"),
)


class Networks:
    """The networks of a listing, with the policies that apply to each."""

    def __init__(self, networks: Sequence[Asset], regional: Sequence[Asset], effective: Effective, unread: str) -> None:
        self._orders = {_path(network.native_id): _order(network) for network in networks}
        self._regional = [firewall_policies.regional(policy) for policy in regional]
        self._effective = effective
        self._unread = unread

    def before(self, rule: Asset) -> tuple[list[Policy], str]:
        """The policies that come before a rule of VPC, or the code of the error that hides them."""
        network = _network(rule)
        answer = self._effective.of(network.rpartition("/")[2])
        order = self._orders.get(network, "")
        # Of a network that was not listed it is not known which policies come first.
        code = answer.code or self._unread or ("" if order else "network_unknown")
        return [policy for policy in self._all(network, answer.policies) if is_before(policy, order)], code

    def completed(self, network: Asset, rules: Sequence[Asset]) -> Asset:
        """The network with all policies in their order, and the VPC rules that deny."""
        path = _path(network.native_id)
        answer = self._effective.of(network.name)
        if code := answer.code or self._unread:
            return without_facts(network, (POLICIES, CLASSIC), code)
        policies, order = self._all(path, answer.policies), self._orders[path]
        first = [policy for policy in policies if is_before(policy, order)]
        denying = [rule for rule in rules if _is_at_work(rule) and rule.properties.get("denied")]
        return with_facts(
            network,
            {
                POLICIES: [{**policy, "before": True} for policy in first]
                + [{**policy, "before": False} for policy in policies if policy not in first],
                CLASSIC: _sorted(_kept(rule) for rule in denying if _network(rule) == path),
            },
        )

    def _all(self, network: str, policies: Sequence[Policy]) -> list[Policy]:
        own = [policy for targets, policy in self._regional if network in map(_path, targets)]
        order = {"HIERARCHY": 0, "SYSTEM": 1, "NETWORK": 2, "REGIONAL": 3}
        # A type that is new comes first, since what it decides is not known here.
        return sorted([*policies, *own], key=lambda policy: order.get(policy["type"], -1))


def _order(network: Asset) -> str:
    """The default: https://cloud.google.com/compute/docs/reference/rest/v1/networks"""
    return str(network.properties.get("networkFirewallPolicyEnforcementOrder") or "AFTER_CLASSIC_FIREWALL")


def related(rules: Sequence[Asset], networks: Networks | None = None, *, unread: str = "") -> Iterator[Asset]:
    """The rules, and on each that allows what comes in those that deny before it, and the policies before it.

    ``unread`` is the code of the error that ended their list: then others may be missing from it.
    """
    denying = [rule for rule in rules if _is_at_work(rule) and rule.properties.get("denied")]
    for rule in rules:
        if not _is_at_work(rule) or not rule.properties.get("allowed"):
            yield rule
        # A denial that was not listed may close this rule, so neither verdict is certain.
        elif unread:
            yield without_facts(rule, (DENIES, BEFORE), unread)
        else:
            same_network = [denial for denial in denying if _network(denial) == _network(rule)]
            before = [_kept(denial) for denial in same_network if _may_precede(denial, rule)]
            yield _with_policies(with_facts(rule, {DENIES: _sorted(before)}), networks)


def _with_policies(rule: Asset, networks: Networks | None) -> Asset:
    if networks is None:
        return rule
    policies, code = networks.before(rule)
    return without_facts(rule, (BEFORE,), code) if code else with_facts(rule, {BEFORE: policies})


def _sorted(denials: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(denials, key=lambda denial: str(denial.get("name")))


def _is_at_work(rule: Asset) -> bool:
    return rule.properties.get("direction") != "EGRESS" and rule.properties.get("disabled") is not True


def _network(rule: Asset) -> str:
    return _path(str(rule.properties.get("network")))


def _path(name: str) -> str:
    """``projects/…``: the host before it is written in more than one way."""
    return "projects/" + name.rpartition("projects/")[2]


def _may_precede(denying: Asset, rule: Asset) -> bool:
    first, then = denying.properties.get("priority"), rule.properties.get("priority")
    # What cannot be compared may precede; the rule then finds it unclear instead of open.
    return not isinstance(first, int) or not isinstance(then, int) or first <= then


def _kept(rule: Asset) -> dict[str, Any]:
    return {name: rule.properties[name] for name in _KEPT if name in rule.properties}
