"""Compares a file with what is there. Nothing is written and no cloud is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cloudaccounts.declared.references import references_in, unresolved
from cloudaccounts.declared.schema import problems
from cloudaccounts.declared.sections import Entry, Known, Section, file_schema, sections
from cloudaccounts.errors import InputError


class Action(StrEnum):
    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"


MARKS = {Action.CREATE: "+", Action.CHANGE: "~", Action.DELETE: "-"}


@dataclass(frozen=True, slots=True)
class FieldChange:
    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, repr=False)
class Change:
    """``entry`` is what the file says, with secrets where it names them: it is not printed."""

    section: str
    title: str
    stage: int
    name: str
    action: Action
    fields: tuple[FieldChange, ...] = ()
    entry: Entry = field(default_factory=dict)
    place: str = ""  # in the file

    def __repr__(self) -> str:
        return f"<{self.action} {self.section} {self.name}>"


@dataclass(frozen=True, slots=True)
class Plan:
    """``extra`` is what is there and not in the file, by section: it stays unless the plan prunes."""

    changes: tuple[Change, ...]
    unchanged: int
    extra: Mapping[str, tuple[str, ...]]

    def count(self, action: Action) -> int:
        return sum(change.action == action for change in self.changes)

    def to_dict(self) -> dict[str, Any]:
        """Without secrets: of what is created the name alone."""
        return {
            "changes": [
                {
                    "section": change.section,
                    "name": change.name,
                    "action": change.action.value,
                    "fields": [
                        {"field": edit.field, "before": edit.before, "after": edit.after} for edit in change.fields
                    ],
                }
                for change in self.changes
            ],
            "create": self.count(Action.CREATE),
            "change": self.count(Action.CHANGE),
            "delete": self.count(Action.DELETE),
            "unchanged": self.unchanged,
            "not_in_file": {key: list(names) for key, names in self.extra.items()},
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        for change in self.changes:
            yield f"{MARKS[change.action]} {change.title} {change.name}"
            for edit in change.fields:
                yield f"    {edit.field}: {_shown(edit.before)} → {_shown(edit.after)}"
        for key, names in self.extra.items():
            listed = ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
            yield f"! {key} not in the file, which stay without --prune: {listed}"
        if not self.changes:
            yield f"Nothing to do: {self.unchanged:,} as the file says."
            return
        yield (
            f"{self.count(Action.CREATE):,} to create, {self.count(Action.CHANGE):,} to change, "
            f"{self.count(Action.DELETE):,} to delete, {self.unchanged:,} unchanged."
        )


def make_plan(owner: str, data: Mapping[str, Any], *, prune: bool = False, references: bool = True) -> Plan:
    """``references``: secrets stand as references, as in files; without it there may be none.

    Raises `InputError` by path, with all that is wrong.
    """
    wrong = problems(file_schema(), dict(data))
    if wrong:
        raise InputError(wrong)
    # After the schema, which bounds how deep and how long this is.
    if not references and (refused := references_in(data)):
        raise InputError(refused)
    given = [part for part in sections() if part.key in data]
    present = {part.key: part.present(owner) for part in sections()}
    known = Known(owner, {key: set(entries) for key, entries in present.items()})
    for part in given:
        known.names[part.key] |= set(_names(part, data[part.key], wrong))
    changes: list[Change] = []
    unchanged, extra = 0, {}
    for part in given:
        wrong |= {f"{part.key}{at}": told for at, told in part.together(data[part.key], present[part.key]).items()}
        found, same = _compare(part, data[part.key], present[part.key], known, wrong, references)
        changes += found
        unchanged += same
        named = set(_names(part, data[part.key], {}))
        left = [n for n, entry in present[part.key].items() if n not in named and part.prunable(entry)]
        if prune:
            changes += [Change(part.key, part.title, part.stage, name, Action.DELETE) for name in left]
        elif left:
            extra[part.key] = tuple(left)
    if wrong:
        raise InputError(wrong)
    return Plan(tuple(_ordered(changes)), unchanged, extra)


def _names(part: Section, entries: list[Entry], wrong: dict[str, str]) -> Iterator[str]:
    seen: set[str] = set()
    for number, entry in enumerate(entries):
        try:
            name = part.name(entry)
        except InputError as error:
            wrong |= {f"{part.key}[{number}].{place}": message for place, message in error.fields.items()}
            continue
        if name in seen:
            wrong[f"{part.key}[{number}]"] = f"An earlier entry is about {name} as well."
        seen.add(name)
        yield name


def _compare(
    part: Section, entries: list[Entry], present: Mapping[str, Entry], known: Known, wrong: dict[str, str],
    references: bool,
) -> tuple[list[Change], int]:  # fmt: skip
    changes, unchanged = [], 0
    places = {id(entry): f"{part.key}[{number}]" for number, entry in enumerate(entries)}
    for entry in part.order(entries):
        place = places[id(entry)]
        try:
            name = part.name(entry)
            there = present.get(name)
            clear = unresolved(entry, part.secrets(entry)) if references else {}
            if clear:
                raise InputError(clear)
            cleaned = part.clean(entry, known, there)
        except InputError as error:
            wrong |= {f"{place}.{name}" if name else place: message for name, message in error.fields.items()}
            continue
        if there is None:
            changes.append(Change(part.key, part.title, part.stage, name, Action.CREATE, (), cleaned, place))
            continue
        fields = tuple(
            FieldChange(key, there.get(key), value)
            for key, value in cleaned.items()
            if key not in part.create_only and there.get(key) != value
        )
        if fields:
            changes.append(Change(part.key, part.title, part.stage, name, Action.CHANGE, fields, cleaned, place))
        else:
            unchanged += 1
    return changes, unchanged


def _ordered(changes: list[Change]) -> list[Change]:
    """What is made, by stage; then what is deleted, the other way round, so that nothing in use goes first."""
    made = [change for change in changes if change.action != Action.DELETE]
    gone = [change for change in changes if change.action == Action.DELETE]
    return [*sorted(made, key=lambda change: change.stage), *sorted(gone, key=lambda change: -change.stage)]


def _shown(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "nothing"
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value)
    if isinstance(value, dict):
        return " ".join(f"{name}={_shown(item)}" for name, item in value.items())
    return str(value)
