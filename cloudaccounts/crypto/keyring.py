"""The keyring: the only module that knows Fernet.

Keys come from ``settings.CREDENTIAL_ENCRYPTION_KEYS``, newest first: the newest seals, all of them open.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class KeyringError(Exception):
    """Why something could not be sealed or opened, in a sentence. ``code`` is stable."""

    def __init__(self, code: str, cause: str, remedy: str) -> None:
        super().__init__(f"{cause} {remedy}")
        self.code = code
        self.cause = cause
        self.remedy = remedy


_KEYS = "CREDENTIAL_ENCRYPTION_KEYS, or keys/encryption.keys in the data folder"
_RESTORE = f"Put the key back ({_KEYS}) and restart."


def _missing() -> KeyringError:
    return KeyringError(
        "encryption_key_missing", "The encryption key is missing, so credentials cannot be read.", _RESTORE
    )


def _wrong() -> KeyringError:
    return KeyringError("encryption_key_wrong", "No encryption key of this server opens what is stored.", _RESTORE)


def _unknown() -> KeyringError:
    """As in the middle of a rolling restart, where another process has the new key already."""
    return KeyringError(
        "encryption_key_unknown",
        "This is encrypted under a key that this process does not have, though others that are stored open.",
        f"While keys are rotated: restart this process with the new list of keys ({_KEYS}). Else put the missing key "
        "back and restart.",
    )


def _damaged() -> KeyringError:
    return KeyringError(
        "encrypted_value_damaged",
        "What is stored was changed or is damaged: the key that it was encrypted under is here.",
        "Restore the record from a backup, or enter the credentials again.",
    )


def seal(plaintext: bytes) -> str:
    """A Fernet token under the newest key."""
    return _ring(_keys()).fernet.encrypt(plaintext).decode()


def open_(token: str, *, under: str = "") -> bytes:
    """The plaintext; raises `KeyringError` where no key opens it, or there is no key.

    ``under`` is the fingerprint of the key that sealed it, where that is known: then the error says more.
    """
    ring = _ring(_keys())
    try:
        plaintext = ring.fernet.decrypt(token.encode())
    except InvalidToken:
        if under in ring.fingerprints:
            raise _damaged() from None
        raise (_unknown() if ring.fits else _wrong()) from None
    ring.fits = True
    return plaintext


def rotated(token: str) -> str | None:
    """The token under the newest key; None where it is that already. Raises `KeyringError` as `open_` does."""
    keys = _keys()
    newest = _ring(keys[:1])  # opening with the newest alone tells whether the token is under it
    try:
        newest.fernet.decrypt(token.encode())
    except InvalidToken:
        return newest.fernet.encrypt(_opened_by(keys[1:], token)).decode()
    return None


def newest_fingerprint() -> str:
    """12 hexadecimal digits of the newest key's SHA-256: names a key without telling anything of it."""
    return fingerprints()[0]


def fingerprints() -> tuple[str, ...]:
    return _ring(_keys()).fingerprints


def _opened_by(older: tuple[str, ...], token: str) -> bytes:
    if not older:
        raise _wrong()
    try:
        return _ring(older).fernet.decrypt(token.encode())
    except InvalidToken:
        raise _wrong() from None


def _keys() -> tuple[str, ...]:
    return tuple(settings.CREDENTIAL_ENCRYPTION_KEYS)


@dataclass(slots=True)
class _Ring:
    """``fits``: it opened something that was stored, so that it is not another installation's."""

    fernet: MultiFernet
    fingerprints: tuple[str, ...]
    fits: bool = False


# By the keys themselves: a test, or a process whose settings were changed, never gets the ring of other keys.
@lru_cache(maxsize=4)
def _ring(keys: tuple[str, ...]) -> _Ring:
    if not keys:
        raise _missing()
    try:
        fernet = MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        raise KeyringError(
            "encryption_key_malformed",
            "An encryption key is not a Fernet key (32 bytes in URL-safe base64).",
            "Correct CREDENTIAL_ENCRYPTION_KEYS or keys/encryption.keys in the data folder and restart.",
        ) from None
    # 48 bits tell a handful of keys apart, and are far too few to say anything of 256.
    return _Ring(fernet, tuple(hashlib.sha256(key.encode()).hexdigest()[:12] for key in keys))
