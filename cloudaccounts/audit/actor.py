"""Who acts: passed from the page, the API, a command or the worker to the audit."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Actor:
    """``id`` is ``str(user.pk)`` or ``system``; ``via`` one of page, api, admin, command, worker."""

    # Written into rows and messages as a mapping, since a worker acts for whoever asked, who is not there any more.
    id: str
    label: str
    via: str
    address: str = ""

    @classmethod
    def of_request(cls, request: HttpRequest, via: str = "page") -> Actor:
        """The signed-in user. REMOTE_ADDR is the client's own address, which `config.middleware` has put there."""
        user = request.user
        return cls(id=str(user.pk), label=user.get_username(), via=via, address=request.META.get("REMOTE_ADDR", ""))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Actor:
        # By name: rows of another version may have more or fewer of these, and none of them is worth a failure.
        return cls(**{key: str(data.get(key, "")) for key in ("id", "label", "via", "address")})

    def to_dict(self) -> dict[str, str]:
        return asdict(self)


SYSTEM = Actor(id="system", label="Cloud Account Management", via="worker")
