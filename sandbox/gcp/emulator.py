"""The simulated Google Cloud as the sandbox sees it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from wsgiref.types import WSGIApplication

from sandbox.authority import Authority
from sandbox.emulator import Address, Command, Scenario
from sandbox.faults import Faults
from sandbox.files import write_private
from sandbox.gcp import company, rest, rpc, scenarios
from sandbox.gcp.commands import Commands
from sandbox.gcp.directory import Directory
from sandbox.gcp.layer import Layer
from sandbox.gcp.state import State
from sandbox.gcp.tokens import sign_identity
from sandbox.journal import Journal

SERVER_KEY_FILE = "gcp-server.json"
TOKEN_FILE = "gcp-workload-token"
TOKEN_SECONDS = 30 * 24 * 3600


class GcpEmulator:
    name = "gcp"

    def __init__(self, data_dir: Path, authority: Authority, faults: Faults, journal: Journal) -> None:
        self._data_dir = data_dir
        state = State(data_dir)
        self._directory = Directory(state)
        company.build(self._directory)
        self._commands = Commands(self._directory, state)
        # After the company is built, since the commands change what stands in it.
        self._commands.restore()
        layer = Layer(self._directory, faults, journal)
        self._rest: dict[str, WSGIApplication] = {host: rest.application(layer, host) for host in rest.ROUTES}
        self._rpc = rpc.RpcServer(layer, authority.pem)
        self._write_own_credentials()

    def route(self, host: str) -> WSGIApplication | Address | None:
        if host in rpc.HOSTS:
            return self._rpc.address()
        return self._rest.get(host)

    def environment(self) -> Mapping[str, str]:
        """The server's own identity: application default credentials, and a token for workload identity."""
        return {
            "GOOGLE_APPLICATION_CREDENTIALS": str(self._data_dir / SERVER_KEY_FILE),
            "GCP_WORKLOAD_TOKEN_FILE": str(self._data_dir / TOKEN_FILE),
            # google-auth would otherwise look for a metadata server, which nobody answers for here: a delay, and a
            # host that the tripwire refuses.
            "NO_GCE_CHECK": "true",
        }

    def scenarios(self) -> Sequence[Scenario]:
        return scenarios.scenarios(self._directory)

    def commands(self) -> Mapping[str, Command]:
        return self._commands.by_name()

    def _write_own_credentials(self) -> None:
        key = next(iter(self._directory.account(company.SERVER).keys.values()))
        write_private(self._data_dir / SERVER_KEY_FILE, self._directory.key_file(key).encode())
        token = sign_identity(
            self._directory,
            issuer=company.ISSUER,
            subject=company.SUBJECT,
            audience=company.AUDIENCE,
            seconds=TOKEN_SECONDS,
        )
        write_private(self._data_dir / TOKEN_FILE, token.encode())
