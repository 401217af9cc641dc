from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.conftest import Caller
from tests.conftest import ALL_DATABASES
from tests.nul import FIELDS, NUL, refused_by_databases

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture(autouse=True)
def _strict() -> Iterator[None]:
    with refused_by_databases():
        yield


@pytest.mark.parametrize("path", ["cloud-accounts/", "scans/", "findings/", "assets/"])
def test_no_filter_of_the_api_takes_it(alice_calls: Caller, path: str) -> None:
    for name in FIELDS:
        status = alice_calls.get(f"{path}?{name}=a%00b").status_code
        assert 400 <= status < 500, name


@pytest.mark.parametrize(
    "change", [{"name": NUL}, {"group": NUL}, {"credentials": {"token": NUL}}, {"regions": [NUL]}, {"provider": NUL}]
)
def test_no_body_of_the_api_takes_it(alice_calls: Caller, toybox: dict[str, Any], change: dict[str, Any]) -> None:
    for path in ("cloud-accounts/", "cloud-accounts/validate"):
        answer = alice_calls.post(path, {**toybox, **change})
        assert answer.status_code == 422
        assert answer.json()["details"]["fields"] == {next(iter(change)): "There is a NUL character in it."}
    answer = alice_calls.post("cloud-accounts/", {**toybox, "name": "a \\u0000 that is only written so"})
    assert answer.status_code == 201
