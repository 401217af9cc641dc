"""A certificate replaces itself at Azure while workers are killed, calls fail and clocks jump: on the wire.

The property test of all interleavings plays on the toy cloud; what only Azure has is the proof, which a valid
certificate signs, and no way to make an old one inactive.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.models import CloudAccount, RotationRun
from cloudaccounts.providers.azure import own_keys
from cloudaccounts.rotation.automatic import retiring
from cloudaccounts.rotation.automatic.requests import ask_for
from cloudaccounts.rotation.automatic.runner import run_automatic_rotation
from tests.cloudaccounts.providers.azure.conftest import Cloud, Pem
from tests.cloudaccounts.providers.azure.test_own_keys import app, in_use, record
from tests.cloudaccounts.providers.azure.test_rotation import connect, wired
from tests.cloudaccounts.rotation.automatic.driving import drive, latest, turn
from tests.cloudaccounts.rotation.automatic.scene import Clock
from tests.toycloud.keys import Killed

pytestmark = pytest.mark.slow  # new certificates are not known everywhere at once, and a worker waits for that
FAULTS: dict[str, dict[str, Any]] = {
    "throttled": {"kind": "throttle"},
    "lost": {"kind": "lost"},
    "refused": {"kind": "deny"},
}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(datetime.now(UTC))
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


@pytest.fixture(autouse=True)
def few_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look of a watch is like the others: two instead of eight."""
    monkeypatch.setattr(retiring, "LOOKS", 2)


class App:
    """An app with a certificate of ours and a secret of a person's, and what must hold of it."""

    def __init__(self, cloud: Cloud, owner: User, pem: Pem) -> None:
        self.cloud, self.credentials = cloud, app(cloud, "certificate", pem)
        self.account: CloudAccount = connect(cloud, owner, self.credentials)
        self.others = [key for key in self._keys() if key["kind"] != "certificate"]

    def _keys(self) -> list[dict[str, Any]]:
        return self.cloud.control.app_keys(self.credentials["client_id"])

    @property
    def certificates(self) -> list[str]:
        return [key["key_id"] for key in self._keys() if key["kind"] == "certificate"]

    def must_hold(self) -> None:
        """At every moment: what is in use is there, and what is not ours as well."""
        keys = own_keys.open_own_keys(in_use(self.account), self.cloud.target())
        try:
            assert keys.in_use() in self.certificates
        finally:
            keys.close()
        assert [key for key in self._keys() if key["kind"] != "certificate"] == self.others

    def must_be_settled(self, run: RotationRun) -> None:
        """At the end: one certificate, and each further one named."""
        self.must_hold()
        named = {item["id"] for item in run.leftovers}
        assert set(self.certificates) - named == {in_use(self.account).get("key_id") or self.certificates[0]}


@pytest.fixture
def own(cloud: Cloud, alice: User, pem: Pem, clock: Clock) -> App:
    return App(cloud, alice, pem)


def to_the_end(own: App, clock: Clock, turns: int = 80) -> RotationRun:
    for _ in range(turns):
        run = turn(own.account, clock)
        own.must_hold()
        if not run.is_active:
            return run
    raise AssertionError(f"{run.state}: {run.code} {run.cause}")


@wired
@pytest.mark.parametrize("behind", [False, True], ids=["before", "behind"])
@pytest.mark.parametrize("call", ["create", "_remove", "_proof"])
def test_killed_at_each_call_that_writes(
    own: App, clock: Clock, monkeypatch: pytest.MonkeyPatch, call: str, behind: bool
) -> None:
    original: Callable[..., Any] = getattr(own_keys._Certificates, call)
    kills = [1, 2] if call == "_proof" else [1]  # the proof is signed for both calls
    seen = 0

    def dies(self: Any, *given: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen not in kills:
            return original(self, *given)
        if behind:
            original(self, *given)
        raise Killed

    monkeypatch.setattr(own_keys._Certificates, call, dies)
    ask_for(own.account)
    died, run = 0, latest(own.account)
    for _ in range(120):
        try:
            run = turn(own.account, clock)
        except Killed:
            died += 1
            clock.now = timezone.now()
            clock.forward(minutes=10)  # its lease ends
            run = latest(own.account)
        own.must_hold()
        if not run.is_active:
            break
    assert (run.state, died) == ("finished", len(kills))
    own.must_be_settled(run)
    assert own.certificates == [run.new_key]
    words = record(own.cloud, own.credentials)
    assert words.count("addKey") - words.count("removeKey") == 0


@wired
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("action", ["addKey", "removeKey"])
def test_each_call_that_writes_fails_twice(own: App, clock: Clock, action: str, fault: str) -> None:
    own.cloud.control.fault(cloud="azure", action=action, times=2, **FAULTS[fault])
    ask_for(own.account)
    run = to_the_end(own, clock)
    own.must_be_settled(run)
    # A person asks once more after a failure: it works then, and nothing is left of the first.
    if run.state != "finished":
        run = drive(own.account, clock)
    assert run.state == "finished"
    assert own.certificates == [run.new_key]


@wired
@pytest.mark.parametrize("jump", [{"days": 400}, {"days": -30}], ids=["ahead", "back"])
@pytest.mark.parametrize("state", ["preparing", "testing", "watching", "grace"])
def test_a_clock_that_jumps_in_each_state(own: App, clock: Clock, state: str, jump: dict[str, float]) -> None:
    ask_for(own.account)
    if state in ("watching", "grace"):
        drive(own.account, clock, state)
    elif state == "testing":
        own.cloud.control.fault(cloud="azure", action="GetSubscription", times=1, kind="throttle")
        run_automatic_rotation(latest(own.account).pk)
    clock.forward(**jump)
    run_automatic_rotation(latest(own.account).pk)
    own.must_hold()
    if latest(own.account).is_active:
        assert own.certificates, "whatever the clock says"
        if state in ("watching", "grace"):
            assert len(own.certificates) == 2, "one look of a clock that jumped ends neither watch nor grace time"
    run = to_the_end(own, clock) if latest(own.account).is_active else latest(own.account)
    own.must_be_settled(run)
    assert run.state == "finished"
