"""Pages whose code is loaded when somebody first asks for one.

Every command loads every URL; with the views behind them, `manage.py check` took a third longer. A web process loads
them all before it serves (`preload`), so that no visitor waits for it. What decides before the view runs (a login that
is not required, CSRF) must stand on a view of `config`, which is not lazy.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]
_all: list[Views] = []


class Views:
    """Stands for a module of views in a URL list: each attribute is the view of that name."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._names: set[str] = set()
        _all.append(self)

    def __getattr__(self, name: str) -> View:
        if name.startswith("_"):
            raise AttributeError(name)
        self._names.add(name)
        module = self._module

        def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            found: View = getattr(import_module(module), name)
            return found(request, *args, **kwargs)

        view.__name__, view.__qualname__, view.__module__ = name, name, module
        return view

    def load(self) -> None:
        """Raises AttributeError where a name that a URL list uses is not there."""
        module = import_module(self._module)
        for name in sorted(self._names):
            getattr(module, name)


def preload() -> None:
    for views in _all:
        views.load()
