"""Finds the providers: each folder below ``providers/``, each entry point of the group ``cloudaccounts.providers``.

A folder's or entry point's name is the provider's key. So what needs the keys alone (the choices of a model, at the
start of every command) loads no provider.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib.metadata import EntryPoint, distributions
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise

from cloudaccounts import providers

if TYPE_CHECKING:  # every command loads this module by the models, and few need a provider
    from cloudaccounts.contract.organizations import OrganizationProvider
    from cloudaccounts.contract.provider import Provider

GROUP = "cloudaccounts.providers"


class UnknownProviderError(LookupError):
    """No provider has this key."""


@cache
def _loaders() -> dict[str, Callable[[], Provider]]:
    loaders: list[tuple[str, Callable[[], Provider]]] = [
        (module.name, partial(_load_from_folder, module.name))
        for module in pkgutil.iter_modules(providers.__path__)
        if module.ispkg
    ]
    # A distribution that is installed adds a cloud without a change here; its name is its key, so it need not be
    # loaded to be listed.
    loaders += [(entry.name, entry.load) for entry in _installed()]
    by_key = dict(loaders)
    # One of them would be given the other's credentials, so nothing starts.
    if len(by_key) != len(loaders):
        raise RuntimeError(f"Two cloud providers have one key among {sorted(key for key, _ in loaders)}.")
    return dict(sorted(by_key.items()))


def _installed() -> Iterator[EntryPoint]:
    """As `importlib.metadata.entry_points` of the group, which parses what all distributions offer: 7 ms a command."""
    seen: set[str] = set()
    for distribution in distributions():
        # One that lies in two folders of the path counts as in the first, as an import finds it.
        if GROUP in (distribution.read_text("entry_points.txt") or "") and distribution.name not in seen:
            seen.add(distribution.name)
            yield from distribution.entry_points.select(group=GROUP)


def _load_from_folder(name: str) -> Provider:
    provider: Provider = importlib.import_module(f"{providers.__name__}.{name}.provider").PROVIDER
    return provider


@cache
def _loaded(key: str) -> Provider:
    provider = _loaders()[key]()
    # Rows hold the key that it is listed by, and would not be looked up under another.
    if provider.key != key:
        raise RuntimeError(f"The provider that is found as {key!r} calls itself {provider.key!r}.")
    return provider


def get(key: str) -> Provider:
    if key not in _loaders():
        raise UnknownProviderError(key)
    return _loaded(key)


def get_with_organizations(key: str) -> OrganizationProvider:
    """For accounts of an organization. Raises `UnknownProviderError`, also where the provider has no organizations."""
    # Inside the function, since models load this module with every command (docs/decisions/0012).
    from cloudaccounts.contract.organizations import organizations_of

    provider = organizations_of(get(key))
    if provider is None:
        raise UnknownProviderError(f"{key} has no organizations")
    return provider


def all_providers() -> tuple[Provider, ...]:
    return tuple(_loaded(key) for key in _loaders())


class _Label(Promise):
    """A provider's label, which loads the provider when it is shown.

    Not Django's lazy text: the check of a model's choices iterates over that, and would load the provider.
    """

    def __init__(self, key: str) -> None:
        self._key = key

    def __str__(self) -> str:
        return get(self._key).label


def choices() -> list[tuple[str, Any]]:
    """For model fields, as a callable: with a list, each new provider would need a migration."""
    return [(key, _Label(key)) for key in _loaders()]


def forget() -> None:
    """For tests that add a provider."""
    _loaders.cache_clear()
    _loaded.cache_clear()
