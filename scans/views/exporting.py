from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpRequest

from cloudaccounts import audit
from cloudaccounts.actors import Actor
from cloudaccounts.views.common import owner_of

READ = 500  # rows read at a time


def pieces(rows: Iterable[Any]) -> Iterator[list[Any]]:
    piece: list[Any] = []
    for row in rows:
        piece.append(row)
        if len(piece) == READ:
            yield piece
            piece = []
    if piece:
        yield piece


def record_export(request: HttpRequest, what: str, format: str) -> None:  # noqa: A002
    audit.record(
        actor=Actor.of_request(request), owner=owner_of(request), action=f"{what}.exported",
        text=f"{what.capitalize()} exported as {format.upper()}", query=request.GET.urlencode()[:300],
    )  # fmt: skip
