from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

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
