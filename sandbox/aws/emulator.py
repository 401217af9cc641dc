"""The simulated AWS as the sandbox sees it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from wsgiref.types import WSGIApplication

from sandbox.aws import company, hosts, people, scenarios, seed
from sandbox.aws.commands import Commands
from sandbox.aws.history import History
from sandbox.aws.holdings import Holdings
from sandbox.aws.identities import Identities
from sandbox.aws.inprocess import Workshop
from sandbox.aws.layer import Layer
from sandbox.aws.state import State
from sandbox.emulator import Command, Scenario
from sandbox.faults import Faults
from sandbox.journal import Journal


class AwsEmulator:
    name = "aws"

    def __init__(self, data_dir: Path, faults: Faults, journal: Journal) -> None:
        self._state = State(data_dir)
        self._identities = Identities()
        history = History()
        workshop = Workshop()
        self._commands = Commands(self._identities, self._state, history, workshop)
        seed.build(self._identities, self._state, workshop)
        # After the company is built: what people made is put on top of it.
        self._commands.restore()
        self._layer = Layer(
            self._identities,
            faults,
            journal,
            self._state.seed,
            self._commands.remember_keys,
            history,
            Holdings(workshop, self._state),
        )
        self._applications: dict[hosts.Endpoint, WSGIApplication] = {}

    def route(self, host: str) -> WSGIApplication | None:
        endpoint = hosts.parse(host)
        if endpoint is None:
            return None
        if endpoint not in self._applications:
            self._applications[endpoint] = self._layer.application(endpoint)
        return self._applications[endpoint]

    def environment(self) -> Mapping[str, str]:
        """The server's own identity, in the product's own account."""
        key = people.keys_of(self._identities.accounts[company.OWN_ACCOUNT], seed.SERVER_USER)[-1]
        return {
            "AWS_ACCESS_KEY_ID": key["id"],
            "AWS_SECRET_ACCESS_KEY": key["secret"],
            # botocore would otherwise ask the instance's metadata service for credentials, outside the proxy.
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def scenarios(self) -> Sequence[Scenario]:
        return scenarios.scenarios(self._identities)

    def commands(self) -> Mapping[str, Command]:
        return self._commands.by_name()
