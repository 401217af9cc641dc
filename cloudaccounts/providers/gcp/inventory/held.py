"""Assets that are told last, because what completes them may stand anywhere in the list of their service. No Django."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.gcp.inventory import firewall_policies, firewalls
from cloudaccounts.providers.gcp.inventory.firewall_policies import Effective
from cloudaccounts.providers.gcp.inventory.relations import with_facts, without_facts

KEY = "gcp.cloudkms.crypto_key"
VERSION = "gcp.cloudkms.crypto_key_version"
NETWORK = "gcp.compute.network"
STATES = "version_states"
_HELD = (firewalls.FIREWALL, KEY, NETWORK)


class Held:
    """What one listing holds back. Firewall rules, networks and keys are few beside what else a project has."""

    def __init__(self, effective: Effective) -> None:
        self._effective = effective
        self._assets: dict[str, list[Asset]] = {kind: [] for kind in _HELD}
        self._regional: list[Asset] = []
        self._states: dict[str, Counter[str]] = defaultdict(Counter)

    def takes(self, asset: Asset) -> bool:
        """Whether the asset comes from `release`."""
        if asset.type == VERSION:
            # Versions are counted by state and told as assets all the same: only keys wait for the count.
            key = asset.native_id.partition("/cryptoKeyVersions/")[0]
            self._states[key][str(asset.properties.get("state") or "unknown")] += 1
        if asset.type == firewall_policies.REGIONAL:
            self._regional.append(asset)
        if asset.type in _HELD:
            self._assets[asset.type].append(asset)
        return asset.type in _HELD

    def release(self, *, unread: str = "") -> Iterator[Asset]:
        """``unread`` is the code of the error that ended the list: then others may be missing from it."""
        networks = firewalls.Networks(self._assets[NETWORK], self._regional, self._effective, unread)
        rules = self._assets[firewalls.FIREWALL]
        yield from firewalls.related(rules, networks, unread=unread)
        yield from (networks.completed(network, rules) for network in self._assets[NETWORK])
        for key in self._assets[KEY]:
            if unread:
                yield without_facts(key, (STATES,), unread)
            else:
                yield with_facts(key, {STATES: dict(sorted(self._states[key.native_id].items()))})
