"""Walks a cloud's tree of containers, list by list, so that an interrupted walk continues where it was."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.organizations import MemberPage, NodeKind, OrganizationNode

T = TypeVar("T")
PATIENCE = 60.0  # seconds for one page in all: long enough for a quota that is counted per minute
LONGEST_PAUSE = 10.0  # seconds between two tries
MOST_CONTAINERS = 20_000  # AWS allows 2,000 units, Azure 10,000 groups; a tree with more is a loop

# Lists a page of a container's children: (container, which list, the cloud's token) to (nodes, the next token).
ListPage = Callable[[str, int, str], tuple[Sequence[OrganizationNode], str]]
# What may be shown of a page's nodes: where it is this server's identity that lists them, what bears the owner's mark.
Shown = Callable[[Sequence[OrganizationNode]], Sequence[OrganizationNode]]


def _everything(nodes: Sequence[OrganizationNode]) -> Sequence[OrganizationNode]:
    return nodes


def walk(
    root: OrganizationNode | None, list_page: ListPage, *, lists: int, cursor: str = "", shown: Shown = _everything
) -> Iterator[MemberPage]:
    """Breadth first, ``lists`` lists for each container; ``root`` is needed only where there is no cursor.

    The cursor holds the containers whose children are still to be listed: it stays small, because an organization has
    few containers beside its accounts. Raises `ProviderError`: ``cursor_expired`` for a cursor that cannot be read,
    ``organization_too_large`` beyond `MOST_CONTAINERS`.
    """
    waiting: deque[str]
    if cursor:
        waiting, number, token, count = _read(cursor)
    else:
        assert root is not None
        waiting, number, token, count = deque([root.node_id]), 0, "", 1
        yield MemberPage(tuple(shown([root])), _write(waiting, number, token, count))
    while waiting:
        nodes, token = list_page(waiting[0], number, token)
        # From what the cloud listed and not from what may be shown: below an unmarked folder there may be a marked
        # project.
        containers = [node.node_id for node in nodes if node.kind == NodeKind.CONTAINER]
        count += len(containers)
        # The count is part of the cursor: the limit holds for a walk that was interrupted as well.
        if count > MOST_CONTAINERS:
            raise ProviderError(
                "organization_too_large", f"This organization has more than {MOST_CONTAINERS:,} containers.",
                "Connect one of its parts instead.",
            )  # fmt: skip
        waiting.extend(containers)
        if not token:
            number += 1
            if number == lists:
                waiting.popleft()
                # The next container begins with its first list again.
                number = 0
        yield MemberPage(tuple(shown(nodes)), _write(waiting, number, token, count) if waiting else "")


def retry_temporary(call: Callable[[], T]) -> T:
    """The call's result. An error that is not permanent is tried again with growing pauses, for `PATIENCE` in all.

    On top of the SDK's own retries, which give up after a few seconds because a person waits for most calls. Here none
    does.
    """
    deadline, pause = time.monotonic() + PATIENCE, 0.5
    while True:
        try:
            return call()
        except ProviderError as error:
            # A pause that would outlast the patience is not begun.
            if error.permanent or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def _write(waiting: deque[str], number: int, token: str, count: int) -> str:
    return json.dumps([list(waiting), number, token, count], separators=(",", ":"))


def _read(cursor: str) -> tuple[deque[str], int, str, int]:
    try:
        waiting, number, token, count = json.loads(cursor)
        return deque(str(node_id) for node_id in waiting), int(number), str(token), int(count)
    except (ValueError, TypeError):
        raise ProviderError(
            "cursor_expired", "The walk cannot go on from where it was.", "Start it again.", permanent=False
        ) from None
