"""Instructions, filled in: how an administrator lets us in, and how a credential is replaced."""

from __future__ import annotations

from dataclasses import dataclass

from cloudaccounts.contract.identity import ServerIdentity

RETIRE = "retire"  # key of the guide that tells how to delete a replaced credential


@dataclass(frozen=True, slots=True)
class SetupContext:
    """What set-up texts are filled in with."""

    account_id: str
    partition: str
    regions: tuple[str, ...]
    external_id: str
    server: ServerIdentity
    template_url: str = ""  # where the operator published the provider's template
    identity: str = ""  # who the credential in use signs in as, by the last proof


@dataclass(frozen=True, slots=True)
class Snippet:
    title: str
    body: str
    language: str = "text"
    filename: str = ""  # offered as a download under this name, where set


@dataclass(frozen=True, slots=True)
class SetupGuide:
    """One tab of instructions."""

    key: str
    label: str
    intro: str
    snippets: tuple[Snippet, ...] = ()
    steps: tuple[str, ...] = ()
    link_label: str = ""
    link_url: str = ""
