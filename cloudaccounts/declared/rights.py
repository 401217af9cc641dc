"""What making changes of a file takes, of whoever asks for it: by the call, or by repeating the job."""

from __future__ import annotations

from collections.abc import Iterable

from cloudaccounts.declared.planning import Action
from teams.roles import Right


def right_for(changes: Iterable[tuple[str, str]]) -> Right:
    """``changes``: section and action of each. What deletes, and channels, take an owner of the team, as each does by
    its own call."""
    owners = any(action == Action.DELETE or section == "channels" for section, action in changes)
    return Right.MANAGE if owners else Right.OPERATE
