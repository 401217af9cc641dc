"""A team's own frameworks in a file of the registry: by slug, each entry the whole framework."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudaccounts.audit.actor import Actor
from cloudaccounts.declared.sections import Entry, Known, Section, register
from scans.compliance.own.schema import SCHEMA
from scans.models import OwnFramework


class Frameworks(Section):
    """What an entry leaves out is left out: a framework is one thing, and not the sum of what files said of it."""

    key, title, stage = "frameworks", "framework", 60
    area = "compliance"
    schema = SCHEMA

    def name(self, entry: Entry) -> str:
        return str(entry["slug"])

    def clean(self, entry: Entry, known: Known, present: Entry | None) -> Entry:
        from scans.compliance.own.reading import from_data

        return _plain(from_data(entry).model_dump(mode="json"))

    def present(self, owner: str) -> Mapping[str, Entry]:
        import json

        rows = OwnFramework.objects.filter(owner=owner).order_by("slug").values_list("slug", "content")
        return {slug: _plain(json.loads(content)) for slug, content in rows}

    def exported(self, owner: str, actor: Actor) -> list[Entry]:
        return [_short(entry) for entry in self.present(owner).values()]

    def create(self, owner: str, actor: Actor, entry: Entry) -> None:
        self.change(owner, actor, entry)

    def change(self, owner: str, actor: Actor, entry: Entry) -> None:
        import yaml

        from scans.compliance.own.reading import from_data
        from scans.compliance.own.services import add_framework, find_own, replace_framework

        content = from_data(entry)
        row = find_own(owner, content.slug)
        # Compared by content: a text with comments that says the same stays as it was written.
        if row is not None and row.content == content.model_dump_json():
            return
        text = yaml.safe_dump(_short(entry), sort_keys=False, allow_unicode=True, width=118)
        if row is None:
            add_framework(owner, content, text, actor=actor)
        else:
            replace_framework(row, content, text, actor=actor)

    def delete(self, owner: str, actor: Actor, name: str) -> None:
        from scans.compliance.own.services import delete_framework, find_own

        if (row := find_own(owner, name)) is not None:
            delete_framework(row, actor=actor)


def _plain(content: dict[str, Any]) -> Entry:
    """JSON types, without a level that is none: the schema of entries has no null."""
    controls = [
        {name: value for name, value in control.items() if value is not None} for control in content["controls"]
    ]
    return {**content, "controls": controls}


def _short(entry: Entry) -> Entry:
    """Without what is empty anyhow, as a person would write it."""
    controls = [{name: value for name, value in control.items() if value not in ("", [], False)}
                for control in entry["controls"]]  # fmt: skip
    return {**{name: value for name, value in entry.items() if value != ""}, "controls": controls}


register(Frameworks())
