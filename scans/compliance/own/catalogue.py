"""All frameworks of a team: the product's, and behind them its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from scans.compliance import catalogue as built_in
from scans.models import OwnFramework

if TYPE_CHECKING:  # pydantic is loaded when a framework is read (docs/decisions/0012)
    from scans.compliance.schema import Framework

PREFIX = "own_"


@dataclass(frozen=True)
class TeamCatalogue:
    """``own`` are the team's, by slug, in alphabetical order."""

    own: Mapping[str, Framework]

    @property
    def frameworks(self) -> Mapping[str, Framework]:
        return {**built_in.frameworks(), **self.own}

    @cached_property
    def _cited(self) -> Mapping[str, tuple[built_in.Citation, ...]]:
        return built_in.cited_by(self.own.values())

    def citations_of(self, check_id: str) -> tuple[built_in.Citation, ...]:
        """Each control that the check is evidence for; the team's own behind the others."""
        return built_in.citations_of(check_id) + self._cited.get(check_id, ())


def own_frameworks(owner: str, slugs: Iterable[str] | None = None) -> dict[str, Framework]:
    """By slug. One query, and none where none of ``slugs`` can be a team's own."""
    rows = OwnFramework.objects.filter(owner=owner)
    if slugs is not None:
        own_slugs = {slug for slug in slugs if is_own(slug)}
        if not own_slugs:
            return {}
        rows = rows.filter(slug__in=own_slugs)
    contents = rows.order_by("slug").values_list("slug", "content")
    if not contents:
        return {}
    from scans.compliance.own.reading import stored

    return {slug: stored(content) for slug, content in contents}


def catalogue_of(owner: str) -> TeamCatalogue:
    """One query."""
    return TeamCatalogue(own_frameworks(owner))


def frameworks_of(owner: str) -> Mapping[str, Framework]:
    """All of them by slug. One query."""
    return catalogue_of(owner).frameworks


def find_framework(owner: str, slug: str) -> Framework | None:
    """One query for a team's own, none for the product's."""
    return built_in.find_framework(slug) or own_frameworks(owner, [slug]).get(slug)


def control_labels(frameworks: Mapping[str, Framework], values: Iterable[str]) -> dict[str, str]:
    """What people read for ``framework:control``: "CIS AWS 5.0 1.4"; those of other frameworks are left out."""
    split = {value: value.partition(":") for value in values}
    return {
        value: f"{frameworks[slug].short} {control}"
        for value, (slug, _, control) in split.items()
        if slug in frameworks
    }


def is_own(slug: str) -> bool:
    return slug.startswith(PREFIX)
