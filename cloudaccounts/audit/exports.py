from __future__ import annotations

from typing import Any

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event


def record_export(*, actor: Actor, owner: str, what: str, format: str, **narrowed: Any) -> None:  # noqa: A002
    """Who took which list away as a file. ``owner`` is whose rows they were; empty for everybody's.

    ``narrowed`` tells by which filters it was less than all.
    """
    record_event(
        actor=actor, owner=owner, action="export.taken",
        text=f"Export of the {what} as {format.upper()} by {actor.label}",
        what=what, format=format, **narrowed,
    )  # fmt: skip
