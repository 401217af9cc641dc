"""The one function that the first edition calls of a library which this one does without."""

import ast
import importlib
import pathlib
from collections.abc import Callable
from typing import Any


def attach_stub(package: str, filename: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """`__getattr__`, `__dir__` and `__all__` of a package whose names a `.pyi` beside it lists."""
    tree = ast.parse(pathlib.Path(filename).with_suffix(".pyi").read_text())
    places = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
    }

    def load(name: str) -> Any:
        if name not in places:
            raise AttributeError(name)
        module, original = places[name]
        if module is None:
            return importlib.import_module(f"{package}.{original}")
        return getattr(importlib.import_module(f"{package}.{module}"), original)

    return load, lambda: sorted(places), sorted(places)
