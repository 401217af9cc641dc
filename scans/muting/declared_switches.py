"""Switched-off checks in a file of the registry: by the check's id. What a file does not name stays as it is."""

from __future__ import annotations

from collections.abc import Mapping

from cloudaccounts.audit.actor import Actor
from cloudaccounts.declared.sections import Entry, Known, Section, register
from cloudaccounts.errors import InputError
from scans.findings.checks import find_check
from scans.muting.switches import switch_off, switch_on, switches


class SwitchedOffChecks(Section):
    key, title, stage = "switched_off_checks", "switched-off check", 50
    area = "findings"
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["check_id", "reason"],
        "properties": {
            "check_id": {"type": "string", "minLength": 1, "maxLength": 80},
            "reason": {"type": "string", "minLength": 1, "maxLength": 500},
        },
    }  # fmt: skip

    def name(self, entry: Entry) -> str:
        return str(entry["check_id"])

    def clean(self, entry: Entry, known: Known, present: Entry | None) -> Entry:
        if find_check(entry["check_id"]) is None:
            raise InputError({"check_id": "There is no check of this id."})
        return {"check_id": entry["check_id"], "reason": " ".join(entry["reason"].split())}

    def present(self, owner: str) -> Mapping[str, Entry]:
        return {check: {"check_id": check, "reason": row.reason} for check, row in switches(owner).items()}

    def create(self, owner: str, actor: Actor, entry: Entry) -> None:
        self.change(owner, actor, entry)

    def change(self, owner: str, actor: Actor, entry: Entry) -> None:
        """Another reason is another decision: who made it and when is written anew."""
        row = switches(owner).get(entry["check_id"])
        if row is not None and row.reason != entry["reason"]:
            switch_on(owner, [entry["check_id"]], actor=actor)
        switch_off(owner, [entry["check_id"]], actor=actor, reason=entry["reason"])

    def delete(self, owner: str, actor: Actor, name: str) -> None:
        switch_on(owner, [name], actor=actor)


register(SwitchedOffChecks())
