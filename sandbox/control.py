"""The control API's client: faults, the journal, and each cloud's own commands."""

import json
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from sandbox.aws.control import AwsControl
from sandbox.azure.control import AzureControl
from sandbox.files import DESCRIPTION_FILE, read_json
from sandbox.gcp.control import GcpControl
from sandbox.receivers.control import ReceiversControl


class ControlError(RuntimeError):
    """The sandbox refused a command; the text says why."""


class Control(AwsControl, AzureControl, GcpControl, ReceiversControl):
    """Speaks to a running sandbox. Each cloud adds its commands by a base class in its own folder."""

    def __init__(self, url: str, token: str) -> None:
        self._address = urlsplit(url).netloc
        self._token = token

    @classmethod
    def of(cls, data_dir: Path | str) -> Self:
        """The control of the sandbox that runs on this data folder; raises ControlError where none does."""
        description = read_json(Path(data_dir) / DESCRIPTION_FILE)
        if description is None:
            raise ControlError(f"no sandbox is running on {data_dir}")
        return cls(description["control_url"], description["control_token"])

    def ask(self, command: str, **arguments: Any) -> Any:
        # A connection for each command: they are few, and none outlives a restart of the sandbox.
        connection = HTTPConnection(self._address, timeout=60)
        try:
            headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
            connection.request("POST", f"/{command}", json.dumps(arguments), headers)
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in answer:
            raise ControlError(answer["error"])
        return answer["result"]

    def fault(self, kind: str, **settings: Any) -> int:
        """Sets a fault switch (see README.md for kinds and settings) and returns its id."""
        return int(self.ask("fault", kind=kind, **settings))

    def clear_faults(self, fault_id: int | None = None) -> None:
        """Clears one switch, or all."""
        self.ask("clear_faults", id=fault_id)

    def faults(self) -> list[dict[str, Any]]:
        """The switches, each with how often it hit."""
        return list(self.ask("faults"))

    def hosts(self) -> list[dict[str, Any]]:
        """Every connection that was asked of the proxy: host, port, verdict (joined, refused, unreachable), at."""
        return list(self.ask("hosts"))

    def refused_hosts(self) -> list[str]:
        """The egress tripwire: hosts that are no simulated cloud's and were asked for all the same."""
        return sorted({connection["host"] for connection in self.hosts() if connection["verdict"] == "refused"})

    def calls(self, cloud: str | None = None) -> list[dict[str, Any]]:
        """Every call answered: service, action, account, key, region, status, code (empty for success), ms, at."""
        return list(self.ask("calls", cloud=cloud))

    def keys_record(self, identity: str | None = None) -> list[dict[str, Any]]:
        """Every key that an API call made, deactivated or deleted, of one identity (user ARN, app, service account)."""
        return list(self.ask("keys", identity=identity))

    def clear_journal(self) -> None:
        self.ask("clear_journal")
