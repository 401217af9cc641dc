from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from config.running.output import Output
from config.running.supervisor import Child, Children
from tests.stack import wait_for


class Running:
    """Children that are watched in a thread, and what they printed."""

    def __init__(self) -> None:
        self.screen = io.StringIO()
        self.children = Children(Console(file=self.screen, width=200))
        self._watcher = threading.Thread(target=self.children.watch)
        self._watcher.start()

    def add(self, name: str, program: str) -> Child:
        child = Child(name, [sys.executable, "-c", program], "green", {})
        self.children.add(child)
        return child

    def says(self, text: str) -> None:
        wait_for(lambda: text in self.screen.getvalue(), seconds=15, what=f"{text!r} in {self.screen.getvalue()!r}")

    def end(self) -> None:
        self.children.stop()
        self._watcher.join(10)
        self.children.end()


@pytest.fixture
def running() -> Iterator[Running]:
    running = Running()
    yield running
    running.end()


def test_output_is_prefixed_with_its_childs_name(running: Running) -> None:
    running.add("web", "print('hello'); import time; time.sleep(60)")
    running.says("web     │ hello")


def test_a_child_that_dies_is_started_again_and_that_is_said(running: Running) -> None:
    child = running.add("worker", "import time; time.sleep(60)")
    assert child.process
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    running.says("was killed by SIGKILL; starting it again in 1 s")
    wait_for(lambda: child.process and child.process.pid != first, seconds=10, what="another process")


def test_one_that_keeps_dying_is_started_ever_more_slowly(running: Running) -> None:
    running.add("beat", "raise SystemExit(3)")
    running.says("ended with exit code 3; starting it again in 1 s")
    running.says("starting it again in 2 s")


def test_ending_ends_all_of_them(running: Running) -> None:
    children = [running.add(name, "import time; time.sleep(60)") for name in ("web", "worker")]
    running.end()
    assert all(child.process and child.process.poll() is not None for child in children)


def test_what_others_need_ends_after_them(running: Running) -> None:
    slow = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: (time.sleep(1), print('done'), exit()))"
    quick = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: (print('needed no more'), exit()))"
    needed = Child("clouds", [sys.executable, "-c", f"{quick}; print('up'); time.sleep(60)"], "", {}, True)
    running.children.add(needed)
    running.add("worker", f"{slow}; print('up'); time.sleep(60)")
    running.says("clouds  │ up")
    running.says("worker  │ up")
    running.end()
    screen = running.screen.getvalue()
    assert screen.index("done") < screen.index("needed no more")
    assert needed.process
    assert needed.process.returncode == 0


def test_one_that_does_not_listen_is_killed(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.running.supervisor.GRACE", 0.5)
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    child = running.add("web", deaf)
    running.says("deaf")
    running.end()
    assert child.process
    assert child.process.returncode == -signal.SIGKILL


class Failing(io.StringIO):
    """An output that takes nothing any longer."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self._error = error

    def write(self, text: str) -> int:
        raise self._error


@pytest.mark.parametrize(
    ("error", "ends"),
    [(BrokenPipeError(), True), (OSError(errno.ENOSPC, "No space left on device"), False)],
    ids=["nobody-reads", "disk-full"],
)
def test_children_are_read_on_when_our_own_output_fails(error: OSError, ends: bool) -> None:
    children = Children(Output(file=Failing(error)))
    child = Child("web", [sys.executable, "-c", "print(('x' * 1000 + '\\n') * 500)"], "", {})
    children.add(child)
    assert child.process
    assert child.process.wait(20) == 0  # a pipe that nobody empties would hold it for ever
    assert children.stopping.is_set() is ends
    children.end()


def test_the_end_starts_nothing_anew() -> None:
    children = Children(Output(file=io.StringIO()))
    child = Child("web", [sys.executable, "-c", "import time; time.sleep(60)"], "", {})
    children.add(child)
    watcher = threading.Thread(target=children.watch, daemon=True)
    watcher.start()
    children.end()
    watcher.join(5)
    assert not watcher.is_alive()
    late = Child("late", [sys.executable, "-c", ""], "", {})
    children.add(late)
    assert late.process is None


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    child = f"import os, time; open({str(marker)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    parent = (
        "import sys, time, io; from rich.console import Console; from config.running.supervisor import *;"
        f"Children(Console(file=io.StringIO())).add(Child('x', [sys.executable, '-c', {child!r}], '', {{}}));"
        "time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", parent])
    pid = wait_for(lambda: marker.exists() and marker.read_text(), seconds=10, what="the grandchild")
    process.kill()
    process.wait()

    def gone() -> bool:
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return True
        # Where nobody reaps orphans the process stays as a zombie, which is gone as well.
        return "Z" in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]

    wait_for(gone, seconds=10, what="its end")
