"""The toy cloud's identity that makes and deletes its own keys: with a limit, faults, kills, and a record of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from django.utils import timezone

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.own_keys import KeyRequest, LastUse, NewKey, Origin, OwnKey, OwnKeys

T = TypeVar("T")


class Killed(BaseException):
    """kill -9 at this very line: nothing that follows in the worker happens."""


@dataclass
class ToyKey:
    token: str
    created_at: datetime
    active: bool = True
    mark: str = ""
    is_ours: bool = True
    used_at: datetime | None = None


@dataclass
class KeyRing:
    """``points`` counts what may be interrupted: each call has one before and one behind it, each write one before."""

    keys: dict[str, ToyKey] = field(default_factory=dict)
    limit: int = 2
    can_deactivate: bool = True
    granted: bool = True
    tells_origin: bool = True
    created: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    points: int = 0
    kill_at: int | None = None
    at_work: bool = False  # a worker runs: what tests do beside it is no point to die at
    calls: int = 0
    faults: dict[int, str] = field(default_factory=dict)  # by number of the call: throttle, deny, lost
    young_for: int = 0  # validations that do not know a new key yet

    def put(self, key_id: str, token: str, *, is_ours: bool = False) -> None:
        self.keys[key_id] = ToyKey(token, timezone.now(), is_ours=is_ours)

    def opens(self, token: str) -> bool:
        return any(key.token == token and key.active for key in self.keys.values())

    def opened_with(self, token: str) -> ToyKeys:
        if not self.opens(token):
            raise ProviderError("wrong_key", "The toy cloud does not know this token.", "Ask for another.")
        return ToyKeys(self, next(key for key, value in self.keys.items() if value.token == token))

    def point(self) -> None:
        self.points += self.at_work
        if self.at_work and self.points == self.kill_at:
            raise Killed

    def call(self, work: Callable[[], T]) -> T:
        self.calls += 1
        fault = self.faults.pop(self.calls, "")
        self.point()
        if fault == "throttle":
            raise ProviderError("throttled", "The toy cloud is busy.", "Wait.", permanent=False)
        if fault == "deny":
            raise ProviderError("permission_denied", "The toy cloud refuses this.", "Grant it.")
        answer = work()
        self.point()
        if fault == "lost":
            raise ProviderError("read_timeout", "The toy cloud did not answer.", "Wait.", permanent=False)
        return answer


class ToyKeys(OwnKeys):
    def __init__(self, ring: KeyRing, key_id: str) -> None:
        self.ring, self.key_id = ring, key_id
        self.limit, self.can_deactivate = ring.limit, ring.can_deactivate

    def missing(self) -> tuple[str, ...]:
        return self.ring.call(lambda: () if self.ring.granted else ("toys:MakeKey",))

    def in_use(self) -> str:
        return self.key_id

    def keys(self) -> tuple[OwnKey, ...]:
        return self.ring.call(
            lambda: tuple(OwnKey(key, one.created_at, one.active, one.mark) for key, one in self.ring.keys.items())
        )

    def prepare(self, run: str) -> KeyRequest:
        return KeyRequest(f"run-{run}")

    def create(self, request: KeyRequest) -> NewKey:
        def make() -> NewKey:
            if len(self.ring.keys) >= self.ring.limit:
                raise ProviderError("limit_exceeded", "There are two keys already.", "Delete one.")
            key_id = f"K{len(self.ring.created) + 100}"
            self.ring.created.append(key_id)
            self.ring.keys[key_id] = ToyKey(f"word-of-{key_id}", timezone.now(), mark=request.mark)
            values = {"token": f"word-of-{key_id}", "key_id": key_id}
            return NewKey(key_id, Credentials("token", values), timezone.now())

        return self.ring.call(make)

    def origin(self, key: OwnKey, *, mark: str, since: datetime) -> Origin:
        if not self.ring.tells_origin:
            return Origin.UNKNOWN
        return self.ring.call(lambda: Origin.OURS if self.ring.keys[key.id].mark == mark else Origin.NOT_OURS)

    def last_use(self, key_id: str) -> LastUse:
        return self.ring.call(lambda: LastUse(self.ring.keys[key_id].used_at if key_id in self.ring.keys else None))

    def deactivate(self, key_id: str) -> None:
        def do() -> None:
            if key_id in self.ring.keys:
                self.ring.keys[key_id].active = False

        self.ring.call(do)

    def delete(self, key_id: str) -> None:
        def do() -> None:
            if self.ring.keys.pop(key_id, None) is not None:
                self.ring.deleted.append(key_id)

        self.ring.call(do)

    def close(self) -> None:
        pass
