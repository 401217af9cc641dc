"""Firewall policies that apply to a network: which of them come before its VPC firewall rules, and with which rules.

The order, https://cloud.google.com/firewall/docs/firewall-policies-rule-eval-order: hierarchical policies, those that
Google keeps for its services, then by the network's choice VPC firewall rules and after them global and regional
network policies (the default), or these before them. No Django.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.api_core import exceptions as api

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.reach.addresses import Reach, networks
from cloudaccounts.providers.gcp.errors import SDK_ERRORS, explain
from cloudaccounts.providers.gcp.inventory.relations import SHAPE_ERRORS, UNEXPECTED

REGIONAL = "gcp.compute.region_network_firewall_policy"
POLICIES = "firewall_policies"
_FIRST = ("HIERARCHY", "SYSTEM")
_KEPT = (
    *("priority", "action", "match", "targetServiceAccounts", "targetSecureTags", "targetType", "ruleName"),
    "targetResources",  # of a rule of which it is not known whether it is for the network
)

Policy = dict[str, Any]  # name, type, rules as the API has them


@dataclass(frozen=True, slots=True)
class Answer:
    """``code`` is that of the error where the policies could not be read."""

    policies: Sequence[Policy] = ()
    code: str = ""

    def is_as_stored(self, network: Asset) -> bool:
        """Whether a network was stored with these policies; regional ones are in the project's own log."""
        stored = network.properties.get(POLICIES)
        if self.code or not isinstance(stored, list):
            return False
        # Regional policies come from the asset list and not from this call, so they are left out of the comparison.
        listed = [policy for policy in stored if isinstance(policy, Mapping) and policy.get("type") != "REGIONAL"]
        own = [{name: policy.get(name) for name in ("name", "type", "rules")} for policy in listed]
        return sorted(own, key=_label) == sorted(self.policies, key=_label)


def _label(policy: Policy) -> tuple[str, str]:
    return str(policy["type"]), str(policy["name"])


class Effective:
    """Asked once for each network of a project, whoever wants to know first. Safe to use from several threads."""

    def __init__(self, ask: Callable[[str], list[dict[str, Any]]], project: str) -> None:
        self._ask = ask
        self._project = project
        self._lock = threading.Lock()
        self._answers: dict[str, Answer] = {}

    def of(self, network: str) -> Answer:
        """``network`` is its name. Never raises what the SDK raises."""
        with self._lock:  # a network's rules are told one after the other, so nobody waits long
            if network not in self._answers:
                self._answers[network] = self._read(network)
            return self._answers[network]

    def _read(self, network: str) -> Answer:
        try:
            path = f"projects/{self._project}/global/networks/{network}"
            return Answer([kept(policy, path) for policy in self._ask(network)])
        except api.NotFound:
            return Answer(code="resource_gone")
        except SDK_ERRORS as error:
            return Answer(code=explain(error).code)
        except SHAPE_ERRORS:
            return Answer(code=UNEXPECTED)


def kept(policy: Mapping[str, Any], network: str = "") -> Policy:
    """What decides about packets from the internet to a network (``projects/…``). Rules that surely take none are left
    out.
    """
    rules = policy.get("rules")
    given = [rule for rule in rules if isinstance(rule, Mapping)] if isinstance(rules, list) else []
    listed = [found for rule in given if (found := _of_network(rule, network)) is not None]
    return {
        "name": str(policy.get("shortName") or policy.get("displayName") or policy.get("name") or ""),
        "type": str(policy.get("type") or ""),
        "rules": sorted(
            ({name: rule[name] for name in _KEPT if name in rule} for rule in listed if _concerns(rule)),
            # A priority that is no number comes first: taken for last, it could hide a rule that lets packets in.
            key=lambda rule: rule["priority"] if isinstance(rule.get("priority"), int) else -1,
        ),
    }


def _of_network(rule: Mapping[str, Any], network: str) -> Mapping[str, Any] | None:
    """The rule, where it is one for the network. A rule of a folder or the organization may be for some networks alone:
    then it says nothing of the others (``targetResources``; left out, it is for all).

    https://cloud.google.com/compute/docs/reference/rest/v1/firewallPolicies#FirewallPolicyRule
    """
    targets = rule.get("targetResources")
    if not targets:
        return rule
    if not isinstance(targets, list):
        return rule  # whose form is not known: who decides about it has to look
    paths = ["projects/" + str(target).rpartition("projects/")[2] for target in targets]
    if network in paths:
        return {name: value for name, value in rule.items() if name != "targetResources"}
    # Projects are named by id and by number: what bears the network's name may be it.
    return rule if any(path.rpartition("/")[2] == network.rpartition("/")[2] for path in paths) else None


def _concerns(rule: Mapping[str, Any]) -> bool:
    # Only what surely takes no packet from outside; what is not understood is kept.
    if rule.get("direction") == "EGRESS" or rule.get("disabled") is True:
        return False
    match = rule.get("match")
    if not isinstance(match, Mapping) or set(match) - {"srcIpRanges", "layer4Configs", "destIpRanges"}:
        return True  # by other means than addresses: who decides about it has to look
    return networks(match.get("srcIpRanges", [])).reach != Reach.CLOSED


def regional(asset: Asset) -> tuple[list[str], Policy]:
    """The networks that a regional policy is bound to, and the policy."""
    bound = asset.properties.get("associations")
    targets = (
        [str(item.get("attachmentTarget")) for item in bound if isinstance(item, Mapping)]
        if (isinstance(bound, list))
        else []
    )
    return targets, {**kept({**asset.properties, "name": asset.name}), "type": "REGIONAL"}


def is_before(policy: Policy, order: str) -> bool:
    """Whether a policy comes before the VPC firewall rules of its network. ``order`` is the network's."""
    return policy["type"] in _FIRST or (
        order == "BEFORE_CLASSIC_FIREWALL" and policy["type"] in ("NETWORK", "REGIONAL")
    )
