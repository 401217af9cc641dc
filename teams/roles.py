"""Roles in a team, and the rights that each gives."""

from __future__ import annotations

from enum import Enum

from django.db.models import TextChoices


class Role(TextChoices):
    VIEWER = "viewer", "Viewer"
    AUDITOR = "auditor", "Auditor"
    OPERATOR = "operator", "Operator"
    OWNER = "owner", "Owner"


class Right(Enum):
    """What a call or a page takes. ``value`` is how an answer of 403 says it."""

    READ = "to read"
    AUDIT = "to read the audit and to export"
    READ_CHANNELS = "to read channels"
    OPERATE = "to connect, scan, rotate and suppress"
    MANAGE = "to manage members, channels and deletion"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.READ}),
    Role.AUDITOR: frozenset({Right.READ, Right.AUDIT, Right.READ_CHANNELS}),
    Role.OPERATOR: frozenset({Right.READ, Right.READ_CHANNELS, Right.OPERATE}),
    Role.OWNER: frozenset(Right),
}


def roles_with(right: Right) -> list[Role]:
    """The roles that have this right, the least powerful first."""
    return [role for role in Role if right in RIGHTS[role]]
