"""A tenant's management groups and the subscriptions below one of them. No Django.

https://learn.microsoft.com/rest/api/managementgroups/management-groups/get-descendants (version 2020-05-01). The list
holds no states and no tags, so all visible subscriptions are read once, beforehand.

With a federated credential it is this server's identity that lists, whoever asks, and management groups bear no tags.
So only subscriptions with the owner's tag are shown, and the groups above them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from azure.core.exceptions import AzureError

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.organizations import MemberPage, NodeKind, NodeState, OrganizationNode
from cloudaccounts.provider_kit.tree_walk import retry_temporary
from cloudaccounts.providers.azure import check_results
from cloudaccounts.providers.azure.client import too_many_pages
from cloudaccounts.providers.azure.errors import explain, is_denied, status_of
from cloudaccounts.providers.azure.organization_setup import GROUP_PATH, assign_command, clean_group
from cloudaccounts.providers.azure.plan import FEDERATED
from cloudaccounts.providers.azure.setup_texts import tag_command
from cloudaccounts.providers.azure.signin import (
    Access,
    Subscription,
    get_subscription,
    require_readable,
    sign_in,
    visible_subscriptions,
)

API_VERSION = "2020-05-01"
_AFTER_ROOT = "begun"  # the cursor after the root; the text is stored with syncs that are under way
_PREFIX = "managementGroups/"  # of containers' node ids, so that none is taken for a subscription's
_MOST_PAGES = 20_000
_MARKED_PAGE = 500  # nodes


def organization_pages(
    credentials: Credentials, target: Target, options: Mapping[str, str], cursor: str
) -> Iterator[MemberPage]:
    """See `Provider.organization_pages`."""
    access = sign_in(credentials, target)
    # The root group's name is the tenant's ID.
    group = clean_group(options.get("root", "")) or credentials["tenant_id"]
    try:
        if credentials.method == FEDERATED:
            require_readable(credentials, target, get_subscription(access))
            yield from _marked_pages(access, group, target)
            return
        if not cursor:
            yield MemberPage((_root(access, group),), _AFTER_ROOT)
        # For each page that is continued as well: a state may have changed since the walk began.
        states = _states(_visible(access))
        yield from _listed(access, group, states, "" if cursor in ("", _AFTER_ROOT) else cursor)
    finally:
        access.connection.close()


def _listed(access: Access, group: str, states: Mapping[str, NodeState], link: str = "") -> Iterator[MemberPage]:
    for _ in range(_MOST_PAGES):
        page = _page(access, group, link)
        nodes = tuple(node for item in page.get("value") or () if (node := _node(item, states)))
        link = str(page.get("nextLink") or "")
        yield MemberPage(nodes, link)
        if not link:
            return
    raise too_many_pages()


def _marked_pages(access: Access, group: str, target: Target) -> Iterator[MemberPage]:
    """The same list without what does not bear the owner's tag. Read whole before any of it is shown, since a group
    comes after its subscriptions: so an interrupted walk starts over.
    """
    visible = _visible(access)
    marked = {item.id for item in visible if target.is_owners(check_results.external_id_of(item.tags))}
    root = _root(access, group)
    groups = {root.node_id: root}
    members: list[OrganizationNode] = []
    for page in _listed(access, group, _states(visible)):
        groups |= {node.node_id: node for node in page.nodes if node.kind == NodeKind.CONTAINER}
        members += [node for node in page.nodes if node.account_id in marked]
    above: dict[str, OrganizationNode] = {}
    for member in members:
        place = member.parent_id
        # Up to the root, and no further than where the way of another subscription has been: each group is shown
        # once.
        while place in groups and place not in above:
            above[place] = groups[place]
            place = groups[place].parent_id
    if not members:
        raise _nothing_marked(target)
    nodes = [*above.values(), *members]
    for first in range(0, len(nodes), _MARKED_PAGE):
        last = first + _MARKED_PAGE >= len(nodes)
        yield MemberPage(tuple(nodes[first : first + _MARKED_PAGE]), "" if last else _AFTER_ROOT)


def _nothing_marked(target: Target) -> ProviderError:
    return ProviderError(
        "organization_not_marked",
        "No subscription there has your external ID in its tag. It is this server's identity that lists them, so only "
        "those that mean you are shown.",
        "Run the set-up script with --tag, as an administrator of the management group; or set the tag on each "
        f"subscription: {tag_command('SUBSCRIPTION', target.external_id)}",
    )


def _root(access: Access, group: str) -> OrganizationNode:
    action = "Microsoft.Management/managementGroups/read"
    answer = _call(access, group, action, partial(access.connection.get, f"{GROUP_PATH}/{group}", API_VERSION))
    name = str((answer.get("properties") or {}).get("displayName") or group)
    return OrganizationNode(f"{_PREFIX}{group.lower()}", "", name, NodeKind.CONTAINER)


def _page(access: Access, group: str, link: str) -> dict[str, Any]:
    action = "Microsoft.Management/managementGroups/descendants/read"
    call = partial(access.connection.get, f"{GROUP_PATH}/{group}/descendants", API_VERSION)
    # The cursor is Azure's own next link: `OneHostPolicy` refuses one that leads elsewhere.
    return _call(access, group, action, partial(access.connection.follow, link) if link else call, follows=bool(link))


def _call(
    access: Access, group: str, action: str, call: Callable[[], dict[str, Any]], *, follows: bool = False
) -> dict[str, Any]:
    """Tries temporary errors again (see `retry_temporary`). Raises `ProviderError`."""

    def attempt() -> dict[str, Any]:
        try:
            return call()
        except (AzureError, ProviderError) as error:
            explained = explain(error, action)
            # Only for a next link: a bad request there is a link that has expired.
            if follows and status_of(error) == 400:
                raise ProviderError(
                    "cursor_expired",
                    "Azure does not go on with this list.",
                    "Start again.",
                    sdk_error=explained.sdk_error,
                ) from None
            if is_denied(error) or status_of(error) == 404:
                # Azure gives one answer for groups that do not exist and for those that may not be seen.
                raise ProviderError(
                    "organization_denied",
                    f"Azure does not let the app read the management group {group}, or there is no such group. It "
                    f"needs {action}.",
                    f"Give the app its role at the group: {assign_command(access.client_id, group)}",
                    sdk_error=explained.sdk_error,
                ) from None
            raise explained from None

    return retry_temporary(attempt)


def _visible(access: Access) -> list[Subscription]:
    return retry_temporary(lambda: visible_subscriptions(access))


def _states(subscriptions: Sequence[Subscription]) -> dict[str, NodeState]:
    """Of the subscriptions that cannot be read; all others are active."""
    return {item.id: _state(item.state) for item in subscriptions if not check_results.is_readable(item.state)}


def _state(raw: str) -> NodeState:
    return NodeState.CLOSED if raw.lower() == "deleted" else NodeState.SUSPENDED


def _node(item: Mapping[str, Any], states: Mapping[str, NodeState]) -> OrganizationNode | None:
    """None for what is neither a group nor a subscription."""
    properties = item.get("properties") or {}
    parent_id = str((properties.get("parent") or {}).get("id") or "").rstrip("/")
    parent = _PREFIX + parent_id.rsplit("/", 1)[-1].lower()
    resource_id, name = str(item.get("id") or ""), str(item.get("name") or "")
    shown = str(properties.get("displayName") or name)
    if "/managementgroups/" in resource_id.lower():
        return OrganizationNode(_PREFIX + name.lower(), parent, shown, NodeKind.CONTAINER)
    if not resource_id.lower().startswith("/subscriptions/"):
        return None
    account_id = resource_id.rsplit("/", 1)[-1].lower()
    state = states.get(account_id, NodeState.ACTIVE)
    return OrganizationNode(account_id, parent, shown, NodeKind.ACCOUNT, account_id, state)
