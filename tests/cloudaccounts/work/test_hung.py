"""Threads that hang are left behind, counted, and end the process when they add up."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.deadlines import Deadline, each_within, start, within, within_asking
from cloudaccounts.work import hung
from cloudaccounts.work.daemon_threads import DaemonThreads, Task
from config import replacing
from tests.stack import wait_for


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What hangs waits for it. Set at the end, so that no thread outlives the test."""
    gate = threading.Event()
    yield gate
    gate.set()
    wait_for(lambda: hung.count() == 0, seconds=10, what="the end of the hung threads")


@pytest.fixture
def replaced() -> Iterator[list[int]]:
    asked: list[int] = []
    hung.on_too_many(lambda: asked.append(hung.count()))
    yield asked
    hung.on_too_many(None)


def test_a_call_that_hangs_is_given_up_and_counted(gate: threading.Event) -> None:
    for call in (
        lambda: within(0.05, "Toy", lambda: gate.wait(20)),
        lambda: Deadline(0.05, "Toy").wait(start(lambda: gate.wait(20))),
        lambda: list(each_within(0.05, "Toy", (gate.wait(20) for _ in range(3)))),
        lambda: within_asking(0.05, "Toy", lambda ask: gate.wait(20), lambda question: question),
    ):
        with pytest.raises(ProviderError) as refused:
            call()
        assert (refused.value.code, refused.value.permanent) == ("deadline_exceeded", False)
    assert hung.count() == 4
    gate.set()
    wait_for(lambda: hung.count() == 0, seconds=10, what="nothing hung")


def test_what_comes_in_time_is_answered_as_it_is() -> None:
    assert within(5, "Toy", lambda: 7) == 7
    assert list(each_within(5, "Toy", iter("abc"))) == ["a", "b", "c"]
    with pytest.raises(ZeroDivisionError):
        within(5, "Toy", lambda: 1 // 0)
    with pytest.raises(KeyError):
        list(each_within(5, "Toy", ({"b": 1}[key] for key in "a")))


def test_a_question_is_answered_in_the_callers_own_thread() -> None:
    threads: list[str] = []

    def answer(number: int) -> int:
        threads.append(threading.current_thread().name)
        return 10 // number

    assert within_asking(5, "Toy", lambda ask: [ask(1), ask(2)], answer) == [10, 5]
    assert threads == [threading.current_thread().name] * 2
    with pytest.raises(ZeroDivisionError):
        within_asking(5, "Toy", lambda ask: ask(0), answer)


def test_too_many_ask_for_another_process(
    gate: threading.Event, replaced: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hung, "LIMIT", 3)
    for number in range(3):
        assert replaced == []
        with pytest.raises(ProviderError):
            within(0.01, "Toy", lambda: gate.wait(20))
        assert hung.count() == number + 1
    assert replaced == [3]


def test_those_that_have_ended_after_all_do_not_add_up(replaced: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hung, "LIMIT", 2)
    for _ in range(4):
        gate = threading.Event()
        with pytest.raises(ProviderError):
            within(0.01, "Toy", lambda gate=gate: gate.wait(20))  # type: ignore[misc]
        gate.set()
        wait_for(lambda: hung.count() == 0, seconds=10, what="its end")
    assert replaced == []


def test_the_process_ends_in_order_and_at_the_latest_after_its_grace_time(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    exits: list[int] = []
    monkeypatch.setattr(replacing, "_asked", threading.Event())
    monkeypatch.setattr(
        replacing, "os",
        SimpleNamespace(kill=lambda pid, number: sent.append(number), getpid=lambda: 1, _exit=exits.append),
    )  # fmt: skip
    replacing._end(0.05)
    replacing._end(0.05)  # asked again, it is ending already
    assert sent == [signal.SIGTERM]
    wait_for(lambda: exits == [70], seconds=10, what="the end")


def test_a_pool_goes_on_without_the_thread_that_hangs(gate: threading.Event) -> None:
    pool, done = DaemonThreads(1, "test"), []

    def hang(task: Task) -> None:
        gate.wait(20)

    stuck = pool.submit(hang)
    pool.submit(lambda task: done.append("next"))
    wait_for(lambda: stuck.overdue(0.05), seconds=10, what="its deadline")
    assert done == []
    pool.leave(stuck, "test")
    wait_for(lambda: done == ["next"], seconds=10, what="the next task")
    assert hung.count() == 1
    pool.close(wait=1.0, what="test")
    assert hung.count() == 1


def test_a_pool_that_is_closed_begins_nothing_more_and_waits_only_so_long(gate: threading.Event) -> None:
    pool, begun = DaemonThreads(1, "test"), []

    def run(task: Task) -> None:
        begun.append(task)
        gate.wait(20)

    pool.submit(run)
    pool.submit(run)
    wait_for(lambda: len(begun) == 1, seconds=10, what="the first task")
    pool.close(wait=0.05, what="test")
    assert hung.count() == 1
    gate.set()
    wait_for(lambda: hung.count() == 0, seconds=10, what="its end")
    assert len(begun) == 1
