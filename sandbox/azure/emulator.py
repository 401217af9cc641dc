"""The simulated Azure as the sandbox sees it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from wsgiref.types import WSGIApplication

from sandbox.azure import applications, scenarios, seed
from sandbox.azure.clouds import ENDPOINTS
from sandbox.azure.commands import Commands
from sandbox.azure.directory import Directory
from sandbox.azure.layer import Layer
from sandbox.azure.state import State
from sandbox.azure.tokens import Tokens
from sandbox.emulator import Command, Scenario
from sandbox.faults import Faults
from sandbox.files import write_private
from sandbox.journal import Journal

TOKEN_FILE = "azure-federated-token"


class AzureEmulator:
    name = "azure"

    def __init__(self, data_dir: Path, faults: Faults, journal: Journal) -> None:
        self._data_dir = data_dir
        self._state = State(data_dir)
        self._directory = Directory()
        self._tokens = Tokens(self._state)
        seed.build(self._directory, self._state)
        self._commands = Commands(self._directory, self._state, self._tokens)
        self._commands.restore()
        # What Graph's calls left of secrets stands above what the company began with.
        applications.restore(self._directory, self._state)
        layer = Layer(self._directory, self._tokens, faults, journal, self._state)
        self._applications = {host: layer.application(endpoint) for host, endpoint in ENDPOINTS.items()}

    def route(self, host: str) -> WSGIApplication | None:
        return self._applications.get(host)

    def environment(self) -> Mapping[str, str]:
        """The server's own identity: a token of its platform, good for a week from the sandbox's start."""
        path = self._data_dir / TOKEN_FILE
        write_private(path, self._tokens.server_token().encode())
        return {"AZURE_FEDERATED_TOKEN_FILE": str(path)}

    def scenarios(self) -> Sequence[Scenario]:
        return scenarios.scenarios(self._directory, self._state)

    def commands(self) -> Mapping[str, Command]:
        return self._commands.by_name()
