"""One list for several services, where all that they hold fits one page. No Django.

Every list costs a call of the quota, however little it returns. More than one page is not kept in memory: then each
service is listed separately, as a stream, and the attempt has cost one call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING

from cloudaccounts.provider_kit.deadlines import start

if TYPE_CHECKING:
    from google.cloud.asset_v1 import Asset
    from google.cloud.asset_v1.services.asset_service.pagers import ListAssetsPager

Page = Mapping[str, "list[Asset]"]  # by service


class Batch:
    """Safe to use from several threads: the first caller starts the list, the others wait for it."""

    def __init__(self, services: Iterable[str], list_assets: Callable[[], ListAssetsPager]) -> None:
        self._services = frozenset(services)
        self._list_assets = list_assets
        self._lock = threading.Lock()
        self._page: Future[Page | None] | None = None

    def of(self, service: str) -> list[Asset] | None:
        """None where the service must be listed separately. Raises the SDK's errors."""
        if service not in self._services:
            return None
        with self._lock:
            if self._page is None:
                self._page = start(self._first_page)
            future = self._page
        page = future.result()
        return None if page is None else page[service]

    def _first_page(self) -> Page | None:
        # The first page alone: the iterator would go on to the others.
        page = next(iter(self._list_assets().pages))
        # Keeping several pages would hold a large project in memory as a whole.
        if page.next_page_token:
            return None
        by_service: dict[str, list[Asset]] = {service: [] for service in self._services}
        for asset in page.assets:
            # Of none of these, if the pattern of the types ever matches more than it names.
            if (assets := by_service.get(asset.asset_type.partition(".")[0])) is not None:
                assets.append(asset)
        return by_service
