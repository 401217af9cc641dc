"""Groups in a file: by name, with the name of the group that they are part of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cloudaccounts.audit.actor import Actor
from cloudaccounts.declared.sections import Entry, Known, Section, register
from cloudaccounts.errors import InputError
from cloudaccounts.groups.services import (
    CIRCLE,
    DESCRIPTION_LIMIT,
    GROUP_LIMIT,
    NAME_LIMIT,
    create_group,
    delete_group,
    update_group,
)
from cloudaccounts.models import AccountGroup
from cloudaccounts.text import clean_name
from teams.names import name_order
from teams.scope import Scope

KEY = "groups"


class Groups(Section):
    key, title, stage = KEY, "group", 10
    area = "groups"
    most = GROUP_LIMIT
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": NAME_LIMIT},
            "description": {"type": "string", "maxLength": DESCRIPTION_LIMIT},
            "parent": {"type": ["string", "null"], "maxLength": NAME_LIMIT, "description": "The group it is part of."},
        },
    }  # fmt: skip

    def name(self, entry: Entry) -> str:
        return clean_name(entry["name"])

    def clean(self, entry: Entry, known: Known, present: Entry | None) -> Entry:
        cleaned: Entry = {"name": self.name(entry)}
        if "description" in entry:
            cleaned["description"] = clean_name(entry["description"])
        if "parent" in entry:
            parent = clean_name(entry["parent"] or "")
            if parent and not known.has(KEY, parent):
                raise InputError({"parent": "There is no such group, and the file makes none."})
            cleaned["parent"] = parent or None
        return cleaned

    def order(self, entries: Iterable[Entry]) -> list[Entry]:
        """Each after the group that it is part of; what is in a circle, or below one, comes last. Linear: the file is
        a stranger's, and may be one long chain."""
        rows = list(entries)
        named = {self.name(row) for row in rows}
        parents = [_above(row) for row in rows]
        below: dict[str, list[int]] = {}
        for number, parent in enumerate(parents):
            if parent in named:
                below.setdefault(parent, []).append(number)
        ready = [number for number, parent in enumerate(parents) if parent not in named]
        for number in ready:  # which grows meanwhile
            ready += below.pop(self.name(rows[number]), [])
        left = sorted(number for numbers in below.values() for number in numbers)
        return [rows[number] for number in (*ready, *left)]

    def together(self, entries: Iterable[Entry], present: Mapping[str, Entry]) -> dict[str, str]:
        """Circles, those that close by groups that the file does not name among them."""
        rows = {self.name(row): (f"[{number}].parent", row) for number, row in enumerate(entries)}
        parents = {name: _above(entry) for name, entry in present.items()}
        parents |= {name: _above(row) for name, (_, row) in rows.items() if "parent" in row or name not in present}
        circles = _in_circles(parents)
        return {place: CIRCLE for name, (place, row) in rows.items() if name in circles and "parent" in row}

    def present(self, owner: str) -> Mapping[str, Entry]:
        groups = sorted(AccountGroup.objects.filter(owner=owner), key=lambda row: name_order(row.name))
        rows = {row.pk: row for row in groups}
        return {
            row.name: {
                "name": row.name,
                "description": row.description,
                "parent": rows[row.parent].name if row.parent in rows else None,
            }
            for row in rows.values()
        }

    def exported(self, owner: str, actor: Actor) -> list[Entry]:
        entries = super().exported(owner, actor)
        return self.order([{name: value for name, value in entry.items() if value} for entry in entries])

    def create(self, owner: str, actor: Actor, entry: Entry) -> None:
        if _find(owner, entry["name"]) is not None:  # of an earlier try
            self.change(owner, actor, entry)
            return
        parent = _parent(owner, entry.get("parent"))
        create_group(
            scope=Scope(owner), actor=actor, name=entry["name"], description=entry.get("description", ""),
            parent=parent.pk if parent else None,
        )  # fmt: skip

    def change(self, owner: str, actor: Actor, entry: Entry) -> None:
        group = _find(owner, entry["name"])
        if group is None:
            self.create(owner, actor, entry)
            return
        parent = group.parent
        if "parent" in entry:
            above = _parent(owner, entry["parent"])
            parent = above.pk if above else None
        update_group(
            group, scope=Scope(owner), actor=actor, name=group.name, parent=parent,
            description=entry.get("description", group.description),
        )  # fmt: skip

    def delete(self, owner: str, actor: Actor, name: str) -> None:
        group = _find(owner, name)
        if group is not None:
            delete_group(group, scope=Scope(owner), actor=actor)


def _above(entry: Entry) -> str:
    """The name of the group that it is part of, or nothing."""
    return clean_name(entry.get("parent") or "")


def _in_circles(parents: Mapping[str, str]) -> set[str]:
    """Names that are above themselves. Each is walked over once."""
    walks: dict[str, int] = {}  # the walk that came by first
    found: set[str] = set()
    for number, start in enumerate(parents):
        name = start
        while name in parents and name not in walks:
            walks[name] = number
            name = parents[name]
        if walks.get(name) != number:
            continue  # at the top, or where an earlier walk has been
        while name not in found:
            found.add(name)
            name = parents[name]
    return found


def _find(owner: str, name: str) -> AccountGroup | None:
    return AccountGroup.objects.filter(owner=owner, name=name).first()


def _parent(owner: str, name: str | None) -> AccountGroup | None:
    if not name:
        return None
    group = _find(owner, name)
    if group is None:
        raise InputError({"parent": "There is no such group."})
    return group


register(Groups())
