"""Region names from forms and calls, checked against a provider's table."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cloudaccounts.contract.errors import ProviderError


def require_known_regions(names: Iterable[str], known: Collection[str], *, partition_label: str) -> tuple[str, ...]:
    """The names in their order, each once. Raises `ProviderError` (``region_unknown``) for one that is not known.

    The message does not repeat the name: it may come from a stranger.
    """
    regions = tuple(dict.fromkeys(names))
    if not all(name in known for name in regions):
        raise ProviderError(
            "region_unknown",
            f"At least one of the chosen regions does not exist in {partition_label}.",
            "Choose the regions again, from the list.",
        )
    return regions
