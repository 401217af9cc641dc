"""Where sealed values lie. Each app names its own tables, so that re-encryption reaches all of them without knowing
them."""

from __future__ import annotations

from dataclasses import dataclass

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


# Registered by whoever owns the table: this package lies below all models and must import none.
_stores: dict[str, SealedStore] = {}


def register(store: SealedStore) -> None:
    """Registering a label again replaces it."""
    _stores[store.label] = store


def all_stores() -> tuple[SealedStore, ...]:
    return tuple(_stores.values())
