"""Sections of a file: one a capability, registered by the app that has it, so that none knows the others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.utils.module_loading import autodiscover_modules

from cloudaccounts.audit.actor import Actor
from cloudaccounts.declared.references import Place
from cloudaccounts.declared.schema import Schema
from cloudaccounts.tokens.scopes import READ, SCOPES, WRITE

Entry = dict[str, Any]
LARGEST = 20_000  # entries of a section


@dataclass(slots=True)
class Known:
    """What references may name: what is there, and what the file adds, by section."""

    owner: str
    names: dict[str, set[str]] = field(default_factory=dict)

    def has(self, section: str, name: str) -> bool:
        return name in self.names.get(section, set())


class Section(ABC):
    """A list of entries in the file, each with a name that is unique in the team.

    An entry says what it names and nothing of the rest: what is not in it stays as it is. All methods raise
    `InputError` with fields relative to the entry, and other `ProviderError`s.
    """

    key: str  # in the file
    title: str  # of one entry, for people
    stage: int  # sections of lower stages are made first, and deleted last
    schema: Schema  # of one entry
    area: str  # of tokens, `cloudaccounts.tokens.scopes`: who writes the section writes it
    # What entries name of other sections, by the field that does ("" is the name itself, which plans tell as well).
    refers: Mapping[str, str] = {}
    makes: Mapping[str, str] = {}  # of which sections entries make rows, by the field that says so
    most: int = LARGEST  # entries in a file
    create_only: frozenset[str] = frozenset()  # fields that count when it is made, and are not compared

    @abstractmethod
    def name(self, entry: Entry) -> str:
        """By which it is found again. The entry is of the schema's shape."""

    @abstractmethod
    def clean(self, entry: Entry, known: Known, present: Entry | None) -> Entry:
        """The same entry, canonical; ``present`` is what is there. Asks no network."""

    @abstractmethod
    def present(self, owner: str) -> Mapping[str, Entry]:
        """What is there, canonical, by name. A fixed number of queries."""

    @abstractmethod
    def create(self, owner: str, actor: Actor, entry: Entry) -> None:
        """Repeatable: what is there already is brought to what the entry says."""

    @abstractmethod
    def change(self, owner: str, actor: Actor, entry: Entry) -> None:
        """Brings what is there to what the entry says. Repeatable."""

    @abstractmethod
    def delete(self, owner: str, actor: Actor, name: str) -> None:
        """Repeatable: what is gone already is no error."""

    def secrets(self, entry: Entry) -> Iterable[Place]:
        """Where secrets stand in an entry, whether it names them or not."""
        return ()

    def prunable(self, entry: Entry) -> bool:
        """Whether ``--prune`` deletes it when the file does not name it; what others made is theirs."""
        return True

    def order(self, entries: Iterable[Entry]) -> list[Entry]:
        """Entries in the order in which they can be made."""
        return list(entries)

    def together(self, entries: Iterable[Entry], present: Mapping[str, Entry]) -> dict[str, str]:
        """What is wrong with entries that are right one by one, by place (``[3].parent``)."""
        return {}

    def scopes(self, entries: Any) -> set[str]:
        """What a token needs for these entries, whatever of them is written, planned or pruned: a plan tells what is
        there. They are of any shape yet."""
        given = entries if isinstance(entries, list) else []
        fields = {"", *(name for entry in given if isinstance(entry, dict) for name in entry)}
        needed = {f"{self.area}:{WRITE}"}
        for verb, others in ((READ, self.refers), (WRITE, self.makes)):
            needed |= {f"{section(key).area}:{verb}" for key, name in others.items() if name in fields}
        return needed

    def exported(self, owner: str, actor: Actor) -> list[Entry]:
        """What a file would say of what is there, without secrets."""
        return [dict(entry) for entry in self.present(owner).values()]


_sections: dict[str, Section] = {}


def register(section: Section) -> None:
    """Registering a key again replaces it."""
    _sections[section.key] = section


@cache
def _discover() -> None:
    """Loads the sections of all apps, which name theirs in ``registry_sections``. Once a process."""
    autodiscover_modules("registry_sections")


def sections() -> list[Section]:
    """In the order in which they are made."""
    _discover()
    return sorted(_sections.values(), key=lambda section: (section.stage, section.key))


def section(key: str) -> Section:
    _discover()
    return _sections[key]


def scopes_for(data: Mapping[str, Any]) -> list[str]:
    """What a token needs for a file: of each section that it gives. One that it does not give is not touched."""
    needed = {scope for part in sections() if part.key in data for scope in part.scopes(data[part.key])}
    # Writing includes reading.
    needed -= {scope.replace(WRITE, READ) for scope in needed if scope.endswith(WRITE)}
    return [scope for scope in SCOPES if scope in needed]


def file_schema() -> dict[str, Any]:
    """The JSON Schema of a whole file (draft 2020-12), for editors and for `schema.problems`."""
    lists: dict[str, Any] = {
        part.key: {"type": "array", "maxItems": part.most, "items": dict(part.schema)} for part in sections()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Registry of cloud accounts",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "version": {"type": "integer", "minimum": 1, "maximum": 1, "description": "Of this format."}, **lists,
        },
    }  # fmt: skip
