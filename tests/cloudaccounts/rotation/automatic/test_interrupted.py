"""kill -9 at each line that matters, and whatever else may go wrong in any order: what must hold holds all the while.

A point is each call to the cloud, before and behind it, and each write to a database before it is made. Without
transactions, as on MongoDB, nothing is rolled back: there each write is a place of its own to die at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
from django.db import connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.collection import Collection

from cloudaccounts.models import CloudAccount, RotationRun, RotationStep
from cloudaccounts.rotation.automatic import retiring
from tests.cloudaccounts.rotation.automatic.scene import FIRST, Scene
from tests.environment import MONGODB
from tests.toycloud.keys import KeyRing
from tests.toycloud.provider import STATE

pytestmark = pytest.mark.django_db(databases=["default", "cloud_security", "cloud_asset_discovery"])
WRITES = ("INSERT", "UPDATE", "DELETE")


@contextmanager
def counted_writes(ring: KeyRing) -> Iterator[None]:
    if MONGODB:
        with counted_mongodb_writes(ring):
            yield
        return

    def count(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        if ring.at_work and sql.startswith(WRITES):
            ring.point()
        return execute(sql, *more)

    with connections["cloud_security"].execute_wrapper(count):
        yield


@contextmanager
def counted_mongodb_writes(ring: KeyRing) -> Iterator[None]:
    """The backend for MongoDB passes by Django's wrappers: there the driver's own writes are the place to die at."""

    def counted(write: Callable[..., Any]) -> Callable[..., Any]:
        def point_then_write(*args: Any, **more: Any) -> Any:
            if ring.at_work:
                ring.point()
            return write(*args, **more)

        return point_then_write

    with pytest.MonkeyPatch.context() as patch:
        for name in ("insert_many", "update_many", "delete_many"):
            patch.setattr(Collection, name, counted(getattr(Collection, name)))
        yield


@contextmanager
def undone(scene: Scene) -> Iterator[None]:
    """What happens within leaves no row and no hour behind, so that one test can play a hundred times."""
    before = scene.clock.now
    afresh(scene)
    sid = transaction.savepoint(using="cloud_security")
    documents = all_documents() if MONGODB else {}
    try:
        yield
    finally:
        transaction.savepoint_rollback(sid, using="cloud_security")
        if MONGODB:  # where a savepoint is accepted and does nothing
            put_back(documents)
        scene.clock.now = before


def all_documents() -> dict[str, list[Any]]:
    connection: Any = connections["cloud_security"]  # the backend's own, which Django's types do not know
    database = connection.database
    return {name: list(database[name].find()) for name in database.list_collection_names()}


def put_back(documents: dict[str, list[Any]]) -> None:
    connection: Any = connections["cloud_security"]  # the backend's own, which Django's types do not know
    database = connection.database
    for name in database.list_collection_names():
        if list(database[name].find()) != documents.get(name, []):
            database[name].delete_many({})
            if documents.get(name):
                database[name].insert_many(documents[name])


@pytest.fixture(autouse=True)
def few_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look of a watch is like the others: two instead of eight."""
    monkeypatch.setattr(retiring, "LOOKS", 2)


@pytest.fixture
def without_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "atomic", lambda *_, **__: nullcontext())


def afresh(scene: Scene) -> None:
    """The scene as it was, cheaper than another test would be."""
    STATE.keys.__init__()  # type: ignore[misc]
    STATE.keys.put(FIRST, "first-word", is_ours=True)


def play(scene: Scene, *, kill_at: int | None = None) -> int:
    """A whole rotation, killed at this point. How many points it had."""
    with undone(scene):
        with counted_writes(scene.ring):
            scene.begin()
            scene.ring.points, scene.ring.kill_at = 0, kill_at
            scene.until_it_ends()
        scene.must_be_settled()
        assert scene.run.state == "finished"
        return scene.ring.points


@pytest.mark.parametrize("part", range(4))
def test_killed_at_any_point_it_ends_with_one_key_and_none_left(scene: Scene, part: int) -> None:
    points = play(scene)
    assert points > 40
    for point in range(1 + part, points + 1, 4):
        play(scene, kill_at=point)


@pytest.mark.skipif(MONGODB, reason="MongoDB rolls nothing back: the test above is this one there.")
@pytest.mark.parametrize("part", range(4))
def test_the_same_where_nothing_is_rolled_back(scene: Scene, without_transactions: None, part: int) -> None:
    points = play(scene)
    for point in range(1 + part, points + 1, 4):
        play(scene, kill_at=point)


Event = tuple[str, int]
events = st.lists(
    st.tuples(
        st.sampled_from(["kill", "throttle", "deny", "lost", "jump", "back", "person", "use", "nothing"]),
        st.integers(1, 40),
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happenings=events, tells_origin=st.booleans(), can_deactivate=st.booleans())
def test_whatever_happens_in_any_order(
    scene: Scene, happenings: list[Event], tells_origin: bool, can_deactivate: bool
) -> None:
    ring = scene.ring
    with undone(scene):
        ring.tells_origin, ring.can_deactivate = tells_origin, can_deactivate
        with counted_writes(ring):
            scene.begin()
            for kind, number in happenings:
                happen(scene, kind, number)
                if scene.run.is_active:
                    scene.work()
            # Then it is calm, and what had begun comes to an end.
            ring.faults.clear()
            ring.kill_at = None
            scene.until_it_ends()
        scene.must_be_settled()


def happen(scene: Scene, kind: str, number: int) -> None:
    ring = scene.ring
    if kind == "kill":
        ring.kill_at = ring.points + number
    elif kind in ("throttle", "deny", "lost"):
        ring.faults[ring.calls + number % 8 + 1] = kind
    elif kind == "jump":
        scene.clock.forward(days=number)
    elif kind == "back":
        scene.clock.forward(hours=-number)
    elif kind == "person" and len(ring.keys) < ring.limit:
        ring.put(f"P{number}", f"word-of-P{number}")
    elif kind == "use" and FIRST in ring.keys:
        ring.keys[FIRST].used_at = scene.clock.now


def test_rows_say_which_call_was_under_way_when_it_died(scene: Scene) -> None:
    scene.begin()
    ring = scene.ring
    original = ring.call

    def dies(work: Callable[[], Any]) -> Any:
        if not ring.created:
            answer = original(work)
            if ring.created:
                ring.kill_at = ring.points + 1
                ring.point()
            return answer
        return original(work)

    ring.call = dies  # type: ignore[method-assign]
    scene.work()
    step = RotationStep.objects.get()
    assert (step.action, step.outcome, step.key_id) == ("create", "begun", "")
    run = RotationRun.objects.get()
    assert (run.state, run.old_key, run.known_keys) == ("creating", FIRST, [FIRST])
    assert scene.until_it_ends().state == "finished"
    assert "K100" in ring.deleted
    scene.must_be_settled()
    assert CloudAccount.objects.get(pk=scene.account.pk).credential_generation == 1
