"""What a file of ``frameworks/`` may hold. docs/compliance.md describes the format for people who write one."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Identifier = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9.()_-]*$")]
# Of controls and sections in our own words: a benchmark's text is its publisher's.
Title = Annotated[str, Field(min_length=3, max_length=120)]
CheckId = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[a-z0-9_]+$")]


class _Part(BaseModel):
    # Strict: YAML reads an unquoted 1.10 as the number 1.1, and that would be another control.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Section(_Part):
    id: Identifier
    title: Title


class Control(_Part):
    """One requirement.

    ``rules`` are ids of checks. Together they answer the whole control, unless ``partial`` says in a sentence what they
    do not look at: then a failure is a failure, and their passing leaves the rest open. ``all_regions`` is set where
    the control itself says "in all regions": it cannot pass while an enabled region is not read.
    """

    id: Identifier
    title: Title
    assessment: Literal["automated", "manual"]
    level: Literal[1, 2] | None = None
    section: str = ""
    # Not strict here and at the other tuples: YAML has lists, which strict mode takes for no tuple.
    rules: tuple[CheckId, ...] = Field(default=(), strict=False)
    partial: str = Field(default="", max_length=300)
    all_regions: bool = False
    note: str = Field(default="", max_length=300)  # why no rule answers it, or what a person looks at


class Framework(_Part):
    """A benchmark, or a crosswalk from a standard to the checks of all clouds (then ``provider`` is empty)."""

    slug: Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[0-9]+)*$", max_length=40)]
    title: Title
    short: Annotated[str, Field(min_length=2, max_length=40)]  # in lists and on labels: "CIS AWS 5.0"
    version: Annotated[str, Field(min_length=1, max_length=20)]
    provider: Annotated[str, Field(max_length=32)] = ""
    source: Annotated[str, Field(pattern=r"^https://")]
    about: str = Field(default="", max_length=500)
    sections: tuple[Section, ...] = Field(min_length=1, strict=False)
    controls: tuple[Control, ...] = Field(min_length=1, strict=False)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for kind, names in (("section", self.sections), ("control", self.controls)):
            ids = [part.id for part in names]
            if repeated := sorted({name for name in ids if ids.count(name) > 1}):
                raise ValueError(f"{kind} {', '.join(repeated)} stands there twice")
        for control in self.controls:
            # Raises where the control is in no section: better when the file is read than in each report.
            self.section_of(control)
            if len(set(control.rules)) != len(control.rules):
                raise ValueError(f"control {control.id} names a rule twice")
            if control.partial and not control.rules:
                raise ValueError(f"control {control.id} is partial without a rule")
        return self

    def section_of(self, control: Control) -> Section:
        """The section that the control names, else the one whose number its own begins with; the longest wins."""
        place = control.section or control.id
        fits = [part for part in self.sections if place == part.id or place.startswith((f"{part.id}.", f"{part.id}("))]
        if not fits:
            raise ValueError(f"control {control.id} is in no section")
        return max(fits, key=lambda part: len(part.id))

    def control(self, identifier: str) -> Control | None:
        return next((control for control in self.controls if control.id == identifier), None)
