"""All receivers behind the proxy, what they got, and what a person enters to reach them."""

import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Protocol
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sandbox.emulator import Command, Scenario
from sandbox.faults import Faults
from sandbox.files import read_json, write_json
from sandbox.journal import Journal
from sandbox.receivers import webhook
from sandbox.receivers.call import Call, Reply
from sandbox.receivers.jira import Jira
from sandbox.receivers.pagerduty import PagerDuty
from sandbox.receivers.slack import Slack
from sandbox.receivers.teams import Teams

RECEIVED_FILE = "received.json"
KEPT = 200


class Receiver(Protocol):
    @property
    def label(self) -> str: ...

    @property
    def hosts(self) -> tuple[str, ...]: ...

    @property
    def settings(self) -> dict[str, str]:
        """What a person enters for a channel that leads here."""

    def answer(self, call: Call) -> Reply: ...


class ReceiversEmulator:
    name = "receivers"

    def __init__(self, data_dir: Path, faults: Faults, journal: Journal) -> None:
        self._file = data_dir / RECEIVED_FILE
        self._faults = faults
        self._journal = journal
        self._lock = Lock()
        self._received: deque[dict[str, Any]] = deque(read_json(self._file) or [], maxlen=KEPT)
        self._webhook = webhook.Webhook()
        self._kinds: dict[str, Receiver] = {
            "slack": Slack(), "teams": Teams(), "jira": Jira(), "pagerduty": PagerDuty(), "webhook": self._webhook,
        }  # fmt: skip
        self._by_host = {host: kind for kind, receiver in self._kinds.items() for host in receiver.hosts}

    def route(self, host: str) -> WSGIApplication | None:
        kind = self._by_host.get(host)
        return None if kind is None else self._application(kind, host)

    def environment(self) -> Mapping[str, str]:
        # No vendor's host, and no name of any DNS: the operator names it, as one inside a company's network.
        return {"CHANNEL_HOSTS": webhook.HOST}

    def scenarios(self) -> Sequence[Scenario]:
        return []

    def commands(self) -> Mapping[str, Command]:
        return {"received": self.received, "clear": self.clear, "set_secret": self._webhook.set_secret}

    def channels(self) -> list[dict[str, Any]]:
        """What a person enters to add a channel of each kind."""
        return [
            {"kind": kind, "label": receiver.label, "settings": dict(receiver.settings)}
            for kind, receiver in self._kinds.items()
        ]

    def received(self, kind: str = "") -> list[dict[str, Any]]:
        """Every call that was taken, the oldest first: kind, method, path, headers, body (as text), shown, at."""
        with self._lock:
            return [line for line in self._received if kind in {"", line["kind"]}]

    def clear(self) -> None:
        with self._lock:
            self._received.clear()
            write_json(self._file, [])

    def _application(self, kind: str, host: str) -> WSGIApplication:
        def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            call = Call.of(host, environ)
            reply = self._fault(kind, host) or self._kinds[kind].answer(call)
            self._journal.call(
                cloud=self.name, service=kind, action=f"{call.method} {call.path}", account="", key="", region="",
                status=reply.status, code="", ms=0,
            )  # fmt: skip
            if reply.shown:
                self._keep(kind, call, reply)
            return reply.send(start_response)

        return application

    def _fault(self, kind: str, host: str) -> Reply | None:
        subject = {"cloud": self.name, "service": kind, "host": host}
        fault = self._faults.take(["throttle", "error"], subject)
        if fault is None:
            return None
        if fault.kind == "throttle":
            return Reply(429, headers={"Retry-After": str(round(fault.seconds) or 1)})
        return Reply(fault.status)

    def _keep(self, kind: str, call: Call, reply: Reply) -> None:
        line = {
            "kind": kind, "label": self._kinds[kind].label, "method": call.method, "path": call.path,
            # Without what proves who calls: the page of what was received is shown to everybody who signs in.
            "headers": {name: value for name, value in call.headers.items() if name != "authorization"},
            "body": call.body.decode("utf-8", "replace")[:20_000], "shown": reply.shown, "at": time.time(),
        }  # fmt: skip
        with self._lock:
            self._received.append(line)
            write_json(self._file, list(self._received))
