"""Records exports: a list that leaves as a file is beyond our control."""

from __future__ import annotations

from typing import Any

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event


def record_export(*, actor: Actor, owner: str, what: str, format: str, **filters: Any) -> None:  # noqa: A002
    """Records who exported which list. ``owner`` is whose rows they were, empty for all owners'.

    ``filters`` are those by which it was narrowed.
    """
    # Before the first row leaves: a client that breaks off has had some of it all the same.
    record_event(
        actor=actor, owner=owner, action="export.taken",
        text=f"Export of the {what} as {format.upper()} by {actor.label}",
        what=what, format=format, **filters,
    )  # fmt: skip
