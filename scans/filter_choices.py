"""Choices that the filter forms of assets and of findings share."""

from __future__ import annotations

from cloudaccounts import registry


def region_choices(provider: str | None) -> list[tuple[str, list[tuple[str, str]]]]:
    """Regions in one group for each provider; of one provider where its key is given.

    They are those that the providers publish, not those that assets lie in: to list the latter, every asset would be
    read.
    """
    groups = []
    for spec in registry.all_providers():
        if provider in {None, "", spec.key}:
            names = {region.name for partition in spec.partitions() for region in spec.regions(partition.value)}
            groups.append((spec.label, [(name, name) for name in ("global", *sorted(names))]))
    # An address may name a provider that is not installed. A select needs something to choose from all the same.
    return groups or [("Regions", [("global", "global")])]
