"""Where sealed values lie. Each app names its own tables, so that re-encryption reaches all of them without knowing
them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A `SealedField`; the columns that name the key it is under and count its row's generations, where there are."""

    name: str
    # Empty where the model keeps none: under which key a value is, is then told by trying (`keyring.opened_by`).
    fingerprint: str = ""
    generation: str = ""


@dataclass(frozen=True, slots=True)
class SealedStore:
    label: str  # "credentials", for people
    model: type[models.Model]
    columns: tuple[SealedColumn, ...]
    bound_to: str = ""  # what its values are bound to instead of the row's key


@dataclass(frozen=True, slots=True)
class SealedJsonStore:
    """Encrypted texts (`Sealed.text`) within a JSON column: of tables that a library made."""

    label: str
    model: type[models.Model]
    column: str
    names: tuple[str, ...]  # of the column's values that are encrypted
    place: str  # what they are bound to as others are to their column
    bound_to: Callable[[Any], str]  # what a row's values are bound to


# Registered by whoever owns the table: this package lies below all models and must import none.
_stores: dict[str, SealedStore | SealedJsonStore] = {}


def register(store: SealedStore | SealedJsonStore) -> None:
    """Registering a label again replaces it."""
    _stores[store.label] = store


def all_stores() -> tuple[SealedStore | SealedJsonStore, ...]:
    return tuple(_stores.values())
