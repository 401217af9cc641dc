"""What is known of an account's permissions, for the probe of a heartbeat."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownPermissions:
    """By the last full report. ``turn`` grows with each interval of heartbeats: a probe that cannot ask about all in
    one call takes another part each turn.
    """

    granted: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()  # granted once, denied since
    turn: int = 0

    def __bool__(self) -> bool:
        return bool(self.granted or self.lost)

    def changed(self, *, granted: frozenset[str] = frozenset(), denied: frozenset[str] = frozenset()) -> frozenset[str]:
        """Those of which a probe's answer says otherwise. What it did not answer is in neither, and unchanged."""
        return (self.granted & denied) | (self.lost & granted)
