"""What stands before a firewall rule that allows: rules judge one asset at a time, so the fact stands on the asset.

https://cloud.google.com/firewall/docs/firewalls: of the rules of a network that match, the one with the lowest priority
number decides; of two with one priority, the one that denies. Policies of the organization and of folders come before
all of them, and are not a project's to read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.gcp.inventory.relations import with_facts, without_facts

FIREWALL = "gcp.compute.firewall"
DENIES = "earlier_denies"
# Of a rule that denies: all that decides which packets it matches, as the API names it.
_KEPT = (
    *("name", "priority", "denied", "sourceRanges", "sourceTags", "sourceServiceAccounts"),
    *("destinationRanges", "targetTags", "targetServiceAccounts"),
)


def related(rules: Sequence[Asset], *, unread: str = "") -> Iterator[Asset]:
    """The rules, and on each that allows what comes in those that deny before it.

    ``unread`` is the code of the error that ended their list: then others may be missing from it.
    """
    denying = [rule for rule in rules if _is_at_work(rule) and rule.properties.get("denied")]
    for rule in rules:
        if not _is_at_work(rule) or not rule.properties.get("allowed"):
            yield rule
        elif unread:
            yield without_facts(rule, (DENIES,), unread)
        else:
            same_network = [denial for denial in denying if _network(denial) == _network(rule)]
            before = [_kept(denial) for denial in same_network if _may_precede(denial, rule)]
            yield with_facts(rule, {DENIES: sorted(before, key=lambda denial: str(denial.get("name")))})


def _is_at_work(rule: Asset) -> bool:
    return rule.properties.get("direction") != "EGRESS" and rule.properties.get("disabled") is not True


def _network(rule: Asset) -> str:
    """``projects/…``: the host before it is written in more than one way."""
    return "projects/" + str(rule.properties.get("network")).rpartition("projects/")[2]


def _may_precede(denying: Asset, rule: Asset) -> bool:
    first, then = denying.properties.get("priority"), rule.properties.get("priority")
    return not isinstance(first, int) or not isinstance(then, int) or first <= then


def _kept(rule: Asset) -> dict[str, Any]:
    return {name: rule.properties[name] for name in _KEPT if name in rule.properties}
