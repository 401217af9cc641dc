"""What filters of scans, findings and assets offer."""

from __future__ import annotations

from cloudaccounts import registry


def region_choices(provider: str | None) -> list[tuple[str, list[tuple[str, str]]]]:
    """From what the clouds have, not from what was found: a list of the latter would read every asset."""
    groups = []
    for spec in registry.all_providers():
        if provider in {None, "", spec.key}:
            names = {region.name for partition in spec.partitions() for region in spec.regions(partition.value)}
            groups.append((spec.label, [(name, name) for name in ("global", *sorted(names))]))
    return groups or [("Regions", [("global", "global")])]
