"""Instructions, filled in: how an administrator gives us access, and how a credential is replaced."""

from __future__ import annotations

from dataclasses import dataclass

from cloudaccounts.contract.identity import ServerIdentity

RETIRE = "retire"  # key of the guide to deleting a replaced credential; it is shown after the new one is in use


@dataclass(frozen=True, slots=True)
class SetupContext:
    """The values that set-up texts are filled in with."""

    # Known before anything is stored: guides are shown while a person still sets access up.
    account_id: str
    partition: str
    regions: tuple[str, ...]
    # From `accounts.external_id`, never from a form: what an administrator pastes here decides whom the cloud lets in.
    external_id: str
    # Also where there is none: the guide then says why instead of naming a principal.
    server: ServerIdentity
    # AWS_TEMPLATE_URL, for a link that opens the template; without it the page offers the file.
    template_url: str = ""  # where the operator published the provider's template
    organization_template_url: str = ""  # the same, of what gives access to all members
    identity: str = ""  # whom the credential in use signs in as, by the last validation


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
