"""Child processes in the foreground: prefixed output, restarts that are said, and a clean end."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

# Seconds that children may take to end what they do; leases bring back what they do not. More than gunicorn leaves to
# pages that are under way (graceful_timeout), and enough for a busy machine: a quiet one is done in two.
GRACE = 30.0
MOST_PATIENCE = 30.0  # seconds between restarts at most
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
# Found here and not in the child: between fork and exec no lock may be taken, and the dynamic loader takes one.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


@dataclass
class Child:
    name: str
    command: Sequence[str]
    style: str
    env: Mapping[str, str]
    needed_by_others: bool = False  # ends when they have ended: a task that is under way still asks it
    once: bool = False  # it has an end, and is not started again
    process: subprocess.Popen[str] | None = None
    started: float = 0.0
    restarts: int = 0
    retry_at: float = 0.0
    readers: list[threading.Thread] = field(default_factory=list)


class Children:
    """Starts children in this process group, watches them, and ends them all together."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._children: list[Child] = []
        self._starting = threading.Lock()  # so that nothing starts behind the back of `end`
        self.stopping = threading.Event()

    def add(self, child: Child) -> None:
        self._children.append(child)
        self._start(child)

    def say(self, name: str, style: str, line: str) -> None:
        text = Text(f"{name:<8}│ ", style=style)
        text.append(line, style="none")
        self._print(text)

    def watch(self) -> None:
        """Until `stop`: restarts what dies, ever more slowly while it keeps dying, and says so."""
        while not self.stopping.wait(0.3):
            for child in self._children:
                self._look_at(child)

    def stop(self) -> None:
        self.stopping.set()

    def end(self) -> None:
        """SIGTERM to all, SIGKILL to what still runs after the grace time; what others need comes last."""
        self.stopping.set()
        with self._starting:
            running = [child for child in self._children if child.process and child.process.poll() is None]
        self._end([child for child in running if not child.needed_by_others], "Ending …")
        self._end([child for child in running if child.needed_by_others])
        for child in self._children:
            for reader in child.readers:
                reader.join(timeout=2)

    def _end(self, running: Sequence[Child], said: str = "") -> None:
        """Nothing is said before all were told: saying may block or fail."""
        for child in running:
            assert child.process
            child.process.terminate()
        if said:
            self._print(Text(said))
        deadline = time.monotonic() + GRACE
        for child in running:
            assert child.process
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.say(child.name, child.style, "did not end in time; killed")
                child.process.kill()
                child.process.wait()

    def _print(self, text: Text) -> None:
        """Never raises: a reader that ended would leave its child blocked on a full pipe."""
        try:
            self._console.print(text, soft_wrap=True, highlight=False)
        except BrokenPipeError:  # nobody reads any longer (`up | head`): the end, as for every program in a pipe
            self.stopping.set()
        except OSError:  # a full disk behind a redirect, say: the product itself goes on
            pass

    def _start(self, child: Child) -> None:
        with self._starting:
            if self.stopping.is_set():
                return
            child.started = time.monotonic()
            child.retry_at = 0.0
            child.process = subprocess.Popen(
                child.command,
                env={**os.environ, **child.env, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                # A child may print what is no text: its reader must not end by that, or the child would block on a full
                # pipe.
                errors="replace",
                preexec_fn=_obey_the_parent_alone,
            )
        reader = threading.Thread(target=self._read, args=(child, child.process), daemon=True)
        child.readers = [reader]
        reader.start()

    def _read(self, child: Child, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        with process.stdout as lines:
            for line in lines:
                self.say(child.name, child.style, line.rstrip("\n"))

    def _look_at(self, child: Child) -> None:
        now = time.monotonic()
        if child.retry_at:
            if now >= child.retry_at:
                self._start(child)
            return
        if child.process is None or child.process.poll() is None:
            return
        if child.once:
            if code := child.process.returncode:
                self.say(child.name, "bold red", how_it_ended(code))
            child.process = None
            return
        # A minute of life counts as a recovery: then the pauses begin anew.
        child.restarts = 1 if now - child.started > 60 else child.restarts + 1
        pause = min(MOST_PATIENCE, 2.0 ** (child.restarts - 1))
        child.retry_at = now + pause
        self.say(
            child.name, "bold red", f"{how_it_ended(child.process.returncode)}; starting it again in {pause:.0f} s"
        )


def how_it_ended(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def _obey_the_parent_alone() -> None:
    """A terminal's Ctrl-C goes to the whole group; a child that `end` tells as well would be interrupted while it ends.

    On Linux the kernel ends the child when its parent is killed: a kill -9 of `up` leaves nothing behind.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    if _prctl:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
