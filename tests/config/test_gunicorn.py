"""gunicorn, really started with our settings: its own lines are redacted as all others are."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from config.env import ROOT
from tests.servers import EMBEDDED
from tests.webserver import WebServer

SECRET = "HUNTER2HUNTER2"
Start = Callable[..., WebServer]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as running:

        def begin(**env: str) -> WebServer:
            line = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TEST_"))}
            line |= {**EMBEDDED, "DATA_DIR": str(tmp_path / "data"), "DEBUG": "1", "SECRET_KEY": "x" * 60, **env}
            server = WebServer(ROOT, line, tmp_path / "gunicorn.log", "--access-logfile", "-", "--log-level", "debug")
            return running.enter_context(server)

        yield begin


def ask(server: WebServer) -> None:
    """A request with a secret in its address and its referrer, and one that is none, with a secret as well."""
    path = f"/healthz?client_secret={SECRET}&page=1"
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nReferer: /?password={SECRET}\r\nConnection: close\r\n\r\n"
    server.send(head.encode())
    server.send(f"client_secret={SECRET}\r\n\r\n".encode())


def test_a_secret_in_a_request_line_is_hidden(start: Start) -> None:
    server = start()
    ask(server)
    line = server.waits_for("Invalid request from")
    line = server.waits_for("client_secret=[hidden]&page=1")
    assert SECRET not in line
    assert "password=[hidden]" in line
    assert "INFO gunicorn.error Listening at" in line
    assert "INFO gunicorn.access 127.0.0.1" in line


def test_the_lines_are_json_where_all_others_are(start: Start) -> None:
    server = start(LOG_FORMAT="json")
    ask(server)
    server.waits_for("Invalid request from")
    line = server.waits_for("client_secret=[hidden]&page=1")
    assert SECRET not in line
    rows: list[dict[str, Any]] = [json.loads(line) for line in line.splitlines() if line.startswith("{")]
    loggers = {row["logger"] for row in rows}
    assert {"gunicorn.error", "gunicorn.access"} <= loggers
    assert not [line for line in line.splitlines() if "gunicorn" in line and not line.startswith("{")]


def test_that_stays_so_after_a_reload(start: Start) -> None:
    server = start()
    server.process.send_signal(signal.SIGHUP)
    server.waits_for("Booting worker with pid", times=2)
    server.wait_until_it_answers()
    ask(server)
    line = server.waits_for("client_secret=[hidden]&page=1")
    assert SECRET not in line


@pytest.mark.parametrize("moment", ["Listening at", "Booting worker"])
def test_told_to_end_while_a_worker_begins_or_loads_it_ends_at_once(tmp_path: Path, moment: str) -> None:
    """Not after graceful_timeout, which is for pages that are under way."""
    env = {**os.environ, **EMBEDDED, "DATA_DIR": str(tmp_path / "data"), "DEBUG": "1", "SECRET_KEY": "x" * 60}
    server = WebServer(ROOT, env, tmp_path / "gunicorn.log")
    server.waits_for(moment)
    server.process.terminate()
    assert server.process.wait(12) == 0


def test_the_master_holds_no_code_of_ours_that_a_reload_would_not_bring_anew() -> None:
    program = (
        "import sys; from gunicorn.app.wsgiapp import WSGIApplication;"
        "sys.argv = ['gunicorn', 'config.wsgi', '--config', 'config/gunicorn.conf.py'];"
        "app = WSGIApplication(); app.cfg.logger_class(app.cfg);"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in {'config', 'django', 'cloudaccounts'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
