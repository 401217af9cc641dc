"""Who acts: passed from the page, the API, a command or the worker to the audit."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from teams.present import scope_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest


_FIELDS = ("id", "label", "via", "address", "team", "role")


@dataclass(frozen=True, slots=True)
class Actor:
    """``id`` is ``str(user.pk)`` or ``system``; ``via`` one of page, api, admin, command, worker.

    ``team`` and ``role`` are those that a person or a token acts in; empty where none was asked: commands, the admin.
    """

    # Written into rows and messages as a mapping, since a worker acts for whoever asked, who is not there any more.
    id: str
    label: str
    via: str
    address: str = ""
    team: str = ""
    role: str = ""

    @classmethod
    def of_request(cls, request: HttpRequest, via: str = "page") -> Actor:
        """The signed-in user. REMOTE_ADDR is the client's own address, which `config.middleware` has put there."""
        user = request.user
        # In the admin people act by permissions of the server's, in no team.
        scope = None if via == "admin" or not user.is_authenticated else scope_of(request)
        return cls(
            id=str(user.pk),
            label=user.get_username(),
            via=via,
            address=request.META.get("REMOTE_ADDR", ""),
            team=scope.owner if scope else "",
            role=scope.role.value if scope else "",
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Actor:
        # By name: rows of another version may have more or fewer of these, and none of them is worth a failure.
        return cls(**{key: str(data.get(key, "")) for key in _FIELDS})

    def to_dict(self) -> dict[str, str]:
        return asdict(self)


SYSTEM = Actor(id="system", label="Cloud Account Management", via="worker")
