"""The smallest grant that some checks need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LeastPrivilege:
    """``document`` is what the cloud's own tools take, in JSON types: a policy, a role or a list of roles.

    ``needed_for`` says of each permission which checks need it, by their ids; those of signing in, of listing and of
    incremental scans are needed whatever is checked, and have none.
    """

    title: str  # "IAM policy"
    filename: str
    document: Mapping[str, Any]
    needed_for: Mapping[str, tuple[str, ...]]

    @property
    def permissions(self) -> tuple[str, ...]:
        return tuple(self.needed_for)
