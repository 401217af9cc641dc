"""Who waits for whom in a web process: callers in turn, none with all threads, strangers by their address."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import pytest

from config.running import lanes
from config.running.lanes import Callers, Company, Lane
from tests.stack import wait_for


class Requests:
    """Requests that run until they are released, and the order in which they began."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self.began: list[str] = []
        self.refused: list[str] = []
        self.running: set[str] = set()
        self._gates: dict[str, threading.Event] = {}

    def send(self, caller: str, *names: str) -> list[bool]:
        for name in names:
            self._gates[name] = threading.Event()
        return [
            self._lane.submit(caller, partial(self._run, name), partial(self.refused.append, name)) for name in names
        ]

    def finish(self, *names: str) -> None:
        for name in names:
            self._gates[name].set()

    def have_begun(self, *names: str) -> None:
        # In any order: of two threads that begin at the same time, either may be first to say so.
        wait_for(lambda: sorted(self.began) == sorted(names), seconds=60, what=str(names))

    def refuse_late(self) -> None:
        self._lane.refuse_late()

    def _run(self, name: str) -> None:
        self.began.append(name)
        self.running.add(name)
        self._gates[name].wait(120)
        self.running.remove(name)


@pytest.fixture
def lane_of() -> Callable[..., Requests]:
    def build(
        threads: int, share: int, most: int = 100, patience: float = 60.0, crowded: int | None = None
    ) -> Requests:
        return Requests(Lane("test", threads=threads, share=share, most=most, patience=patience, crowded=crowded))

    return build


def test_nobody_runs_more_than_a_share_however_many_threads_are_free(lane_of: Callable[..., Requests]) -> None:
    requests = lane_of(threads=4, share=2)
    requests.send("mallory", "m1", "m2", "m3")
    requests.have_begun("m1", "m2")
    requests.send("alice", "a1")
    requests.have_begun("m1", "m2", "a1")
    requests.finish("m1")
    requests.have_begun("m1", "m2", "a1", "m3")


def test_a_quarter_of_the_threads_is_kept_for_callers_of_whom_nothing_runs(lane_of: Callable[..., Requests]) -> None:
    requests = lane_of(threads=4, share=2)
    requests.send("mallory", "m1", "m2")
    requests.have_begun("m1", "m2")
    requests.send("trudy", "t1", "t2")
    requests.have_begun("m1", "m2", "t1")
    requests.send("alice", "a1")
    requests.have_begun("m1", "m2", "t1", "a1")


def test_callers_have_their_turns_one_after_the_other(lane_of: Callable[..., Requests]) -> None:
    requests = lane_of(threads=1, share=1)
    requests.send("mallory", "m1", "m2", "m3")
    requests.have_begun("m1")
    requests.send("alice", "a1", "a2")
    for done, begins in (("m1", "m2"), ("m2", "a1"), ("a1", "m3"), ("m3", "a2")):
        requests.finish(done)
        wait_for(lambda begins=begins: requests.began[-1] == begins, seconds=60, what=begins)  # type: ignore[misc]


def test_beyond_what_one_caller_may_have_under_way_it_refuses_and_takes_others(
    lane_of: Callable[..., Requests],
) -> None:
    requests = lane_of(threads=1, share=1, most=2)
    requests.send("mallory", "m1")
    requests.have_begun("m1")
    assert requests.send("mallory", "m2", "m3") == [True, False]
    assert requests.send("alice", "a1") == [True]
    requests.finish("m1")
    requests.have_begun("m1", "m2")  # which was sent before, and now others are
    assert requests.send("mallory", "m4", "m5") == [True, False]
    requests.finish("m2")
    requests.have_begun("m1", "m2", "a1")


