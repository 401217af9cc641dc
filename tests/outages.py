"""A database that is away for a moment, in the middle of somebody's work."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError


def away(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, *, times: int = 1) -> None:
    """The first ``times`` calls of ``name``, which asks a database, find it away."""
    original, left = getattr(place, name), [None] * times

    def call(*args: Any, **values: Any) -> Any:
        if left:
            left.pop()
            raise OperationalError("the connection is lost")
        return original(*args, **values)

    monkeypatch.setattr(place, name, call)
