"""Assets that are told last, because what completes them may stand anywhere in the list of their service. No Django."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.gcp.inventory import firewalls
from cloudaccounts.providers.gcp.inventory.relations import with_facts, without_facts

KEY = "gcp.cloudkms.crypto_key"
VERSION = "gcp.cloudkms.crypto_key_version"
STATES = "version_states"


class Held:
    """What one listing holds back. Firewall rules and keys are few beside what else a project has."""

    def __init__(self) -> None:
        self._rules: list[Asset] = []
        self._keys: list[Asset] = []
        self._states: dict[str, Counter[str]] = defaultdict(Counter)

    def takes(self, asset: Asset) -> bool:
        """Whether the asset comes from `release`."""
        if asset.type == VERSION:
            key = asset.native_id.partition("/cryptoKeyVersions/")[0]
            self._states[key][str(asset.properties.get("state") or "unknown")] += 1
        if asset.type == firewalls.FIREWALL:
            self._rules.append(asset)
        elif asset.type == KEY:
            self._keys.append(asset)
        return asset.type in (firewalls.FIREWALL, KEY)

    def release(self, *, unread: str = "") -> Iterator[Asset]:
        """``unread`` is the code of the error that ended the list: then others may be missing from it."""
        yield from firewalls.related(self._rules, unread=unread)
        for key in self._keys:
            if unread:
                yield without_facts(key, (STATES,), unread)
            else:
                yield with_facts(key, {STATES: dict(sorted(self._states[key.native_id].items()))})
