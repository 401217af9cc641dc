"""The whole product as people start it: `manage.py up --sandbox` in a folder of its own, for journeys."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from config.env import ROOT
from sandbox.control import Control
from sandbox.files import DESCRIPTION_FILE, read_json
from tests.databases import copy_embedded_to
from tests.servers import EMBEDDED

READY = 150.0  # seconds: a busy machine
_PASSWORD = re.compile(r"Password  (\S+)  \(shown this once\)")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], Any], *, seconds: float, what: str) -> Any:
    """The condition's first true answer; raises TimeoutError that names what was waited for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.1)
    raise TimeoutError(f"{what} did not happen within {seconds:.0f} s")


class Stack:
    """``migrated``: begins with tables that another start of the same code has made, which saves five seconds."""

    def __init__(self, folder: Path, databases: dict[str, str] = EMBEDDED, *, migrated: bool = True) -> None:
        self.folder = folder
        self.databases = databases
        self._migrated = migrated and not any(databases[name] for name in EMBEDDED)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.password = ""
        self._output = folder / "up.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._migrated and not (data := self.folder / "data").exists():
            copy_embedded_to(data)
        mode = "ab" if self._output.exists() else "wb"
        skip = self._output.stat().st_size if self._output.exists() else 0
        env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TEST_"))}
        env |= {"DATA_DIR": str(self.folder / "data"), "BASE_URL": self.url, "LOG_LEVEL": "INFO", "COLUMNS": "200"}
        env |= {"SECRET_KEY": "", "EMAIL_URL": "consolemail://"}
        env |= self.databases
        with self._output.open(mode) as output:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--sandbox", "--port", str(self.port)],
                cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        try:
            wait_for(lambda: "Ctrl-C ends everything" in self.output(skip), seconds=READY, what="the start")
        except TimeoutError as error:
            self.stop()
            raise RuntimeError(self.output(skip)[-3000:]) from error
        if found := _PASSWORD.search(self.output()):
            self.password = found[1]
        return self

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> int:
        """SIGTERM, as a service manager sends it; the exit code."""
        assert self._process
        if self._process.poll() is None:
            self._process.terminate()
        return self._process.wait(90)

    def output(self, skip: int = 0) -> str:
        return self._output.read_bytes()[skip:].decode(errors="replace")

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def control(self) -> Control:
        return Control.of(self.folder / "data" / "clouds")

    def scenario(self, title: str, cloud: str = "aws") -> dict[str, Any]:
        described: dict[str, Any] = read_json(self.folder / "data" / "clouds" / DESCRIPTION_FILE) or {}
        found: dict[str, Any] = next(
            item for item in described["credentials"] if (item["cloud"], item["title"]) == (cloud, title)
        )
        return found

    def pids(self, word: str) -> list[int]:
        """Processes of this stack whose command line has the word, parents first."""
        listing = subprocess.run(["ps", "-wweo", "pid,sid,args"], capture_output=True, text=True, check=True).stdout
        rows = [line.split(None, 2) for line in listing.splitlines()[1:]]
        return [int(pid) for pid, session, command in rows if session == str(self.pid) and word in command]

    def kill(self, word: str) -> None:
        for pid in self.pids(word):
            os.kill(pid, signal.SIGKILL)

    def freeze(self) -> None:
        """Stops the supervisor itself, so that it restarts nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)
