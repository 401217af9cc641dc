"""One request to Azure Resource Manager: its path, the action that Azure checks, its api-version, its page."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sandbox.azure import management
from sandbox.azure.clouds import ALWAYS_REGISTERED, TYPES, Endpoint
from sandbox.azure.errors import ArmError

PAGE = 20  # items; Azure's own pages hold up to 1,000, and small ones let paging be seen


@dataclass(frozen=True)
class Query:
    """One request. `parts` keep the caller's spelling: Azure compares paths without regard to case, and echoes them."""

    endpoint: Endpoint
    path: str
    parameters: dict[str, str]

    @property
    def parts(self) -> list[str]:
        return [part for part in self.path.split("/") if part]

    @property
    def subscription_id(self) -> str:
        parts = self.parts
        return parts[1].lower() if len(parts) > 1 and parts[0].lower() == "subscriptions" else ""


def action_of(query: Query) -> str:
    """The action that Azure checks; for faults and the journal as well. Empty for what is not simulated."""
    parts = [part.lower() for part in query.parts]
    if parts in (["tenants"], ["subscriptions"]):
        return f"Microsoft.Resources/{parts[0]}/read"
    if parts[:1] == ["providers"]:
        return management.action_of(parts)
    if parts[:1] != ["subscriptions"]:
        return ""
    rest = query.parts[2:]
    if not rest:
        return "Microsoft.Resources/subscriptions/read"
    if len(rest) == 1:
        names = {"locations": "locations", "resourcegroups": "resourceGroups"}
        names |= {"resources": "resources", "providers": "providers"}
        listed = names.get(rest[0].lower())
        return f"Microsoft.Resources/subscriptions/{listed}/read" if listed else ""
    # The last `providers` names the type that is asked for: an extension stands behind the resource that it extends.
    places = [at for at, part in enumerate(rest) if part.lower() == "providers"]
    if not places:
        return "Microsoft.Resources/subscriptions/resourceGroups/read"
    tail = rest[places[-1] + 1 :]
    if len(tail) == 1:
        return "Microsoft.Resources/subscriptions/providers/read"
    return f"{namespace_of(tail[0])}/{'/'.join(tail[1::2])}/read"


def namespace_of(raw: str) -> str:
    namespaces = [*TYPES, *ALWAYS_REGISTERED]
    return next((namespace for namespace in namespaces if namespace.lower() == raw.lower()), raw)


def check_version(query: Query, supported: Sequence[str]) -> None:
    version = query.parameters.get("api-version")
    if not version:
        text = "The api-version query parameter (?api-version=) is required for all requests."
        raise ArmError("MissingApiVersionParameter", text, 400)
    if version not in supported:
        text = f"The api-version '{version}' is invalid. The supported versions are '{','.join(supported)}'."
        raise ArmError("InvalidApiVersionParameter", text, 400)


def page_of(query: Query, items: Sequence[Any]) -> dict[str, Any]:
    """A page with an absolute link to the next one, as Azure's lists have it. Clients must follow it unchanged."""
    size = int(query.parameters.get("$top") or PAGE)
    start = _position(query.parameters.get("$skiptoken", ""))
    page: dict[str, Any] = {"value": list(items[start : start + size])}
    if start + size < len(items):
        token = base64.urlsafe_b64encode(f"at:{start + size}".encode()).decode()
        parameters = {**query.parameters, "$skiptoken": token}
        page["nextLink"] = f"https://{query.endpoint.host}{query.path}?{urlencode(parameters)}"
    return page


def _position(token: str) -> int:
    if not token:
        return 0
    try:
        text = base64.urlsafe_b64decode(token).decode()
        return int(text.removeprefix("at:"))
    except ValueError:
        raise ArmError("InvalidSkipToken", "The specified skip token is invalid.", 400) from None
