"""Runs a second engine as a child with a deadline, a minimal environment and bounded output.

Its group of processes is ended with the run, its cancellation, its deadline and the worker (`watcher`). What it prints
is kept for an operator's log, cut, and without any value that it was given.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cloudaccounts.contract.engines import EngineAccess
from cloudaccounts.storable import short_text
from scans.engines.folders import write_private

MOST_BYTES = 256 * 2**20  # of each file that it writes: about 60,000 results
KEPT = 16 * 1024  # bytes of what it prints, the last ones
SHORTEST = 8  # characters of a value that is not shown
SHORTEST_LINE = (
    20  # the same of a line in a file: shorter ones are names of fields, or an end of a key that opens nothing
)
LOOK_EVERY = 0.5  # seconds
# What a program needs to reach the network as this server does. Nothing else of the server's environment is passed on:
# it holds the encryption keys and passwords of databases.
PASSED_ON = (
    "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy", "AWS_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "LANG", "TZ",
)  # fmt: skip
_WATCHER = Path(__file__).with_name("watcher.py")
_HIDDEN = "[not shown]"
_LINE_ENDS = re.compile(r'\\n|\\r|["\r\n]')  # of files, and as JSON writes them


class StoppedError(Exception):
    """It was ended before it was done. ``by_deadline`` is False where the run was taken away."""

    def __init__(self, *, by_deadline: bool) -> None:
        super().__init__()
        self.by_deadline = by_deadline


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    said: str  # the end of what it printed


def run_child(
    command: Sequence[str], access: EngineAccess, folder: Path, *, seconds: float, goes_on: Callable[[], bool]
) -> Ended:
    """Runs it in ``folder``, which it may fill. ``goes_on`` is asked twice a second, in this thread.

    Raises `StoppedError`. Whatever happens, no process of its group is left when this returns.
    """
    environment = child_environment(os.environ, access, folder, Path(command[0]).parent)
    watcher = [sys.executable, "-I", "-S", str(_WATCHER), str(folder), str(MOST_BYTES)]
    process = subprocess.Popen(  # noqa: S603 # the operator's executable, by its path, without a shell
        [*watcher, *command],
        env=environment,
        stdin=subprocess.PIPE,  # never written to: it ends with this process
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    tail = _Tail(process, KEPT + _longest(access))
    try:
        until = time.monotonic() + seconds
        while not _has_ended(process.pid):
            if time.monotonic() > until:
                raise StoppedError(by_deadline=True)
            if not goes_on():
                raise StoppedError(by_deadline=False)
            time.sleep(LOOK_EVERY)
    finally:
        # Before the watcher is waited for: until then its number, which is the group's, belongs to nobody else.
        _kill_group(process.pid)
        process.wait()
        assert process.stdin is not None
        process.stdin.close()
        tail.close()
    return Ended(process.returncode, redacted(tail.text, access, is_cut=tail.is_cut))


def child_environment(server: Mapping[str, str], access: EngineAccess, folder: Path, program: Path) -> dict[str, str]:
    """All that the child gets to see. Writes the access' files."""
    passed = {name: server[name] for name in PASSED_ON if name in server}
    own = {"PATH": f"{program}:/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
    paths = {}
    for number, (variable, text) in enumerate(access.files.items()):
        path = folder / f"credential-{number}"
        write_private(path, text)
        paths[variable] = str(path)
    return {**passed, **own, **access.environment, **paths}


def redacted(text: str, access: EngineAccess, *, is_cut: bool = False) -> str:
    """Without the values of its environment and the lines of its files: a traceback may show them.

    ``is_cut``: the beginning is missing. Half a value there fits none, so as much as one may take is left out.
    """
    for value in _values(access):
        text = text.replace(value, _HIDDEN)
    return short_text(text[_longest(access) :][-KEPT:] if is_cut else text[-KEPT:], KEPT)


def _values(access: EngineAccess) -> list[str]:
    """What may not be shown, the longest first. Shorter ones are words such as "true"."""
    values = {value for value in access.environment.values() if len(value) >= SHORTEST}
    for text in access.files.values():
        # A key in JSON is one text with escaped line ends; a program that has read it prints it line by line.
        values |= {line for line in [text, *_LINE_ENDS.split(text)] if len(line) >= SHORTEST_LINE}
    return sorted(values, key=len, reverse=True)


def _longest(access: EngineAccess) -> int:
    return max((len(value.encode()) for value in _values(access)), default=0)


class _Tail:
    """Reads what the child prints, so that it never waits for a reader, and keeps the end of it."""

    def __init__(self, process: subprocess.Popen[bytes], most: int) -> None:
        assert process.stdout is not None
        self._most = most
        self.is_cut = False
        self._stream = process.stdout
        self._kept: deque[bytes] = deque()
        self._size = 0
        self._thread = threading.Thread(target=self._read, name="engine-output", daemon=True)
        self._thread.start()

    @property
    def text(self) -> str:
        return b"".join(self._kept)[-self._most :].decode(errors="replace")

    def close(self) -> None:
        # A process that left the group may hold the pipe: it is not waited for.
        self._thread.join(timeout=2)
        if not self._thread.is_alive():
            self._stream.close()

    def _read(self) -> None:
        while data := os.read(self._stream.fileno(), 8192):
            self._kept.append(data)
            self._size += len(data)
            self.is_cut = self.is_cut or self._size > self._most
            while self._size - len(self._kept[0]) > self._most:
                self._size -= len(self._kept.popleft())


def _has_ended(pid: int) -> bool:
    """Without taking its exit code: a process that was waited for gives its number free."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return
    except PermissionError:  # macOS, of a group of zombies
        return
