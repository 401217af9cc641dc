from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``fine`` is what must hold, whatever the machine."""

    name: str
    requests: int
    errors: int
    median_ms: float
    p95_ms: float
    slowest_ms: float
    note: str
    fine: bool

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
