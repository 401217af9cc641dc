"""Which checks of a second engine ask what ours ask: a table for each provider, ``engines/<engine>.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from cloudaccounts.contract.engines import EnginePair
from cloudaccounts.contract.errors import ProviderError

_USUAL = "default_by"  # what resources of a table are named by, where a row does not say it


@cache  # the file comes with the release and changes only with it
def engine_pairs(package: str, engine: str) -> tuple[EnginePair, ...]:
    """Empty where the provider has no table for the engine."""
    path = files(package).joinpath("engines", f"{engine}.yaml")
    if not path.is_file():
        return ()
    rows: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    usual = rows.get(_USUAL, "resource")
    return tuple(
        EnginePair(ours, tuple(row["theirs"]), row.get("by", usual), tuple(row.get("also", ())), row.get("below", ""))
        if isinstance(row, dict)
        else EnginePair(ours, tuple(row), usual)
        for ours, row in rows.items()
        if ours != _USUAL
    )


def unsupported(method: str, instead: str) -> ProviderError:
    """For a credential that the engine cannot sign in with. ``instead`` is the method that it can."""
    return ProviderError(
        "engine_unsupported",
        f"The second engine cannot sign in with a credential of the kind {method}.",
        f"Connect the account by {instead}, or switch the second engine off for it.",
    )
