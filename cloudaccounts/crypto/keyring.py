"""The keyring: the only module that knows Fernet.

Keys come from ``settings.CREDENTIAL_ENCRYPTION_KEYS``, newest first. All of them open. The newest seals, unless this
installation has not got to it yet: during a rolling restart there are processes that do not know it (see
`cloudaccounts.operations.workers.sealing_key`, and docs/decisions/0018).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:  # every command checks its keys, and few seal or open: below, where that is done
    from cryptography.fernet import MultiFernet


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


# Apart from a wrong key, because the remedy is another: a restart with the new list, instead of a search for a lost
# key.
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


_sealing_key: Callable[[], str] | None = None


def choose_sealing_key(by: Callable[[], str]) -> None:
    """``by`` gives the fingerprint of the key to seal with, or an empty text for the newest. Asked for each sealing
    while there is more than one key.
    """
    global _sealing_key  # set once, when the apps are ready
    _sealing_key = by


def sealing_fingerprint() -> str:
    """Of the key that seals now."""
    # With one key there is nothing to choose, and the question would cost a query for each encryption.
    known = fingerprints()
    chosen = _sealing_key() if _sealing_key is not None and len(known) > 1 else ""
    # The witness may be under a key that this process lacks: then it writes under its own newest, and `confirm_key`
    # reports it.
    return chosen if chosen in known else known[0]


def seal(plaintext: bytes, *, newest: bool = False) -> str:
    """A Fernet token under the key that seals now, or under the newest."""
    keys = _keys()
    if newest or len(keys) < 2:
        return _ring(keys).fernet.encrypt(plaintext).decode()
    # A ring of this one key: MultiFernet always encrypts with the first of the list.
    key = keys[fingerprints().index(sealing_fingerprint())]
    return _ring((key,)).fernet.encrypt(plaintext).decode()


def open_(token: str, *, under: str = "") -> bytes:
    """The plaintext; raises `KeyringError` where no key opens it, or there is no key.

    ``under`` is the fingerprint of the key that sealed it, where that is known: then the error says more.
    """
    from cryptography.fernet import InvalidToken

    ring = _ring(_keys())
    try:
        plaintext = ring.fernet.decrypt(token.encode())
    except InvalidToken:
        if under in ring.fingerprints:
            raise _damaged() from None
        raise (_unknown() if ring.fits else _wrong()) from None
    # From here on a value that does not open is not taken for a sign of a wrong key: this one has opened others.
    ring.fits = True
    return plaintext


def opened_by(token: str) -> str:
    """The fingerprint of the key that opens the token. Raises `KeyringError` (wrong) where none does."""
    from cryptography.fernet import InvalidToken

    # MultiFernet tells that some key opens it, not which: so each is tried alone, the newest first.
    for key, fingerprint in zip(_keys(), fingerprints(), strict=True):
        try:
            _ring((key,)).fernet.decrypt(token.encode())
        except InvalidToken:
            continue
        return fingerprint
    raise _wrong()


def newest_fingerprint() -> str:
    """12 hexadecimal digits of the newest key's SHA-256: names a key without telling anything of it."""
    return fingerprints()[0]


def fingerprints() -> tuple[str, ...]:
    return _ring(_keys()).fingerprints


def _keys() -> tuple[str, ...]:
    # Read at each call and never while a module is imported: nothing that loads this needs a key.
    return tuple(settings.CREDENTIAL_ENCRYPTION_KEYS)


class _Ring:
    """``fits``: it opened something that was stored, so that it is not another installation's."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys, self.fits = keys, False
        # 48 bits tell a handful of keys apart, and are far too few to say anything of 256.
        self.fingerprints = tuple(hashlib.sha256(key.encode()).hexdigest()[:12] for key in keys)

    @cached_property
    def fernet(self) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet

        return MultiFernet([Fernet(key) for key in self._keys])


# By the keys themselves: a test, or a process whose settings were changed, never gets the ring of other keys.
@lru_cache(maxsize=4)
def _ring(keys: tuple[str, ...]) -> _Ring:
    if not keys:
        raise _missing()
    if not all(_is_key(key) for key in keys):
        raise KeyringError(
            "encryption_key_malformed",
            "An encryption key is not a Fernet key (32 bytes in URL-safe base64).",
            "Correct CREDENTIAL_ENCRYPTION_KEYS or keys/encryption.keys in the data folder and restart.",
        )
    return _Ring(keys)


def _is_key(key: str) -> bool:
    """As Fernet says: 32 bytes in URL-safe base64 (https://github.com/fernet/spec/blob/master/Spec.md)."""
    try:
        return len(base64.urlsafe_b64decode(key)) == 32
    except ValueError:
        return False
