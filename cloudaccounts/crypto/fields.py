"""A model field that stores JSON sealed, and a value that shows nothing of itself.

The plaintext carries what it is bound to (an account's id, a draft's id): a token copied to another row does not open
there.
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

__all__ = ["KeyringError", "Sealed", "SealedField", "log_key_error", "newest_key_fingerprint"]

newest_key_fingerprint = keyring.newest_fingerprint
logger = logging.getLogger(__name__)


def log_key_error(event: str, error: KeyringError, **more: str) -> None:
    """For operators. Which keys this process has, by their fingerprints, which rows have too."""
    try:
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
    def seal(cls, values: Mapping[str, Any], *, bound_to: UUID | str) -> Sealed:
        """Raises `KeyringError` where there is no usable key."""
        # The owner of the value stands inside the encrypted text: Fernet has no associated data to authenticate.
        return cls(keyring.seal(json.dumps({"for": str(bound_to), "values": dict(values)}).encode()))

    def open(self, *, bound_to: UUID | str, under: str = "", log: bool = True) -> dict[str, Any]:
        """Raises `KeyringError`: no key, the wrong key, or a token that was sealed for another row.

        ``under`` is the fingerprint of the key that sealed it, where the row has it. A failure is logged, unless
        ``log`` is false: for who asks each second.
        """
        try:
            return self._opened(str(bound_to), under)
        except KeyringError as error:
            if log:
                log_key_error("encryption.not_opened", error, record=str(bound_to))
            raise

    def _opened(self, bound_to: str, under: str) -> dict[str, Any]:
        content = json.loads(keyring.open_(self._token, under=under))
        if content.get("for") != bound_to:
            raise KeyringError(
                "sealed_for_another",
                "This encrypted value belongs to another record.",
                "Restore the record from a backup, or enter the credentials again.",
            )
        values: dict[str, Any] = content["values"]
        return values

    def is_same_as(self, other: Sealed | None) -> bool:
        """Whether both are one sealing: what was sealed anew, even of the same values, is another."""
        return other is not None and self._token == other._token

    def rotated(self) -> Sealed | None:
        """The same content under the newest key; None where it is that already. Bound to what it was bound to.

        Raises `KeyringError` where no key opens it.
        """
        token = keyring.rotated(self._token)
        return None if token is None else Sealed(token)

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
