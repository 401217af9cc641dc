"""The control API: JSON over HTTP on loopback, for tests and for people who play a cloud's administrator.

`POST /NAME` with a JSON object of arguments and `Authorization: Bearer TOKEN` answers `{"result": …}` or
`{"error": …}`. Names of one cloud carry its prefix: `aws.put_role`.
"""

import hmac
import json
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox.emulator import Command, Emulator
from sandbox.faults import Faults
from sandbox.journal import Journal


class ControlApi(ThreadingHTTPServer):
    daemon_threads = True  # a command that hangs must not keep the sandbox from ending
    block_on_close = False

    def __init__(self, token: str, emulators: Sequence[Emulator], faults: Faults, journal: Journal) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.token = token
        self.commands: dict[str, Command] = {
            "fault": faults.add,
            "clear_faults": faults.clear,
            "faults": faults.list,
            "hosts": journal.hosts,
            "calls": journal.calls,
            "keys": journal.keys,
            "clear_journal": journal.clear,
        }
        for emulator in emulators:
            self.commands |= {f"{emulator.name}.{name}": command for name, command in emulator.commands().items()}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Request(BaseHTTPRequestHandler):
    server: ControlApi
    protocol_version = "HTTP/1.1"
    # One write for the whole answer: head and body in two would wait 40 ms for a delayed acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(token.encode(), self.server.token.encode()):
            self._answer(401, {"error": "the control token is wrong or missing"})
            return
        command = self.server.commands.get(self.path.strip("/"))
        if command is None:
            self._answer(404, {"error": f"no such command: {self.path.strip('/')}"})
            return
        try:
            result = command(**json.loads(body or b"{}"))
        except (TypeError, ValueError, LookupError) as error:
            self._answer(400, {"error": str(error)})
        except Exception as error:  # noqa: BLE001 - the caller is a test: it needs the reason, not a closed connection
            self._answer(500, {"error": f"{type(error).__name__}: {error}"})
        else:
            self._answer(200, {"result": result})

    def _answer(self, status: int, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """Silent: the journal is the log."""
