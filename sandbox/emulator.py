"""What a simulated cloud offers to the sandbox: the one interface that AWS, Azure and GCP share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypedDict
from wsgiref.types import WSGIApplication

Address = tuple[str, int]
Command = Callable[..., Any]


class Scenario(TypedDict):
    """Ready-to-paste credentials for a person: what they show, and the fields as the wizard and the API name them."""

    cloud: str
    title: str
    account_id: str
    method: str
    fields: dict[str, str]
    note: str


class Emulator(Protocol):
    name: str

    def route(self, host: str) -> WSGIApplication | Address | None:
        """Who answers for a host: an application (the sandbox ends TLS), an address to splice to, or nobody."""

    def environment(self) -> Mapping[str, str]:
        """Variables that product processes need for this cloud, the server's own identity included."""

    def scenarios(self) -> Sequence[Scenario]: ...

    def commands(self) -> Mapping[str, Command]:
        """What the control API can ask of this cloud, by name; arguments and answers are JSON."""
