"""Whatever JSON stands at whatever place of a file: it is planned, or refused by path, and never a crash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.contrib.auth.models import User

from cloudaccounts.declared.planning import make_plan
from cloudaccounts.declared.schema import problems
from cloudaccounts.declared.sections import file_schema, sections
from cloudaccounts.errors import InputError
from tests.api.conftest import Caller, alice_calls, assert_problem, caller_of  # noqa: F401 # fixtures
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
NUMBERS = (1.5, -0.0, 1e999)
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 10**400, "", " ", "x", "\u2028/\U0010ffff", [], {}, [[]], [1.5], {"x": 1.5}, *NUMBERS,
)  # fmt: skip
ACCOUNT = "toy/aaaaaa"
# An entry of each section with all that may stand in it; it need not be accepted.
SAMPLES: dict[str, dict[str, Any]] = {
    "groups": {"name": "a", "description": "b", "parent": "c"},
    "accounts": {
        "provider": "toy", "account_id": "aaaaaa", "name": "a", "environment": "dev", "regions": ["left"],
        "groups": ["a"], "partition": "toy", "auth_method": "token", "credentials": {"token": "t"},
    },
    "organizations": {
        "account": ACCOUNT, "options": {"root": "r"},
        "rules": [{"under": "root", "environment": "dev", "groups": ["a"], "regions": ["left"], "auto": True}],
    },
    "schedules": {
        "account": ACCOUNT, "every": "cron", "cron": "30 4 * * mon-fri", "services": ["s3"], "regions": ["left"],
    },
    "channels": {
        "name": "a", "kind": "email", "settings": {"to": ["a@example.com"]}, "secrets": {"url": "u"},
        "events": ["finding.opened"], "min_severity": "high", "groups": ["a"], "digest_minutes": 60, "enabled": True,
    },
    "mute_rules": {
        "match": {
            "check_id": "x", "severity": "high", "account": ACCOUNT, "group": "a", "environment": "dev",
            "region": "left", "resource": "r*", "tag": "k=v",
        },
        "reason": "r", "until": "2099-06-30",
    },
    "switched_off_checks": {"check_id": "x", "reason": "r"},
    "frameworks": {
        "slug": "own_a", "title": "aaa", "short": "aa", "version": "1", "provider": "toy", "source": "", "about": "",
        "sections": [{"id": "a", "title": "aaa"}],
        "controls": [{
            "id": "1", "title": "aaa", "assessment": "manual", "level": 1, "section": "a", "rules": ["x"],
            "partial": "p", "all_regions": False, "note": "n",
        }],
    },
}  # fmt: skip


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Of the value itself and of all that is in it."""
    yield place
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in pairs:
        yield from places(item, (*place, name))


def put(sample: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    copy = deepcopy(sample)
    holder = copy
    for name in place[:-1]:
        holder = holder[name]
    holder[place[-1]] = value
    return copy


def fields_below(schema: Any) -> int:
    """How many named fields a schema has, at any depth."""
    if isinstance(schema, list):
        return sum(map(fields_below, schema))
    if not isinstance(schema, dict):
        return 0
    return len(schema.get("properties", {})) + sum(map(fields_below, schema.values()))


def paths_refused(owner: str, body: dict[str, Any]) -> set[str]:
    """Nothing where it is planned. Whatever else is raised is a crash."""
    try:
        make_plan(owner, body, references=False)
    except InputError as error:
        return set(error.fields)
    return set()


def test_there_is_an_entry_of_each_section_with_each_of_its_fields() -> None:
    assert set(SAMPLES) == {part.key for part in sections()}
    for part in sections():
        free = {("credentials", "token"), ("options", "root"), ("settings", "to"), ("secrets", "url")}
        named = [place for place in places(SAMPLES[part.key]) if place and isinstance(place[-1], str)]
        assert len([place for place in named if place not in free]) == fields_below(part.schema), part.key


@pytest.mark.parametrize("key", SAMPLES)
def test_every_value_at_every_place_is_planned_or_refused_by_path(alice: User, toycloud: Any, key: str) -> None:
    schema, owner = file_schema(), str(alice.pk)
    for place in places(SAMPLES[key]):
        for value in VALUES:
            body = {key: [put(SAMPLES[key], place, value)]}
            wrong = problems(schema, body)
            # No place takes a number with a fraction, whatever it holds.
            if isinstance(value, float) or value in ([1.5], {"x": 1.5}):
                assert wrong, (place, value)
            if wrong:
                assert all(path.startswith(key) for path in wrong), (place, value, wrong)
                continue
            refused = paths_refused(owner, body)
            assert all(path.startswith(key) for path in refused), (place, value, refused)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_so_is_every_value_in_place_of_a_section_and_of_the_version(alice: User, value: Any) -> None:
    for key in (*SAMPLES, "version"):
        if value == [] and key != "version":
            make_plan(str(alice.pk), {key: value})
            continue
        with pytest.raises(InputError) as refused:
            make_plan(str(alice.pk), {key: value})
        assert all(path.startswith(key) for path in refused.value.fields)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ('{"version": 1.5}', "version"),
        ('{"version": 1e999}', "version"),
        ('{"groups": [{"name": 1.5}]}', "groups[0].name"),
        ('{"channels": [{"name": "a", "kind": 1.5}]}', "channels[0].kind"),
        ('{"groups": 1.5}', "groups"),
        ('{"new": 1.5}', "new"),
    ],
)
def test_a_fraction_is_refused_over_http(alice_calls: Caller, body: str, path: str) -> None:  # noqa: F811
    told = assert_problem(alice_calls.post("apply/", body.encode()), 422, "input_invalid")
    assert set(told["details"]["fields"]) == {path}


def test_a_body_that_is_nested_deeply_or_has_long_names_is_refused(alice_calls: Caller) -> None:  # noqa: F811
    """Before the schema bounds it nothing walks it whole: a path for each value of a long name would be gigabytes."""
    deep: Any = "env:X"
    for _ in range(300):
        deep = {"a": [deep]}
    for body in (deep, {"n" * 400_000: [0] * 200_000}):
        told = assert_problem(alice_calls.post("apply/", json.dumps(body).encode()), 422, "input_invalid")
        assert len(told["details"]["fields"]) == 1
