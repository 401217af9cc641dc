"""Hostile characters in each filter and each body of the API: refused, or found nowhere.

What is walked comes from the API's description, so a new filter is in it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User

from config.api.assembly import ROOT, description
from tests.architecture.test_api_ownership import _PARAMETER, ASK_A_CLOUD, caller, records
from tests.conftest import ALL_DATABASES
from tests.nul import refused_by_databases

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
__all__ = ["records"]  # a fixture
TEXTS = (
    "a\0b", "\ud800", "\uffff", "a\r\nX-Injected: 1", "\u202e", "٣", "-1", "99999999999999999999", "' OR 1=1 --", "[",
    "é" * 3000,
)  # fmt: skip
SPEC = description()
FILTERS = [
    (path, [item["name"] for item in verbs["get"].get("parameters", ()) if item["in"] == "query"])
    for path, verbs in SPEC["paths"].items() if "get" in verbs
]  # fmt: skip
WRITES = [
    (verb.upper(), path, example["value"])
    for path, verbs in SPEC["paths"].items()
    if not path.endswith(ASK_A_CLOUD)
    for verb, call in verbs.items()
    for example in call.get("requestBody", {})
    .get("content", {})
    .get("application/json", {})
    .get("examples", {})
    .values()
]


@pytest.fixture(autouse=True)
def _as_postgresql() -> Iterator[None]:
    with refused_by_databases():
        yield


def encoded(text: str) -> str:
    """As a query's bytes, lone surrogates included."""
    return quote(text.encode("utf-8", "surrogatepass"))


def named(path: str, rows: dict[str, Any]) -> str:
    values = {"framework": "cis_aws_5.0", "control": "1.1", "check_id": "azure_entra_guest_access", **rows}
    return _PARAMETER.sub(lambda match: str(values[match[1]]), path.removeprefix(ROOT))


def test_there_are_such_filters_and_bodies() -> None:
    assert sum(len(names) for _, names in FILTERS) > 80
    assert len(WRITES) > 20


@pytest.mark.parametrize(("path", "names"), [item for item in FILTERS if item[1]])
def test_no_filter_of_the_api_breaks(path: str, names: list[str], alice: User, records: dict[str, Any]) -> None:
    calls = caller(alice)
    for name in names:
        for text in TEXTS:
            answer = calls.get(f"{named(path, records)}?{name}={encoded(text)}")
            assert answer.status_code < 500, (name, text)
            assert answer.status_code != 200 or "\0" not in text, (name, text)


def spoilt(value: Any, text: str) -> Iterator[Any]:
    """Copies, each with the text in the place of one leaf, and in an object one with it as a name."""
    if isinstance(value, dict):
        for name, inner in value.items():
            for other in spoilt(inner, text):
                yield {**value, name: other}
        yield {**value, text: "x"}
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            for other in spoilt(inner, text):
                changed = copy.copy(value)
                changed[number] = other
                yield changed
        yield [*value, text]
    else:
        yield text


@pytest.mark.parametrize(("verb", "path", "body"), WRITES)
def test_no_body_of_the_api_breaks(verb: str, path: str, body: Any, alice: User, records: dict[str, Any]) -> None:
    calls = caller(alice)
    for text in TEXTS:
        for other in spoilt(body, text):
            sent = json.dumps(other).encode()
            assert calls.ask(verb, named(path, records), sent).status_code < 500, sent[:300]
    last = json.dumps(next(spoilt(body, "a\0b"))).encode()
    assert 400 <= calls.ask(verb, named(path, records), last).status_code < 500
