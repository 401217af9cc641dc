from __future__ import annotations

from cloudaccounts import audit
from cloudaccounts.actors import Actor


def record_export(*, actor: Actor, owner: str, what: str, format: str) -> None:  # noqa: A002
    """Who took which list away as a file. ``owner`` is whose rows they were; empty for everybody's."""
    audit.record(
        actor=actor, owner=owner, action="export.taken",
        text=f"Export of the {what} as {format.upper()} by {actor.label}",
        what=what, format=format,
    )  # fmt: skip
