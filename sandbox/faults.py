"""Fault switches: what goes wrong, for whom, and how often."""

import itertools
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

FaultKind = Literal[
    "throttle",
    "error",
    "delay",
    "deny",
    "gone",
    "lost",
    "expired_token",
    "clock_skew",
    "unknown_key",
    "not_subscribed",
    "unreachable",
]
UnreachableMode = Literal["refuse", "drop", "hang"]

# What a fault can be narrowed by; each is a shell-like pattern, and an omitted one matches everything.
SCOPES = ("cloud", "service", "action", "permission", "account", "key", "host", "region", "resource")


@dataclass
class Fault:
    """One switch.

    `after` is how many calls pass first, `times` how often it works then (None: until it is cleared); `seconds` the
    length of a delay, or of a throttle's Retry-After; `status` that of an error; `mode` how an unreachable
    host behaves.
    """

    kind: FaultKind
    cloud: str | None = None
    service: str | None = None
    action: str | None = None
    permission: str | None = None
    account: str | None = None
    key: str | None = None
    host: str | None = None
    region: str | None = None
    resource: str | None = None
    after: int = 0
    times: int | None = None
    seconds: float = 0.0
    status: int = 500
    mode: UnreachableMode = "refuse"
    id: int = 0
    met: int = 0
    hits: int = 0

    def concerns(self, subject: dict[str, str]) -> bool:
        """Whether every scope that the switch names matches the subject; a scope unknown to the subject does not."""
        if self.times is not None and self.hits >= self.times:
            return False
        for scope in SCOPES:
            pattern = getattr(self, scope)
            if pattern is not None and not fnmatchcase(subject.get(scope, "").lower(), pattern.lower()):
                return False
        return True


class Faults:
    """All switches, shared by the proxy and the emulators."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._ids = itertools.count(1)

    def add(self, kind: FaultKind, **settings: Any) -> int:
        """Sets a switch and returns its id; raises ValueError for a kind or setting that does not exist."""
        if kind not in get_args(FaultKind):
            raise ValueError(f"no such fault: {kind}; there are {', '.join(get_args(FaultKind))}")
        # Refused rather than ignored: a misspelt setting would be a switch for everything. The last three count, and
        # are not set.
        unknown = set(settings) - {field.name for field in fields(Fault)} | (set(settings) & {"id", "met", "hits"})
        if unknown:
            raise ValueError(f"unknown fault settings: {', '.join(sorted(unknown))}")
        with self._lock:
            fault = Fault(kind, **settings, id=next(self._ids))
            self._faults.append(fault)
            return fault.id

    def clear(self, id: int | None = None) -> None:  # noqa: A002 - the name that callers of the control API use
        with self._lock:
            self._faults = [fault for fault in self._faults if id is not None and fault.id != id]

    def list(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take(self, kinds: Iterable[FaultKind], subject: dict[str, str]) -> Fault | None:
        """The first switch of these kinds that concerns the subject; taking it counts as a hit."""
        if not self._faults:  # nearly always, and benchmarks run through here: without the lock
            return None
        wanted_kinds = set(kinds)
        with self._lock:
            for fault in self._faults:
                if fault.kind in wanted_kinds and fault.concerns(subject):
                    # Counted before `after` is compared: that many calls pass, and the next one is hit.
                    fault.met += 1
                    if fault.met > fault.after:
                        fault.hits += 1
                        return fault
        return None
