"""All checks as a team has them: on, or switched off by whom, when and why."""

from __future__ import annotations

from dataclasses import dataclass

from cloudaccounts import registry
from cloudaccounts.contract.rules import PostureCheck
from cloudaccounts.models import SwitchedOffCheck
from scans.muting.switches import switches
from teams.names import name_order


@dataclass(frozen=True, slots=True)
class CheckRow:
    check: PostureCheck
    provider: str
    off: SwitchedOffCheck | None


def check_rows(owner: str, *, provider: str = "", state: str = "", text: str = "") -> list[CheckRow]:
    """By cloud and title. ``state`` is ``on``, ``off`` or empty. One query."""
    off, text = switches(owner), text.strip().lower()
    rows = [
        CheckRow(check, spec.key, off.get(check.id))
        for spec in registry.all_providers()
        if provider in {"", spec.key}
        for check in sorted(spec.posture_checks(), key=lambda check: name_order(check.title))
        if text in check.title.lower() or text in check.id or text in check.service
    ]
    return [row for row in rows if not state or (state == "off") == (row.off is not None)]
