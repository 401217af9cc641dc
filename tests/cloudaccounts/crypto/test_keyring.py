from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from cloudaccounts.crypto import keyring
from cloudaccounts.crypto.keyring import KeyringError


def test_it_opens_what_it_sealed() -> None:
    assert keyring.open_(keyring.seal(b"hello")) == b"hello"


@pytest.mark.django_db(databases=["cloud_security"])
def test_it_seals_with_the_newest_key_and_opens_with_all(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.CREDENTIAL_ENCRYPTION_KEYS = [old]
    token = keyring.seal(b"hello")
    settings.CREDENTIAL_ENCRYPTION_KEYS = [new, old]
    assert keyring.open_(token) == b"hello"
    assert Fernet(new).decrypt(keyring.seal(b"again").encode()) == b"again"


def test_it_says_that_the_key_is_missing(settings: Settings) -> None:
    settings.CREDENTIAL_ENCRYPTION_KEYS = []
    with pytest.raises(KeyringError, match="key is missing") as caught:
        keyring.seal(b"hello")
    assert caught.value.code == "encryption_key_missing"


def test_it_says_that_the_key_is_wrong(settings: Settings) -> None:
    token = keyring.seal(b"hello")
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(KeyringError, match="No encryption key of this server opens") as caught:
        keyring.open_(token)
    assert caught.value.code == "encryption_key_wrong"


def test_it_says_that_a_key_is_malformed_without_showing_it(settings: Settings) -> None:
    settings.CREDENTIAL_ENCRYPTION_KEYS = ["not-a-key"]
    with pytest.raises(KeyringError, match="not a Fernet key") as caught:
        keyring.seal(b"hello")
    assert "not-a-key" not in str(caught.value)


def test_a_fingerprint_names_a_key_without_telling_it(settings: Settings) -> None:
    key = Fernet.generate_key().decode()
    settings.CREDENTIAL_ENCRYPTION_KEYS = [key]
    assert len(keyring.newest_fingerprint()) == 12
    assert keyring.newest_fingerprint() not in key


def test_it_says_which_key_opens(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.CREDENTIAL_ENCRYPTION_KEYS = [old]
    token, name = keyring.seal(b"hello"), keyring.newest_fingerprint()
    settings.CREDENTIAL_ENCRYPTION_KEYS = [new, old]
    assert keyring.opened_by(token) == name
    assert keyring.opened_by(keyring.seal(b"hello", newest=True)) == keyring.newest_fingerprint() != name


@pytest.mark.parametrize("older", [0, 1])
def test_what_no_key_opens_is_told(settings: Settings, older: int) -> None:
    token = keyring.seal(b"hello")
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode() for _ in range(1 + older)]
    with pytest.raises(KeyringError) as caught:
        keyring.opened_by(token)
    assert caught.value.code == "encryption_key_wrong"


@pytest.mark.parametrize("chosen", [0, 1, None])
def test_it_seals_with_the_key_that_was_chosen_and_that_it_knows(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, chosen: int | None
) -> None:
    keys = [Fernet.generate_key().decode() for _ in range(2)]
    settings.CREDENTIAL_ENCRYPTION_KEYS = keys
    name = "of-another-one" if chosen is None else keyring.fingerprints()[chosen]
    monkeypatch.setattr(keyring, "_sealing_key", lambda: name)
    assert Fernet(keys[chosen or 0]).decrypt(keyring.seal(b"again").encode()) == b"again"
    assert keyring.sealing_fingerprint() == keyring.fingerprints()[chosen or 0]


def test_a_key_that_another_process_has_already_is_told_as_such(settings: Settings) -> None:
    """The middle of a rolling restart: what this process reads opens, but for what the others encrypted since."""
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.CREDENTIAL_ENCRYPTION_KEYS = [old]
    before = keyring.seal(b"before")
    settings.CREDENTIAL_ENCRYPTION_KEYS = [new, old]
    since = keyring.seal(b"since", newest=True)
    settings.CREDENTIAL_ENCRYPTION_KEYS = [old]
    assert keyring.open_(before) == b"before"
    with pytest.raises(KeyringError, match="restart this process with the new list of keys") as caught:
        keyring.open_(since)
    assert caught.value.code == "encryption_key_unknown"


def test_what_its_own_key_does_not_open_is_damaged(settings: Settings) -> None:
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    token = keyring.seal(b"hello")
    with pytest.raises(KeyringError, match="the key that it was encrypted under is here") as caught:
        keyring.open_(f"{token[:-6]}AAAA==", under=keyring.newest_fingerprint())
    assert caught.value.code == "encrypted_value_damaged"
