"""A model field that stores JSON sealed, and a value that shows nothing of itself.

The plaintext carries what it is bound to: the row (an account's id, a draft's id), the column, and where the row counts
them, the generation. A token that somebody copied to another row or column does not open there, nor does an older one
that was put back. Values of before that (without a column) open in their row until they are encrypted anew, as
`manage.py rotate_encryption_keys` does.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, NoReturn
from uuid import UUID

from django.db import models

from cloudaccounts.crypto import keyring
from cloudaccounts.crypto.keyring import KeyringError

__all__ = [
    "KeyringError",
    "Sealed",
    "SealedField",
    "choose_sealing_key",
    "known_key_fingerprints",
    "log_key_error",
    "newest_key_fingerprint",
    "sealing_key_fingerprint",
]

# Handed on, because the keyring is this package's own: others name keys, and encrypt by `Sealed` alone.
newest_key_fingerprint = keyring.newest_fingerprint
sealing_key_fingerprint = keyring.sealing_fingerprint
known_key_fingerprints = keyring.fingerprints
choose_sealing_key = keyring.choose_sealing_key
logger = logging.getLogger(__name__)


def log_key_error(event: str, error: KeyringError, **more: str) -> None:
    """For operators. Which keys this process has, by their fingerprints, which rows have too."""
    try:
        # 12 digits of a hash name a key without telling anything of it: safe in a log.
        keys = ",".join(keyring.fingerprints())
    except KeyringError:
        keys = "none"
    logger.error(event, extra={"code": error.code, "why": error.cause, "do": error.remedy, "keys": keys, **more})


class Sealed:
    """An encrypted mapping. Only `open` gives it back; printing, pickling and comparing tell nothing."""

    __slots__ = ("_token",)

    def __init__(self, token: str) -> None:
        self._token = token

    @classmethod
    def seal(
        cls,
        values: Mapping[str, Any],
        *,
        bound_to: UUID | str,
        column: str = "",
        generation: int | None = None,
        newest: bool = False,
    ) -> Sealed:
        """Raises `KeyringError` where there is no usable key. ``newest``: by the newest key, for re-encryption."""
        # The place of the value stands inside the encrypted text: Fernet has no associated data to authenticate.
        content: dict[str, Any] = {"for": str(bound_to), "values": dict(values)}
        if column:
            content["column"] = column
        if generation is not None:
            content["generation"] = generation
        return cls(keyring.seal(json.dumps(content).encode(), newest=newest))

    def open(
        self,
        *,
        bound_to: UUID | str,
        column: str = "",
        generation: int | None = None,
        under: str = "",
        log: bool = True,
    ) -> dict[str, Any]:
        """Raises `KeyringError`: no key, the wrong key, or a token that was sealed for another place.

        ``under`` is the fingerprint of the key that sealed it, where the row has it. A failure is logged, unless
        ``log`` is false: for who asks each second.
        """
        try:
            content = self._content(bound_to, column, generation, under)
        except KeyringError as error:
            if log:
                log_key_error("encryption.not_opened", error, record=str(bound_to))
            raise
        values: dict[str, Any] = content["values"]
        return values

    def moved(
        self, *, bound_to: UUID | str, column: str, generation: int, to_column: str, to_generation: int
    ) -> Sealed:
        """The same values for another place of the row. Raises as `open`."""
        # Opened and encrypted anew because the place stands inside: moving the token as it is would make it
        # unreadable.
        values = self.open(bound_to=bound_to, column=column, generation=generation)
        return Sealed.seal(values, bound_to=bound_to, column=to_column, generation=to_generation)

    @property
    def text(self) -> str:
        """The encrypted text, for a column that is no `SealedField`; ``Sealed(text)`` reads it back."""
        return self._token

    def key_fingerprint(self) -> str:
        """Of the key that it is under. Raises `KeyringError` where none of this server's opens it."""
        return keyring.opened_by(self._token)

    def is_same_as(self, other: Sealed | None) -> bool:
        """Whether both are one sealing: what was sealed anew, even of the same values, is another."""
        return other is not None and self._token == other._token

    def renewed(self, *, bound_to: UUID | str, column: str, generation: int | None = None) -> Sealed | None:
        """The same content under the newest key and bound to its place; None where it is both already.

        Raises `KeyringError` where no key opens it, or where it is bound to another place.
        """
        under = self.key_fingerprint()
        content = self._content(bound_to, column, generation)
        # Values from before places were bound name their row alone. They open, and are bound the first time that they
        # are encrypted anew.
        is_bound = "column" in content and (generation is None or "generation" in content)
        if is_bound and under == newest_key_fingerprint():
            return None
        return Sealed.seal(content["values"], bound_to=bound_to, column=column, generation=generation, newest=True)

    def _content(self, bound_to: UUID | str, column: str, generation: int | None, under: str = "") -> dict[str, Any]:
        content: dict[str, Any] = json.loads(keyring.open_(self._token, under=under))
        # What the value does not say was written before it was said; what the caller does not say is not asked.
        elsewhere = (
            content.get("for") != str(bound_to)
            or (column and content.get("column", column) != column)
            or (generation is not None and content.get("generation", generation) != generation)
        )
        if elsewhere:
            raise KeyringError(
                "sealed_for_another",
                "This encrypted value belongs to another record, or to another place or time of this one.",
                "Restore the record from a backup, or enter the credentials again.",
            )
        return content

    def __repr__(self) -> str:
        return "<Sealed>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("An encrypted value is not pickled: caches and task arguments must not hold credentials.")


class SealedField(models.Field["Sealed | None", "Sealed | None"]):
    """Loads as `Sealed` (or None); accepts nothing else, so plain text cannot be stored by mistake."""

    description = "Encrypted JSON"

    def get_internal_type(self) -> str:  # a text column on all three engines, and no schema of its own
        return "TextField"

    def from_db_value(self, value: str | None, *_: object) -> Sealed | None:
        return None if value is None else Sealed(value)

    def to_python(self, value: object) -> Sealed | None:
        if value is None or isinstance(value, Sealed):
            return value
        raise TypeError("This field takes encrypted values only: encrypt the value first.")

    def get_prep_value(self, value: object) -> str | None:
        sealed = self.to_python(value)
        return None if sealed is None else sealed._token

    def value_to_string(self, obj: models.Model) -> str:
        """What `dumpdata` gets: nothing. Backups are of the database, with the key kept apart."""
        return ""
