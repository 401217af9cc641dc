"""gunicorn, really started with our settings: its own lines are redacted as all others are."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.env import ROOT
from tests.servers import EMBEDDED
from tests.stack import free_port, wait_for

SECRET = "HUNTER2HUNTER2"
Start = Callable[..., "Server"]


class Server:
    def __init__(self, folder: Path, **env: str) -> None:
        self.port = free_port()
        self._output = folder / "gunicorn.log"
        told = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TEST_"))}
        told |= {**EMBEDDED, "DATA_DIR": str(folder / "data"), "DEBUG": "1", "SECRET_KEY": "x" * 60, **env}
        command = [
            sys.executable, "-m", "gunicorn", "config.wsgi", "--config", "config/gunicorn.conf.py", "--workers", "1",
            "--bind", f"127.0.0.1:{self.port}", "--access-logfile", "-", "--log-level", "debug",
        ]  # fmt: skip
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, env=told, stdout=output, stderr=subprocess.STDOUT)
        wait_for(self._answers, seconds=60, what="gunicorn's first answer")

    def send(self, raw: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
            line.sendall(raw)
            while line.recv(4096):
                pass

    def output(self) -> str:
        return self._output.read_text()

    def waits_for(self, text: str, times: int = 1) -> str:
        wait_for(lambda: self.output().count(text) >= times, seconds=20, what=f"{text!r} in the log")
        return self.output()

    def end(self) -> None:
        self.process.terminate()
        assert self.process.wait(30) == 0

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.output()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=20) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[Server] = []

    def begin(**env: str) -> Server:
        running.append(Server(tmp_path, **env))
        return running[-1]

    yield begin
    for server in running:
        server.end()


def ask(server: Server) -> None:
    """A request with a secret in its address and its referrer, and one that is none, with a secret as well."""
    path = f"/healthz?client_secret={SECRET}&page=1"
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nReferer: /?password={SECRET}\r\nConnection: close\r\n\r\n"
    server.send(head.encode())
    server.send(f"client_secret={SECRET}\r\n\r\n".encode())


def test_a_secret_in_a_request_line_is_hidden(start: Start) -> None:
    server = start()
    ask(server)
    told = server.waits_for("Invalid request from")
    told = server.waits_for("client_secret=[hidden]&page=1")
    assert SECRET not in told
    assert "password=[hidden]" in told
    assert "INFO gunicorn.error Listening at" in told
    assert "INFO gunicorn.access 127.0.0.1" in told


def test_the_lines_are_json_where_all_others_are(start: Start) -> None:
    server = start(LOG_FORMAT="json")
    ask(server)
    server.waits_for("Invalid request from")
    told = server.waits_for("client_secret=[hidden]&page=1")
    assert SECRET not in told
    rows: list[dict[str, Any]] = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    loggers = {row["logger"] for row in rows}
    assert {"gunicorn.error", "gunicorn.access"} <= loggers
    assert not [line for line in told.splitlines() if "gunicorn" in line and not line.startswith("{")]


def test_that_stays_so_after_a_reload(start: Start) -> None:
    server = start()
    server.process.send_signal(signal.SIGHUP)
    server.waits_for("Booting worker with pid", times=2)
    wait_for(server._answers, seconds=60, what="an answer of the new worker")
    ask(server)
    told = server.waits_for("client_secret=[hidden]&page=1")
    assert SECRET not in told


def test_the_master_holds_no_code_of_ours_that_a_reload_would_not_bring_anew() -> None:
    program = (
        "import sys; from gunicorn.app.wsgiapp import WSGIApplication;"
        "sys.argv = ['gunicorn', 'config.wsgi', '--config', 'config/gunicorn.conf.py'];"
        "app = WSGIApplication(); app.cfg.logger_class(app.cfg);"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in {'config', 'django', 'cloudaccounts'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
