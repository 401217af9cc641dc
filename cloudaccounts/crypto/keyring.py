"""The keyring: the only module that knows Fernet.

Keys come from ``settings.CREDENTIAL_ENCRYPTION_KEYS``, newest first: the newest seals, all of them open.
"""

from __future__ import annotations

import hashlib
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


_RESTORE = "Put the key back (CREDENTIAL_ENCRYPTION_KEYS, or keys/encryption.keys in the data folder) and restart."


def _missing() -> KeyringError:
    return KeyringError(
        "encryption_key_missing", "The encryption key is missing, so credentials cannot be read.", _RESTORE
    )


def _wrong() -> KeyringError:
    return KeyringError("encryption_key_wrong", "No encryption key of this server opens what is stored.", _RESTORE)


def seal(plaintext: bytes) -> str:
    """A Fernet token under the newest key."""
    return _ring(_keys()).encrypt(plaintext).decode()


def open_(token: str) -> bytes:
    """The plaintext; raises `KeyringError` where no key opens it, or there is no key."""
    try:
        return _ring(_keys()).decrypt(token.encode())
    except InvalidToken:
        raise _wrong() from None


def rotated(token: str) -> str | None:
    """The token under the newest key; None where it is that already. Raises `KeyringError` as `open_` does."""
    keys = _keys()
    newest = _ring(keys[:1])  # opening with the newest alone tells whether the token is under it
    try:
        newest.decrypt(token.encode())
    except InvalidToken:
        return newest.encrypt(_opened_by(keys[1:], token)).decode()
    return None


def newest_fingerprint() -> str:
    """12 hexadecimal digits of the newest key's SHA-256: names a key without telling anything of it."""
    return fingerprints()[0]


def fingerprints() -> tuple[str, ...]:
    keys = _keys()
    _ring(keys)
    # 48 bits tell a handful of keys apart, and are far too few to say anything of 256.
    return tuple(hashlib.sha256(key.encode()).hexdigest()[:12] for key in keys)


def _opened_by(older: tuple[str, ...], token: str) -> bytes:
    if not older:
        raise _wrong()
    try:
        return _ring(older).decrypt(token.encode())
    except InvalidToken:
        raise _wrong() from None


def _keys() -> tuple[str, ...]:
    return tuple(settings.CREDENTIAL_ENCRYPTION_KEYS)


# By the keys themselves: a test, or a process whose settings were changed, never gets the ring of other keys.
@lru_cache(maxsize=4)
def _ring(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise _missing()
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        raise KeyringError(
            "encryption_key_malformed",
            "An encryption key is not a Fernet key (32 bytes in URL-safe base64).",
            "Correct CREDENTIAL_ENCRYPTION_KEYS or keys/encryption.keys in the data folder and restart.",
        ) from None
