"""What one request may see and do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from teams.roles import RIGHTS, Right, Role


@dataclass(frozen=True, slots=True)
class Scope:
    """A team as one of its members, or one of its tokens, sees it.

    ``owner`` is `Team.key`, as rows name their owner. ``groups`` are the groups whose accounts may be seen, with those
    nested in them; None means all, and an empty set means nothing.
    """

    owner: str
    role: Role = Role.OWNER
    groups: frozenset[UUID] | None = None
    # The key of the person, where that is an operator of the server in the own personal team: work over accounts of all
    # owners is shown to whoever asked for it, and to no guest of that team.
    staff: str = ""
    # What reads have looked up for it: one request asks for its groups once. So a scope lives no longer than a request.
    memo: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def has(self, right: Right) -> bool:
        return right in RIGHTS[self.role]

    @property
    def limited(self) -> bool:
        return self.groups is not None
