"""One list for several services, where all that they hold fits one page. No Django.

A list per service costs a call of the quota for each, however little there is. More than a page is not kept: then each
service is listed by itself, as a stream, and this cost one call.
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


class Together:
    """Safe to use from several threads: the first to ask starts the list, the others wait for it."""

    def __init__(self, services: Iterable[str], ask: Callable[[], ListAssetsPager]) -> None:
        self._services = frozenset(services)
        self._ask = ask
        self._lock = threading.Lock()
        self._page: Future[Page | None] | None = None

    def of(self, service: str) -> list[Asset] | None:
        """None where it is to be listed by itself. Raises the SDK's errors."""
        if service not in self._services:
            return None
        with self._lock:
            if self._page is None:
                self._page = start(self._first_page)
            waiting = self._page
        page = waiting.result()
        return None if page is None else page[service]

    def _first_page(self) -> Page | None:
        page = next(iter(self._ask().pages))
        if page.next_page_token:
            return None
        found: dict[str, list[Asset]] = {service: [] for service in self._services}
        for asset in page.assets:
            found[asset.asset_type.partition(".")[0]].append(asset)
        return found
