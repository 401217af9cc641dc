"""gunicorn with the product's own settings, in a folder of code and an environment that a test gives."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import requests

from tests.stack import free_port, wait_for


class WebServer:
    """For ``with``: it answers when that begins, and has ended in order when that ends."""

    def __init__(
        self, code: Path, env: Mapping[str, str], log: Path, *arguments: str, application: str = "config.wsgi"
    ) -> None:
        self.port = free_port()
        self._log = log
        command = [
            sys.executable, "-m", "gunicorn", application, "--config", "config/gunicorn.conf.py", "--workers", "1",
            "--bind", f"127.0.0.1:{self.port}", *arguments,
        ]  # fmt: skip
        with log.open("wb") as output:
            self.process = subprocess.Popen(command, cwd=code, env=env, stdout=output, stderr=subprocess.STDOUT)

    def __enter__(self) -> Self:
        try:
            self.wait_until_it_answers()
        except BaseException:
            self.process.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        assert self.process.wait(30) == 0

    def wait_until_it_answers(self) -> None:
        wait_for(self._answers, seconds=60, what="gunicorn's answer")

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self.port}{path}", headers=dict(headers or {}), timeout=20)

    def send(self, raw: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
            line.sendall(raw)
            while line.recv(4096):
                pass

    def output(self) -> str:
        return self._log.read_text()

    def waits_for(self, text: str, times: int = 1) -> str:
        wait_for(lambda: self.output().count(text) >= times, seconds=20, what=f"{text!r} in the log")
        return self.output()

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.output()
        try:
            return self.get("/healthz").status_code == 200
        except requests.ConnectionError:
            return False
