"""A cloud of one host that gives back what it is sent: for the proxy's own tests."""

from __future__ import annotations

import shutil
import socketserver
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from sandbox.emulator import Address, Command, Scenario


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while block := self.request.recv(4096):
            self.request.sendall(block)


class EchoCloud:
    name = "echo"

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp())
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Echo)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        shutil.rmtree(self.folder)

    def route(self, host: str) -> Address | None:
        return ("127.0.0.1", self._server.server_address[1]) if host == "echo.example" else None

    def environment(self) -> Mapping[str, str]:
        return {}

    def scenarios(self) -> Sequence[Scenario]:
        return []

    def commands(self) -> Mapping[str, Command]:
        return {}
