"""Walks over everything that strangers can ask: other verbs, other people's ids in queries, every address of the admin.

`test_ownership` and `test_api_ownership` walk the addresses that name a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from cloudaccounts.models import CloudAccount
from scans.models import Asset, Finding
from tests.architecture.test_ownership import OWNED, address, alices_records, routes
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
__all__ = ["alices_records"]  # a fixture
MARK = "alices-unmistakable-name"
PAGES = sorted(
    route
    for route in routes(get_resolver().url_patterns)
    if "<" not in route and "api/" not in route and route != "readyz"
)
QUERIES = ("account", "group", "run", "organization", "under", "finding", "asset", "draft", "job", "q", "next", "owner")
STRANGERS = ("nobody", "alice", "staff")
ADMIN = "admin/"


@pytest.fixture
def marked(alices_records: dict[str, UUID]) -> dict[str, UUID]:
    """Alice's records, all of one name that is nowhere else."""
    CloudAccount.objects.update(name=MARK)
    Asset.objects.update(name=MARK, account_name=MARK)
    Finding.objects.update(asset_name=MARK, account_name=MARK, title=MARK)
    return alices_records


@pytest.fixture
def staff(db: None) -> User:
    """Lets itself into the admin, and may do nothing there."""
    return User.objects.create_user("stan", "stan@example.org", "stan-helps-people", is_staff=True)


def browser(request: pytest.FixtureRequest, who: str) -> Client:
    client = Client(raise_request_exception=False)
    if who != "nobody":
        client.force_login(request.getfixturevalue(who))
    return client


@pytest.mark.parametrize("verb", ["head", "put", "patch", "delete", "options", "trace"])
def test_no_other_verb_opens_what_is_somebody_elses(bobs: Client, verb: str, marked: dict[str, UUID]) -> None:
    for route in OWNED:
        answer = bobs.generic(verb.upper(), address(route, marked))
        assert answer.status_code in {404, 405} or (verb == "options" and not answer.content), route
        assert MARK.encode() not in answer.content


@pytest.mark.parametrize("route", PAGES)
def test_somebody_elses_ids_in_a_query_or_a_form_show_nothing(
    bobs: Client, route: str, marked: dict[str, UUID]
) -> None:
    for value in sorted({str(value) for value in marked.values()}):
        query = urlencode(dict.fromkeys(QUERIES, value))
        answer = bobs.get(f"/{route}?{query}&format=html")
        assert answer.status_code < 500, (route, answer.status_code)
        assert MARK.encode() not in b"".join(answer), route
    before = CloudAccount.objects.values().get()
    form = {name: str(value) for name, value in marked.items()} | {"accounts": [str(marked["account_id"])]}
    if route not in ("logout/",):
        answer = bobs.post(f"/{route}", form)
        assert answer.status_code < 500, (route, answer.status_code)
        assert MARK.encode() not in b"".join(answer), route
    assert CloudAccount.objects.values().get() == before


# The admin ---------------------------------------------------------------------------------------------------------


def _admin_addresses() -> list[str]:
    """Every address of the admin, with a record's key where one belongs."""

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            else:
                yield route

    found = [route for route in walk(get_resolver().url_patterns, "") if route.startswith(ADMIN)]
    return sorted({re.sub(r"\(\?P<\w+>[^)]*\)|[\^$]", "cloudaccounts", route) for route in found})


ADMIN_ROUTES = _admin_addresses()
OPEN = {"admin/login/"}  # the door itself
FOR_ALL_STAFF = {"admin/", "admin/jsi18n/", "admin/logout/", "admin/password_change/done/"}  # they name no record
_KEY = re.compile(r"<(?:\w+:)?(\w+)>")


def _filled(route: str) -> str:
    """With keys of records that exist, where the model has some."""
    parts = route.split("/")
    model = next(
        (
            model
            for model in admin.site._registry
            if len(parts) > 2 and (model._meta.app_label, model._meta.model_name) == (parts[1], parts[2])
        ),
        None,
    )
    return "/" + _KEY.sub(lambda match: _key_of(model, match[1]), route)


def _key_of(model: type[Model] | None, name: str) -> str:
    row = model._default_manager.first() if model is not None else None
    return str(row.pk) if row is not None else {"content_type_id": "1", "app_label": "cloudaccounts"}.get(name, "1")


def test_there_are_such_addresses() -> None:
    assert len(ADMIN_ROUTES) > 60
    assert len(PAGES) > 20


@pytest.mark.parametrize("who", STRANGERS)
def test_the_admin_is_shut_to_whoever_has_no_right_there(
    request: pytest.FixtureRequest, who: str, marked: dict[str, UUID]
) -> None:
    client = browser(request, who)
    before = CloudAccount.objects.values().get()
    for route in ADMIN_ROUTES:
        if route in OPEN:
            continue
        for ask in (client.get, client.post):
            answer: Any = ask(_filled(route))
            assert answer.status_code < 500, (route, answer.status_code)
            assert MARK.encode() not in answer.content, route
            allowed = {200} if who == "staff" and route in FOR_ALL_STAFF else set()
            assert answer.status_code in {302, 403, 404, 405} | allowed, (route, answer.status_code)
            if route == "admin/logout/":
                client = browser(request, who)
    assert CloudAccount.objects.values().get() == before


def test_no_address_of_the_admin_breaks_for_an_operator(
    request: pytest.FixtureRequest, marked: dict[str, UUID]
) -> None:
    client = browser(request, "operator")
    for route in ADMIN_ROUTES:
        answer: Any = client.get(_filled(route))
        assert answer.status_code < 500, (route, answer.status_code)
