"""A firewall rule that allows what comes in, with those that deny before it, as rules of reach.

https://cloud.google.com/firewall/docs/firewalls, and for the fields
https://cloud.google.com/compute/docs/reference/rest/v1/firewalls
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.posture import UnknownFactError, mappings
from cloudaccounts.provider_kit.reach.addresses import EVERYBODY_V4, NOBODY, UNKNOWN, Addresses, Reach, networks
from cloudaccounts.provider_kit.reach.rules import ANYWHERE, Destinations, Result, Rule
from cloudaccounts.provider_kit.reach.spans import UNCLEAR, PartialSet, union_of_partial
from cloudaccounts.provider_kit.reach.traffic import ALL_PORTS, ports, protocol
from cloudaccounts.providers.gcp.checks.policy_rules import allowed_by_policies, policy_denials

_DEFAULT_PRIORITY = 1000
_TARGETS = ("targetTags", "targetServiceAccounts")
_INSIDE = ("sourceTags", "sourceServiceAccounts")  # machines of the network: never from the internet
_ANYBODY = ("", "")  # a machine without any tag or account that a rule names
_UNREAD = Rule("", allows=False, sources=UNKNOWN, protocols=UNCLEAR, ports=UNCLEAR, priority=None, doubtful=True)


def widest(asset: Asset, decide: Callable[[Sequence[Rule]], Result]) -> Reach:
    """The widest reach that ``decide`` finds for any target of the rule.

    Each is looked at alone: a machine with just this tag, or with none where the rule is for the whole network. A rule
    that denies to other tags closes nothing for it.
    """
    allowing = [*_rules(asset.properties, mappings(asset, "allowed"), allows=True)]
    denying: list[Mapping[str, Any]] = []
    unread: list[Rule] = []
    try:
        denying = mappings(asset, "earlier_denies")
    except UnknownFactError:
        # Stands for whatever may deny before: with it, open becomes unclear, and closed stays closed.
        unread = [_UNREAD]
    policies = _readable(asset, "policies_before")
    if policies is None:
        unread.append(_UNREAD)
    results = set()
    for target in _targets(asset.properties):
        closed = [
            rule
            for denial in denying
            if _includes(denial, target)
            for rule in _rules(denial, denial.get("denied"), allows=False)
        ]
        above = policy_denials(policies or [], target)
        results.add(decide([*allowing, *above, *closed, *unread]).reach)
    return _widest(results)


def widest_by_policy(asset: Asset, decide: Callable[[Sequence[Rule]], Result]) -> tuple[Reach, list[str]]:
    """The widest reach that any rule of a network's firewall policies gives, and the policies that give it."""
    policies = mappings(asset, "firewall_policies")
    denials = mappings(asset, "classic_denies")
    classic = [
        rule
        for denial in denials
        if _includes(denial, _ANYBODY)
        for rule in _rules(denial, denial.get("denied"), allows=False)
    ]
    reached: dict[Reach, list[str]] = {}
    for name, allowing, earlier, after_classic in allowed_by_policies(policies):
        result = decide([*allowing, *earlier, *(classic if after_classic else [])]).reach
        reached.setdefault(result, []).append(name)
    widest = _widest(reached)
    return widest, reached.get(widest, [])


def _widest(results: Iterable[Reach]) -> Reach:
    reached = set(results)
    return next((reach for reach in (Reach.OPEN, Reach.UNCLEAR) if reach in reached), Reach.CLOSED)


def _readable(asset: Asset, name: str) -> list[Mapping[str, Any]] | None:
    """None where it could not be read."""
    try:
        return mappings(asset, name)
    except UnknownFactError:
        return None


def _rules(holder: Mapping[str, Any], traffic: Any, *, allows: bool) -> Iterator[Rule]:
    """One for each protocol that it names."""
    priority = holder.get("priority", _DEFAULT_PRIORITY)
    for item in traffic if isinstance(traffic, list) else [None]:
        named = item if isinstance(item, Mapping) else {}
        yield Rule(
            name=str(holder.get("name") or ""),
            allows=allows,
            priority=priority if isinstance(priority, int) and not isinstance(priority, bool) else None,
            sources=_sources(holder),
            destinations=_destinations(holder),
            protocols=protocol(named.get("IPProtocol"), everything="all"),
            ports=_ports(named.get("ports", [])),
        )


def _sources(holder: Mapping[str, Any]) -> Addresses:
    """Ranges or tags or accounts, whichever are given; with none of them, every IPv4 address."""
    ranges = holder.get("sourceRanges")
    if ranges:
        return networks(ranges)
    return NOBODY if any(holder.get(name) for name in _INSIDE) else EVERYBODY_V4


def _destinations(holder: Mapping[str, Any]) -> Destinations:
    ranges = holder.get("destinationRanges")
    return Destinations(networks(ranges)) if ranges else ANYWHERE


def _ports(values: Any) -> PartialSet:
    """Without ports, it is all of them."""
    if not isinstance(values, list):
        return UNCLEAR
    return union_of_partial(map(ports, values)) if values else PartialSet(ALL_PORTS)


def _targets(holder: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each tag or account with its field; one without a name for all machines of the network."""
    named = [(field, str(name)) for field in _TARGETS for name in _listed(holder, field)]
    # One that is for the whole network is looked at for a machine without any tag, which no narrower denial protects.
    return named or [("", "")]


def _includes(holder: Mapping[str, Any], target: tuple[str, str]) -> bool:
    field, name = target
    everywhere = not any(_listed(holder, name) for name in _TARGETS)
    return everywhere or (field != "" and name in _listed(holder, field))


def _listed(holder: Mapping[str, Any], field: str) -> list[Any]:
    value = holder.get(field)
    return value if isinstance(value, list) else [] if value is None else [value]
