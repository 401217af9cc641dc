"""What a channel sends: events, as plain values that name no table. Nothing here is a secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

SHOWN_RESOURCES = 5
FINDING_OPENED = "finding.opened"
FINDING_RESOLVED = "finding.resolved"


class Phase(StrEnum):
    """What an event does to its incident: tickets are opened, commented on and closed by it."""

    OPEN = "open"
    UPDATE = "update"
    CLOSE = "close"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: to an account, or to its findings of one check (a group)."""

    id: str
    kind: str  # "finding.opened", or a `NoticeKind`
    title: str
    text: str
    occurred_at: str  # ISO 8601, UTC
    severity: str = ""  # of findings; empty for what has none
    remedy: str = ""
    account: str = ""  # our id
    account_name: str = ""
    account_number: str = ""  # the provider's
    provider: str = ""
    check_id: str = ""
    count: int = 0  # findings that this event is about
    still_open: int = 0  # of the group, afterwards
    resources: tuple[str, ...] = ()  # names of the first `SHOWN_RESOURCES`
    url: str = ""  # of our page
    incident: str = ""  # the same for what opens and what closes
    phase: Phase = Phase.NONE

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "resources": list(self.resources), "phase": self.phase.value}

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Event:
        # Rows outlive an update: what an older version wrote beyond these fields is left out.
        known = {name: content[name] for name in cls.__dataclass_fields__ if name in content}
        return cls(**{**known, "resources": tuple(known.get("resources", ())), "phase": Phase(known.get("phase", ""))})


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent at once. ``id`` is the same for each try, so that a receiver can see a second one."""

    id: UUID
    created_at: datetime
    events: tuple[Event, ...]
    is_test: bool = False
    # By incident: what an earlier message about it has opened at the receiver (an issue's key).
    references: Mapping[str, str] = field(default_factory=dict)
    findings: Sequence[Mapping[str, Any]] = ()  # as OCSF events, for kinds that take findings


@dataclass(frozen=True, slots=True)
class Sent:
    """What the receiver said. ``references`` as in `Message`; ``closed`` are incidents that have ended there."""

    detail: str = ""
    references: Mapping[str, str] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()
