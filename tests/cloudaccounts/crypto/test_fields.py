from __future__ import annotations

import copy
import pickle
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from cloudaccounts.crypto.fields import KeyringError, Sealed, SealedField

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(st.dictionaries(texts, texts, max_size=5))
def test_it_gives_back_what_was_sealed(values: dict[str, str]) -> None:
    key = uuid4()
    assert Sealed.seal(values, bound_to=key).open(bound_to=key) == values


def test_it_does_not_open_for_another_row() -> None:
    sealed = Sealed.seal({"token": "secret"}, bound_to=uuid4())
    with pytest.raises(KeyringError) as caught:
        sealed.open(bound_to=uuid4())
    assert caught.value.code == "sealed_for_another"
    assert "secret" not in str(caught.value)


def test_its_repr_shows_nothing() -> None:
    sealed = Sealed.seal({"token": "secret"}, bound_to="x")
    assert repr(sealed) == str(sealed) == "<Sealed>"
    assert sealed._token not in f"{sealed!r}{[sealed]}"


def test_it_refuses_to_be_pickled_or_copied() -> None:
    sealed = Sealed.seal({"token": "secret"}, bound_to="x")
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(sealed)
    with pytest.raises(TypeError, match="not pickled"):
        copy.copy(sealed)


def test_a_field_refuses_plain_text() -> None:
    with pytest.raises(TypeError, match="takes encrypted values only"):
        SealedField().get_prep_value("secret")


def test_a_rotated_value_stays_bound_to_its_row(settings: Settings) -> None:
    key = uuid4()
    sealed = Sealed.seal({"token": "secret"}, bound_to=key)
    assert sealed.rotated() is None
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.CREDENTIAL_ENCRYPTION_KEYS]
    rotated = sealed.rotated()
    assert rotated is not None
    assert rotated.open(bound_to=key) == {"token": "secret"}
    with pytest.raises(KeyringError):
        rotated.open(bound_to=uuid4())


def test_each_failed_opening_is_logged_with_what_to_do_and_no_secret(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    record = uuid4()
    sealed = Sealed.seal({"token": "hunter2"}, bound_to=record)
    key = Fernet.generate_key().decode()
    settings.CREDENTIAL_ENCRYPTION_KEYS = [key]
    for _ in range(2):
        with pytest.raises(KeyringError):
            sealed.open(bound_to=record)
    lines = [vars(line) for line in caplog.records if line.message == "encryption.not_opened"]
    assert [(line["code"], line["record"]) for line in lines] == [("encryption_key_wrong", str(record))] * 2
    assert "Put the key back" in lines[0]["do"]
    assert len(lines[0]["keys"]) == 12
    assert "hunter2" not in str(lines)
    assert key not in str(lines)


def test_who_asks_each_second_is_not_logged(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    sealed = Sealed.seal({}, bound_to="x")
    settings.CREDENTIAL_ENCRYPTION_KEYS = []
    with pytest.raises(KeyringError):
        sealed.open(bound_to="x", log=False)
    assert not caplog.records
