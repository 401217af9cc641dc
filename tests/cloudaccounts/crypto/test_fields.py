from __future__ import annotations

import copy
import pickle
from typing import Any
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from cloudaccounts.crypto.fields import KeyringError, Sealed, SealedField, newest_key_fingerprint

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


ROW = uuid4()
PLACE: dict[str, Any] = {"bound_to": ROW, "column": "payload", "generation": 3}


@pytest.mark.parametrize(
    "elsewhere",
    [{"bound_to": uuid4()}, {"column": "staged"}, {"column": "previous"}, {"generation": 2}, {"generation": 4}],
)
def test_it_opens_in_its_own_place_alone(elsewhere: dict[str, Any]) -> None:
    sealed = Sealed.seal({"token": "secret"}, **PLACE)
    assert sealed.open(**PLACE) == {"token": "secret"}
    with pytest.raises(KeyringError) as caught:
        sealed.open(**{**PLACE, **elsewhere})
    assert caught.value.code == "sealed_for_another"


def test_what_moves_opens_in_its_new_place_alone() -> None:
    sealed = Sealed.seal({"token": "secret"}, **PLACE)
    moved = sealed.moved(**PLACE, to_column="previous", to_generation=4)
    assert moved.open(bound_to=ROW, column="previous", generation=4) == {"token": "secret"}
    with pytest.raises(KeyringError):
        moved.open(**PLACE)
    with pytest.raises(KeyringError):
        moved.moved(**PLACE, to_column="previous", to_generation=4)


def test_a_value_of_before_opens_in_its_row_until_it_is_renewed() -> None:
    old = Sealed.seal({"token": "secret"}, bound_to=ROW)
    assert old.open(**PLACE) == {"token": "secret"}
    renewed = old.renewed(**PLACE)
    assert renewed is not None
    assert renewed.open(**PLACE) == {"token": "secret"}
    with pytest.raises(KeyringError):
        renewed.open(**{**PLACE, "column": "staged"})
    assert renewed.renewed(**PLACE) is None
    with pytest.raises(KeyringError):
        old.renewed(bound_to=uuid4(), column="payload")


@pytest.mark.django_db(databases=["cloud_security"])
def test_a_renewed_value_is_under_the_newest_key(settings: Settings) -> None:
    sealed = Sealed.seal({"token": "secret"}, **PLACE)
    assert sealed.renewed(**PLACE) is None
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.CREDENTIAL_ENCRYPTION_KEYS]
    renewed = sealed.renewed(**PLACE)
    assert renewed is not None
    assert renewed.key_fingerprint() == newest_key_fingerprint() != sealed.key_fingerprint()
    assert renewed.open(**PLACE) == {"token": "secret"}


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