def test_while_others_come_too_each_has_less(lane_of: Callable[..., Requests], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(lanes, "time", SimpleNamespace(monotonic=lambda: clock[0], thread_time=lambda: 0.0))
    requests = lane_of(threads=8, share=2, crowded=1)
    requests.send("mallory", "m1", "m2", "m3")
    requests.have_begun("m1", "m2")
    requests.send("alice", "a1")
    requests.have_begun("m1", "m2", "a1")
    requests.finish("m1", "a1")
    wait_for(lambda: requests.running == {"m2"}, seconds=60, what="one of them")  # and not m3
    clock[0] += lanes.CROWDED_FOR + 1
    requests.send("mallory", "m4")
    requests.have_begun("m1", "m2", "a1", "m3")


def test_who_waited_too_long_is_refused_and_who_runs_is_not(
    lane_of: Callable[..., Requests], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(lanes, "time", SimpleNamespace(monotonic=lambda: clock[0], thread_time=lambda: 0.0))
    requests = lane_of(threads=1, share=1, patience=3.0)
    requests.send("mallory", "m1", "m2")
    requests.have_begun("m1")
    clock[0] = 102.0
    requests.send("mallory", "m3")
    requests.refuse_late()
    assert requests.refused == []
    clock[0] = 103.5
    requests.refuse_late()
    assert requests.refused == ["m2"]
    requests.finish("m1")
    requests.have_begun("m1", "m3")


def spend(seconds: float) -> None:
    """Of the processor, in the thread that calls it."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def work_of(lane: Lane, caller: str, times: int, seconds: float) -> list[float]:
    """Sends as many requests at once, each of which computes; when each began."""
    began: list[float] = []

    def work() -> None:
        began.append(time.monotonic())
        spend(seconds)

    for _ in range(times):
        assert lane.submit(caller, work, lambda: None)
    return began


def test_who_sends_many_at_once_gets_a_part_of_the_processor_while_others_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lanes, "BURST", 0.02)
    company = Company()
    pages, clouds = (
        Lane(name, threads=8, share=2, crowded=crowded, most=50, company=company)
        for name, crowded in (("page", 1), ("cloud", 2))
    )
    began = [work_of(clouds, "mallory", 6, 0.02), work_of(pages, "alice", 1, 0.0), work_of(pages, "mallory", 6, 0.02)]
    wait_for(lambda: sum(map(len, began)) == 13, seconds=60, what="all of them")
    times = sorted(began[0] + began[2])
    # Twelve take 0.24 s of the processor. 0.02 s are in advance, three begin before the first has ended, the last
    # is not waited for: the rest at a quarter of a processor.
    assert times[-1] - times[0] > (0.24 - 0.02 - 0.08) / lanes.PART
    assert sum(at < began[1][0] for at in times) <= 6  # in either lane nobody else is held back


def test_who_sends_one_after_the_other_is_not_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(lanes, "time", SimpleNamespace(monotonic=lambda: clock[0], thread_time=lambda: 0.0))
    company = Company()
    for _ in range(20):
        for caller in ("alice", "mallory"):
            company.comes(caller)
            assert company.rest(caller) == 0.0
            company.goes(caller, used=0.1)
    company.comes("mallory")
    company.comes("mallory")  # and now two at once
    assert company.rest("mallory") == pytest.approx(lanes.LONGEST_REST)
    assert company.rest("alice") == 0.0
    clock[0] += lanes.LONGEST_REST
    assert company.rest("mallory") == 0.0


def test_who_is_alone_is_not_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(lanes, "time", SimpleNamespace(monotonic=lambda: clock[0], thread_time=lambda: 0.0))
    company = Company()
    for _ in range(3):
        company.comes("mallory")
    company.goes("mallory", used=5.0)
    assert company.rest("mallory") == 0.0
    company.comes("alice")
    assert company.rest("mallory") > 0.0
    clock[0] += lanes.CROWDED_FOR + 0.1
    assert company.rest("mallory") == 0.0


def test_who_sends_several_waits_a_moment_for_somebodys_only_request(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(lanes, "time", SimpleNamespace(monotonic=lambda: clock[0], thread_time=lambda: 0.0))
    company = Company()
    for _ in range(3):
        company.comes("mallory")
    company.begins("mallory")
    clock[0] += 0.1
    company.comes("alice")
    assert company.rest("mallory") == 0.0  # hers waits itself
    assert company.rest("alice") == 0.0
    company.begins("alice")
    assert company.rest("mallory") == pytest.approx(lanes.YIELD_MOST - 0.1)  # so much at most, since his last began
    company.begins("mallory")
    assert company.rest("mallory") == pytest.approx(lanes.YIELD)  # and so much since hers began: it may be a long one
    company.goes("alice")
    assert company.rest("mallory") == 0.0
    for _ in range(2):
        company.comes("alice")
        company.begins("alice")
    assert company.rest("mallory") == 0.0  # of two who send several, neither waits for the other


def test_a_part_of_the_processor_is_one_for_all_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(lanes, "time", SimpleNamespace(monotonic=lambda: clock[0], thread_time=lambda: 0.0))
    alone, one_of_four = Company(), Company(4)
    for company in (alone, one_of_four):
        for caller in ("mallory", "mallory", "mallory", "alice", "alice"):
            company.comes(caller)
        company.goes("mallory", used=lanes.BURST + 0.05)
    assert alone.rest("mallory") == pytest.approx(0.05 / lanes.PART)
    assert one_of_four.rest("mallory") == pytest.approx(4 * 0.05 / lanes.PART)
    one_of_four.goes("mallory", used=60.0)
    for _ in range(2):
        one_of_four.comes("mallory")
    assert one_of_four.rest("mallory") == pytest.approx(lanes.LONGEST_REST)  # whatever was used


COOKIE = {"COOKIE": "a=1; cam_session=secret"}


@pytest.mark.parametrize(
    ("headers", "peer", "caller"),
    [
        ({"AUTHORIZATION": "Bearer known"}, "192.0.2.1", "7"),
        (COOKIE, "192.0.2.1", "7"),
        ({"COOKIE": "cam_session=other"}, "192.0.2.1", "?192.0.2.1"),
        ({"AUTHORIZATION": "Bearer made-up", **COOKIE}, "192.0.2.1", "?192.0.2.1"),
        ({}, "192.0.2.1", "?192.0.2.1"),
        ({}, "", "?local"),
        ({"X-FORWARDED-FOR": "198.51.100.9"}, "", "?198.51.100.9"),
        (
            {"X-FORWARDED-FOR": "198.51.100.9"},
            "192.0.2.1",
            "?192.0.2.1",
        ),  # written by the client itself
        ({"X-FORWARDED-FOR": "203.0.113.5, 198.51.100.9"}, "10.0.0.1", "?198.51.100.9"),
        ({"X-FORWARDED-FOR": "198.51.100.9, 10.0.0.2"}, "10.0.0.1", "?198.51.100.9"),
        ({"X-FORWARDED-FOR": "nonsense"}, "10.0.0.1", "?10.0.0.1"),
        ({}, "2001:db8::1", "?2001:db8::/64"),
        ({}, "::ffff:192.0.2.1", "?192.0.2.1"),
    ],
)
def test_who_calls(headers: dict[str, str], peer: str, caller: str) -> None:
    callers = Callers("cam_session", ["10.0.0.0/8", "unix"])
    callers.confirm({"AUTHORIZATION": "Bearer known"}, "7")
    callers.confirm(COOKIE, "7")
    callers.confirm({}, "8")
    callers.confirm({"AUTHORIZATION": "Bearer made-up"}, "")
    assert callers.of(headers, peer) == caller


def test_behind_a_socket_that_is_no_proxys_nobody_is_believed() -> None:
    assert Callers("cam_session").of({"X-FORWARDED-FOR": "198.51.100.9"}, "") == "?local"
