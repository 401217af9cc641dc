"""What a simulated cloud offers to the sandbox: the one interface that AWS, Azure and GCP share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypedDict
from wsgiref.types import WSGIApplication

Address = tuple[str, int]
Command = Callable[..., Any]


class Scenario(TypedDict):
    """One account with credentials, for a person: what they show, and all that the wizard asks for.

    Each account id that can be connected stands in one scenario alone, so that none is refused as a duplicate.
    """

    cloud: str
    title: str
    account_id: str
    partition: str
    name: str
    environment: str  # production, staging or dev
    regions: list[str]
    method: str
    fields: dict[str, str]
    note: str
    refused: bool  # it is there to show a refusal, and can never be connected
    customer_step: str  # a command that plays the customer before it can be connected; {external_id} is to be filled in
    afterwards: str  # the same for once it is connected


class Emulator(Protocol):
    name: str

    def route(self, host: str) -> WSGIApplication | Address | None:
        """Who answers for a host: an application (the sandbox ends TLS), an address to splice to, or nobody."""

    def environment(self) -> Mapping[str, str]:
        """Variables that product processes need for this cloud, the server's own identity included."""

    def scenarios(self) -> Sequence[Scenario]: ...

    def commands(self) -> Mapping[str, Command]:
        """What the control API can ask of this cloud, by name; arguments and answers are JSON."""
