"""Views that are imported when they are first asked for.

Every command loads all URLs; importing the views with them made `manage.py check` a third slower. A web process imports
all views before it serves (`preload`), so that no visitor waits. Decorators that middleware reads before the view runs
(login not required, CSRF exempt) would be missed on a lazy view: such views stand in `config`, which imports them.
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
    """Stands for a module of views in a URL list. Each attribute is a view of that name, which imports the module."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._names: set[str] = set()
        _all.append(self)

    def __getattr__(self, name: str) -> View:
        # Python and tools ask objects for names of this kind; none of them is a view.
        if name.startswith("_"):
            raise AttributeError(name)
        self._names.add(name)
        module = self._module

        def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            # Python keeps the module: after the first request this is a look-up.
            real_view: View = getattr(import_module(module), name)
            return real_view(request, *args, **kwargs)

        # Django names a view by these, in its resolver and on error pages.
        view.__name__, view.__qualname__, view.__module__ = name, name, module
        return view

    def load(self) -> None:
        """Imports the module. Raises AttributeError where a URL list names a view that does not exist."""
        module = import_module(self._module)
        for name in sorted(self._names):
            getattr(module, name)


def preload() -> None:
    for views in _all:
        views.load()
