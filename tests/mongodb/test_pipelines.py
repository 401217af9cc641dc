"""What pages ask of MongoDB: no joins, and nothing that reads a whole collection to find somebody's rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.urls import reverse

from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.groups.services import add_members, create_group
from cloudaccounts.health.connection_checks import request_check, run_check
from cloudaccounts.models import AccountGroup, CloudAccount
from cloudaccounts.tokens.services import create_token
from config.databases import DISCOVERY, SECURITY
from scans.models import Asset, Finding, ScanRun
from scans.runs.execution import run_scan
from scans.runs.requests import request_scan
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.environment import MONGODB
from tests.toycloud.provider import State

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=ALL_DATABASES),
    pytest.mark.skipif(not MONGODB, reason="TEST_ISOLATED=mongodb is not set: these look at MongoDB's pipelines."),
]
Pipeline = Sequence[Mapping[str, Any]]
SMALL = {"cloudaccounts_providerreach", "cloudaccounts_workerheartbeat"}  # a row a provider, a row a worker


@dataclass(frozen=True, slots=True)
class Query:
    alias: str
    collection: str
    pipeline: Pipeline

    def __str__(self) -> str:
        return f"{self.collection}: {str(self.pipeline)[:600]}"


class _Recorded:
    """A collection that remembers what it was asked."""

    def __init__(self, alias: str, collection: Any, queries: list[Query]) -> None:
        self._alias, self._collection, self._queries = alias, collection, queries

    def aggregate(self, pipeline: Pipeline, **options: Any) -> Any:
        self._queries.append(Query(self._alias, self._collection.name, pipeline))
        return self._collection.aggregate(pipeline, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[Query]:
    """Every pipeline that the two isolated databases get from now on."""
    queries: list[Query] = []
    for alias in (SECURITY, DISCOVERY):
        connection: Any = connections[alias]
        original = connection.get_collection
        monkeypatch.setattr(
            connection,
            "get_collection",
            lambda name, alias=alias, original=original, **more: _Recorded(alias, original(name, **more), queries),
        )
    return queries


@pytest.fixture
def account(alice: User, toy_account: MakeAccount, toycloud: State) -> CloudAccount:
    """An account with something of everything that pages list."""
    toycloud.set_assets("boxes", "left", "chest", "trunk", lid="open")
    toycloud.set_assets("toys", "global", "ball", sharp="yes")
    account = toy_account(alice)
    run_scan(ScanRun.objects.get().run_id)
    run_check(request_check(account, actor=SYSTEM).pk)
    request_scan(account, actor=SYSTEM)
    group = create_group(scope=Scope(str(alice.pk)), actor=SYSTEM, name="all")
    add_members(group, actor=SYSTEM, accounts=[account.pk])
    return account


def _pages(account: CloudAccount) -> list[str]:
    group, finding, asset, run = (
        model._default_manager.order_by("pk")[0].pk for model in (AccountGroup, Finding, Asset, ScanRun)
    )
    key = account.pk
    mine = ("", "history/", "panels/scans/latest/", "panels/scans/assets/", "panels/scans/findings/")
    lists = (
        "/", "/rotation/", "/groups/", "/audit/", "/notices/", "/organizations/", "/wizard/", "/wizard/drafts-panel/",
        "/scans/", "/scans/now/", "/accounts/", "/accounts/?q=toy", "/accounts/?status=active", "/assets/",
        "/assets/?q=chest", "/findings/", "/findings/?q=chest", "/findings/?severity=critical",
    )  # fmt: skip
    panels = ("severity", "spread", "trend", "first", "changes")
    return [
        *lists,
        *(f"/accounts/{key}/{part}" for part in mine),
        *(f"/findings/panels/{panel}/" for panel in panels),
        *(f"/accounts/?group={group}", f"/groups/{group}/", f"/findings/?group={group}", f"/findings/?account={key}"),
        *(f"/scans/{run}/", f"/findings/{finding}/", f"/assets/{asset}/"),
    ]


def _joins(pipeline: Pipeline) -> bool:
    return "$lookup" in str(pipeline)


def test_no_page_of_a_person_joins(account: CloudAccount, alices: Client, queries: list[Query]) -> None:
    for address in _pages(account):
        before = len(queries)
        assert alices.get(address).status_code == 200, address
        assert [str(query) for query in queries[before:] if _joins(query.pipeline)] == [], address
    assert len(queries) > len(_pages(account))


def test_no_list_of_the_operators_joins(
    account: CloudAccount, operator: User, browser_of: Callable[[User], Client], queries: list[Query]
) -> None:
    client = browser_of(operator)
    for model in _ours():
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for query in ("", "?q=toy"):
            assert client.get(address + query, follow=True).status_code == 200, address
    assert [str(query) for query in queries if _joins(query.pipeline)] == []
    assert len(queries) > len(list(_ours()))


def test_no_call_of_the_api_joins(account: CloudAccount, alice: User, queries: list[Query]) -> None:
    _, text = create_token(owner=str(alice.pk), actor=Actor(str(alice.pk), "alice", "page"), name="t", scope="read")
    client = Client(headers={"Authorization": f"Bearer {text}"})
    for path in ("cloud-accounts/", f"cloud-accounts/{account.pk}", "scans/", "findings/", "assets/"):
        assert client.get(f"/api/v1/{path}").status_code == 200, path
    assert [str(query) for query in queries if _joins(query.pipeline)] == []
    assert len(queries) >= 5


def test_every_page_of_a_person_finds_its_rows_by_an_index(
    account: CloudAccount, alices: Client, queries: list[Query]
) -> None:
    addresses = _pages(account)
    queries.clear()
    for address in addresses:
        assert alices.get(address).status_code == 200, address
    assert sorted({str(query) for query in queries if query.collection not in SMALL and not _uses_index(query)}) == []


def _ours() -> Iterator[Any]:
    for app in ("cloudaccounts", "scans", "wizard"):
        yield from (model for model in apps.get_app_config(app).get_models() if admin.site.is_registered(model))


def _uses_index(query: Query) -> bool:
    """Whether an index of the collection begins with a field that the pipeline asks for, or sorts by, first.

    That is what MongoDB's planner needs. SecantusDB's own `explain` does not look into ``$and``, which mongod does.
    """
    if query.pipeline == [{"$limit": 1}]:
        return True  # any row will do
    connection: Any = connections[query.alias]
    keys = connection.database[query.collection].index_information().values()
    first = {str(index["key"][0][0]) for index in keys}
    fields: set[str] = set()
    for stage in query.pipeline:
        if "$match" in stage:
            fields |= _fields(stage["$match"])
        elif "$sort" in stage:
            fields |= set(list(stage["$sort"])[:1]) if not fields else set()
        else:
            break
    return bool(fields & first)


def _fields(match: Mapping[str, Any]) -> set[str]:
    """The fields that every row of the answer was compared by."""
    fields: set[str] = set()
    for name, value in match.items():
        if name == "$and":
            fields |= set().union(*(_fields(part) for part in value))
        elif name == "$or":
            fields |= set.intersection(*(_fields(part) for part in value))
        elif name == "$expr":
            continue  # mongod compares what it computes without an index
        else:
            fields.add(name)
    return fields
