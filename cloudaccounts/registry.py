"""Finds the providers: each folder below ``providers/``, each entry point of the group ``cloudaccounts.providers``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points

from cloudaccounts import providers
from cloudaccounts.contract import Provider

GROUP = "cloudaccounts.providers"


class UnknownProviderError(LookupError):
    """No provider has this key."""


@cache
def _providers() -> dict[str, Provider]:
    found: list[Provider] = [
        importlib.import_module(f"{providers.__name__}.{module.name}.provider").PROVIDER
        for module in pkgutil.iter_modules(providers.__path__)
        if module.ispkg
    ]
    found += [entry.load() for entry in entry_points(group=GROUP)]
    keyed = {provider.key: provider for provider in found}
    if len(keyed) != len(found):
        raise RuntimeError(f"Two cloud providers have one key among {sorted(p.key for p in found)}.")
    return dict(sorted(keyed.items()))


def get(key: str) -> Provider:
    try:
        return _providers()[key]
    except KeyError:
        raise UnknownProviderError(key) from None


def all_providers() -> tuple[Provider, ...]:
    return tuple(_providers().values())


def choices() -> list[tuple[str, str]]:
    """For model fields: callable choices, so that a new provider needs no migration."""
    return [(provider.key, provider.label) for provider in all_providers()]
