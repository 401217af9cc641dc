"""One list of the small resources that facts of others derive from, read once for all units of a scan. No Django.

A rule looks at one asset: what a machine inherits from the project's metadata, or which alerts watch a project's logs,
has to stand on that asset. These resources are few, so they are kept; the list is one call of the quota in most
projects. Asset types: https://cloud.google.com/asset-inventory/docs/asset-types
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import replace

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.deadlines import start

# Small and few, all of them. A type with thousands of assets does not belong here: the list is kept in memory.
TYPES = (
    "apikeys.googleapis.com/Key",
    "compute.googleapis.com/Project",
    "compute.googleapis.com/SslPolicy",
    "dns.googleapis.com/Policy",
    "logging.googleapis.com/LogMetric",
    "logging.googleapis.com/LogSink",
    "monitoring.googleapis.com/AlertPolicy",
    "run.googleapis.com/Service",
    "serviceusage.googleapis.com/Service",
)
# Of these, which may be some hundreds, the named properties alone are kept.
_KEPT = {"gcp.run.service": ("metadata", "invokerIamDisabled", "iapEnabled")}
Kinds = Mapping[str, list[Asset]]  # by the asset's type: gcp.logging.log_sink


class Overview:
    """Safe to use from several threads: the first caller starts the list, the others wait for it."""

    def __init__(self, list_assets: Callable[[], Iterable[Asset]]) -> None:
        self._list_assets = list_assets
        self._lock = threading.Lock()
        self._future: Future[Kinds] | None = None

    def kinds(self) -> Kinds:
        """Raises `ProviderError` and the SDK's errors."""
        with self._lock:
            if self._future is None:
                self._future = start(self._read)
            future = self._future
        return future.result()

    def _read(self) -> Kinds:
        kinds: dict[str, list[Asset]] = defaultdict(list)
        for asset in self._list_assets():
            names = _KEPT.get(asset.type)
            kept = {name: asset.properties[name] for name in names if name in asset.properties} if names else None
            kinds[asset.type].append(asset if kept is None else replace(asset, properties=kept))
        return kinds
