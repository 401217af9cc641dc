"""The order of names in lists, whatever their case: one for short lists, long ones and each database.

Databases differ: PostgreSQL sorts by its collation, SQLite and MongoDB by code points, and SQLite's LOWER knows ASCII
alone. So short lists are sorted here, by `name_order`, and long ones by a column with `name_key`: hexadecimal digits
sort alike everywhere.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Length, Mod, StrIndex
from django.db.models.lookups import Exact, GreaterThan

_BYTES = 64  # of a name that are compared in long lists
NAME_KEY_LENGTH = 2 * _BYTES


def name_key(name: str) -> str:
    """Hexadecimal of the first 64 bytes of the name in lower case."""
    return name.strip().lower().encode()[:_BYTES].hex()


def name_order(name: str) -> tuple[str, str]:
    """The key by which names are sorted."""
    return name.strip().lower(), name


def has_in_name(text: str) -> Q:
    """Rows with a `NameKeyField` whose name has this text anywhere, whatever its case.

    Looked for in the key, which has the name in lower case already: on PostgreSQL that takes a third of what lower and
    upper case of 100,000 names do. What the key does not decide, the name does: a longer name than it holds, and a hit
    that begins between the two digits of a byte.
    """
    plain, key = Q(name__icontains=text), name_key(text)
    if not key or len(key) == NAME_KEY_LENGTH:
        return plain
    place = StrIndex(F("name_key"), Value(key))
    in_key = Q(GreaterThan(place, Value(0))) & (Q(Exact(Mod(place, Value(2)), Value(1))) | plain)
    return in_key | (Q(Exact(Length(F("name_key")), Value(NAME_KEY_LENGTH))) & plain)


class NameKeyField(models.CharField):  # type: ignore[type-arg]
    """`name_key` of the model's ``name``, or of another column (``of``), whenever a row is saved.

    ``update()`` and ``bulk_update()`` ask no field: whoever changes a name with them writes this column as well.
    """

    def __init__(self, *args: Any, of: str = "name", **kwargs: Any) -> None:
        self._of = of
        super().__init__(*args, **{"max_length": NAME_KEY_LENGTH, "default": "", "editable": False, **kwargs})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs if self._of == "name" else {**kwargs, "of": self._of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        key = name_key(getattr(model_instance, self._of))
        setattr(model_instance, self.attname, key)
        return key
