"""Many accounts behind one connected account's credential, for the clouds that have such."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.provider import Provider
from cloudaccounts.contract.setup import SetupContext, SetupGuide
from cloudaccounts.storable import clean_identifier, clean_record, clean_text

if TYPE_CHECKING:
    from django import forms


# The column's own: a longer identifier is cut and ends with its hash, so that two of them stay two.
MOST_ID = 200  # characters of a node's id


class NodeKind(StrEnum):
    CONTAINER = "container"  # an organizational unit, a management group, a folder
    ACCOUNT = "account"


class NodeState(StrEnum):
    """What the provider says about a member."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class OrganizationNode:
    """One node of an organization's tree. The root is the container without a parent.

    ``node_id`` is unique in the organization; ``account_id`` is canonical, and empty for containers; ``name`` is text
    that others chose.
    """

    node_id: str
    parent_id: str
    name: str
    kind: NodeKind
    account_id: str = ""
    state: NodeState = NodeState.ACTIVE

    def __post_init__(self) -> None:
        # Identifiers before the texts: `clean_record` would replace characters in them, and two that differ might
        # become one.
        for name in ("node_id", "parent_id", "account_id"):
            object.__setattr__(self, name, clean_identifier(getattr(self, name), MOST_ID))
        clean_record(self)


@dataclass(frozen=True, slots=True)
class MemberPage:
    """Some nodes, perhaps none, and the cursor of the next page; empty for the last page.

    The cursor is stored after each page, so that a sync that was interrupted continues instead of starting over.
    """

    nodes: tuple[OrganizationNode, ...]
    cursor: str

    def __post_init__(self) -> None:
        # One that no database can hold cannot be gone on from: then an interrupted sync starts over.
        if clean_text(self.cursor) != self.cursor:
            object.__setattr__(self, "cursor", "")


class OrganizationProvider(Provider):
    """A cloud that lists the members of organizations, and lets one credential open them. See `organizations_of`."""

    organization_form: type[forms.Form]  # its fields are the options
    organization_label: str = "Organization"

    @abstractmethod
    def organization_pages(
        self, credentials: Credentials, target: Target, options: Mapping[str, str], cursor: str = ""
    ) -> Iterator[MemberPage]:
        """Streams the organization's tree, page by page; with a page's cursor it continues after that page.

        ``credentials`` and ``target`` are the connecting account's. Throttling is waited out within bounded time. A
        page may come twice, and a container after its children. Raises `ProviderError`, with ``cursor_expired`` where
        only starting over helps. Calls the network.
        """

    @abstractmethod
    def member_credentials(
        self, connection: Credentials, *, account_id: str, partition: str, options: Mapping[str, str]
    ) -> Credentials:
        """What opens a member, derived from the connecting account's credential. Never stored, so that replacing the
        connection's credential replaces it for all members (docs/decisions/0008-organization-connections.md).

        Raises `ProviderError`. Calls no network.
        """

    def organization_guides(self, context: SetupContext, options: Mapping[str, str]) -> tuple[SetupGuide, ...]:
        """How an administrator gives all members what we need, best first. The context is the connecting account's.

        Calls no network.
        """
        return ()


def organizations_of(provider: Provider) -> OrganizationProvider | None:
    """The provider, where it has organizations."""
    # A kind of its own and no optional methods: a provider without organizations has nothing that could be called by
    # mistake.
    return provider if isinstance(provider, OrganizationProvider) else None
