"""Regions: names from forms and calls, checked against a provider's table, and what a validation says about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Target
from cloudaccounts.contract.report import CheckResult, PlannedCheck, RegionResult
from cloudaccounts.provider_kit.check_results import names_with_verb, passed, skipped, warned

NAMED = 4  # regions in a sentence; the report lists all


def require_known_regions(names: Iterable[str], known: Collection[str], *, partition_label: str) -> tuple[str, ...]:
    """The names in their order, each once. Raises `ProviderError` (``region_unknown``) for one that is not known.

    The message does not repeat the name: it may come from a stranger.
    """
    # In their order: AWS is signed in to in the first one that is always on.
    regions = tuple(dict.fromkeys(names))
    if not all(name in known for name in regions):
        raise ProviderError(
            "region_unknown",
            f"At least one of the chosen regions does not exist in {partition_label}.",
            "Choose the regions again, from the list.",
        )
    return regions


def with_reasons(
    results: Iterable[RegionResult], chosen: Collection[str], *, off: str = "", unknown: str
) -> tuple[RegionResult, ...]:
    """The cloud's regions, and why chosen ones are not enabled: ``off``, or ``unknown`` where it did not name them."""
    regions = tuple(
        region if region.enabled or region.name not in chosen else replace(region, reason=region.reason or off)
        for region in results
    )
    names = {region.name for region in regions}
    return (*regions, *(RegionResult(name, False, unknown) for name in chosen if name not in names))


def check_result(
    planned: PlannedCheck, regions: Sequence[RegionResult], target: Target, *, state: str, remedy: str
) -> CheckResult:
    """The check of the regions. ``state`` completes "eu-south-1 is …", ``remedy`` is for chosen ones that are not so.

    Warnings only: the other regions can be read, and people choose regions before they enable them.
    """
    enabled = [region.name for region in regions if region.enabled]
    if target.all_regions:
        number = _count(len(enabled), "region")
        return passed(planned, f"{number} {_verb(enabled)} {state}, and scans read all of them.")
    chosen = list(target.regions)
    if not chosen:
        return skipped(planned, "No region was chosen.")
    off = [name for name in chosen if name not in enabled]
    unread = [name for name in enabled if name not in chosen]
    left_out = f" Not read: {_count(len(unread), 'more region')} that {_verb(unread)} {state}." if unread else ""
    if not off:
        said = names_with_verb(chosen) if len(chosen) <= NAMED else f"{len(chosen)} regions are"
        return passed(planned, f"{said} {state}.{left_out}")
    gap = ProviderError(
        "region_not_enabled", f"{names_with_verb(off)} not {state}: nothing can be found there.", remedy
    )
    return warned(planned, gap, f"{len(chosen) - len(off)} of {len(chosen)} {state}.{left_out}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _verb(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
