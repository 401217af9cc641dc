from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.utils import timezone

from cloudaccounts.accounts import kept_numbers
from cloudaccounts.models import CloudAccount
from cloudaccounts.work.databases import SECURITY
from scans.assets.queries import ORDER, TYPES, AssetFilter, asset_types, assets, in_index_order
from scans.models import Asset
from scans.search_keys import search_key
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.pages import NAVIGATION

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture
def account(alice: User, make_account: MakeAccount) -> CloudAccount:
    return make_account(alice)


def asset(account: CloudAccount, name: str, **fields: Any) -> Asset:
    now = timezone.now()
    values: dict[str, Any] = {
        "type": "aws.ec2.instance", "service": "ec2", "region": "eu-west-1", "native_id": f"arn:aws:ec2:::{name}",
        "tags": {}, "properties": {}, "fingerprint": "f", "first_seen_at": now, "last_seen_at": now, "changed_at": now,
        "last_run": uuid4(), "name_key": search_key(name), "id_key": search_key(name), **fields,
    }  # fmt: skip
    return Asset.objects.create(
        account=account.pk, asset_key=uuid4().hex, owner=account.owner, account_name=account.name,
        provider=account.provider, name=name, **values,
    )  # fmt: skip


def names(client: Client, query: str = "") -> list[str]:
    response = client.get(f"/assets/{query}")
    assert response.status_code == 200
    return [row.name for row in response.context["page"]]


def test_it_hides_other_peoples_assets(
    alices: Client, account: CloudAccount, bob: User, make_account: MakeAccount
) -> None:
    mine, theirs = asset(account, "mine"), asset(make_account(bob), "theirs")
    assert names(alices) == ["mine"]
    assert alices.get(f"/assets/{mine.pk}/").status_code == 200
    assert alices.get(f"/assets/{theirs.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?type=aws.s3.bucket", ["logs"]),
        ("?region=eu-west-1", ["web"]),
        ("?q=LOG", ["logs"]),
        ("?q=arn:aws:ec2:::web", ["web"]),
        ("?q=elsewhere:web", []),
        ("?q=data-plat", ["web", "logs"]),
        ("?gone=1", ["old"]),
        ("?provider=aws&type=none&region=none", ["web", "logs"]),
    ],
)
def test_it_filters(alices: Client, account: CloudAccount, query: str, expected: list[str]) -> None:
    asset(account, "web")
    asset(account, "logs", type="aws.s3.bucket", service="s3", region="global")
    asset(account, "old", gone_at=timezone.now())
    assert names(alices, query) == expected


def test_what_is_new_or_gone_since_yesterday_is_a_list(alices: Client, account: CloudAccount) -> None:
    now = timezone.now()
    asset(account, "old", first_seen_at=now - timedelta(days=3))
    asset(account, "fresh")
    asset(account, "gone-long-ago", gone_at=now - timedelta(days=3))
    asset(account, "gone-today", gone_at=now)
    assert names(alices, "?since=1") == ["fresh"]
    assert names(alices, "?gone=1&since=1") == ["gone-today"]
    assert set(names(alices, "?since=7")) == {"old", "fresh"}
    assert set(names(alices, "?since=some")) == {"old", "fresh"}


def test_it_shows_one_accounts_assets(
    alices: Client, alice: User, account: CloudAccount, make_account: MakeAccount
) -> None:
    asset(account, "mine")
    asset(make_account(alice, name="other"), "elsewhere")
    response = alices.get(f"/assets/?account={account.pk}")
    assert [row.name for row in response.context["page"]] == ["mine"]
    assert "Only of" in response.content.decode()


def test_it_asks_the_same_few_questions_however_many_assets_there_are(
    alices: Client, account: CloudAccount, django_assert_num_queries: Any
) -> None:
    asset(account, "first")
    with django_assert_num_queries(NAVIGATION + 5, using="cloud_security"):
        alices.get("/assets/")
    for number in range(60):
        asset(account, f"more-{number}")
    with django_assert_num_queries(NAVIGATION + 5, using="cloud_security"):
        alices.get("/assets/")


def test_an_asset_shows_its_tags_and_properties_as_text(alices: Client, account: CloudAccount) -> None:
    row = asset(account, "web", tags={"items": "<b>7</b>"}, properties={"encrypted": False})
    page = alices.get(f"/assets/{row.pk}/").content.decode()
    assert "items: &lt;b&gt;7&lt;/b&gt;" in page
    assert "&quot;encrypted&quot;: false" in page


def test_the_panel_counts_by_type_and_shows_what_came_last(alices: Client, account: CloudAccount) -> None:
    asset(account, "web")
    asset(account, "db")
    asset(account, "logs", type="aws.s3.bucket")
    asset(account, "old", gone_at=timezone.now())
    summary = alices.get(f"/accounts/{account.pk}/panels/scans/assets/").context["summary"]
    assert (summary.total, summary.types) == (3, (("aws.ec2.instance", 2), ("aws.s3.bucket", 1)))
    assert len(summary.latest) == 3


def test_the_panel_of_an_account_without_assets_says_what_comes(alices: Client, account: CloudAccount) -> None:
    page = alices.get(f"/accounts/{account.pk}/panels/scans/assets/").content.decode()
    assert "what it finds appears here" in page


def test_the_types_to_choose_from_are_those_that_are_shown(
    alices: Client, alice: User, account: CloudAccount, make_account: MakeAccount
) -> None:
    asset(account, "web")
    asset(account, "old", type="aws.rds.instance", gone_at=timezone.now())
    asset(make_account(alice, name="other"), "logs", type="aws.s3.bucket")

    def offered(query: str) -> list[str]:
        form = alices.get(f"/assets/{query}").context["form"]
        return [value for value, _ in form.fields["type"].widget.choices]

    assert offered("") == ["", "aws.ec2.instance", "aws.s3.bucket"]
    assert offered("?gone=1") == ["", "aws.rds.instance"]
    assert "aws.s3.bucket" not in offered(f"?account={account.pk}")


def test_another_owners_account_shows_nothing(bobs: Client, account: CloudAccount) -> None:
    asset(account, "web")
    response = bobs.get(f"/assets/?account={account.pk}")
    assert list(response.context["page"]) == []
    assert "aws.ec2.instance" not in response.content.decode()


def test_neither_counting_nor_the_types_read_every_asset(
    alices: Client, account: CloudAccount, django_assert_num_queries: Any
) -> None:
    asset(account, "web")
    with django_assert_num_queries(NAVIGATION + 5, using="cloud_security") as queries:
        alices.get("/assets/")
    statements = [query["sql"] for query in queries.captured_queries if '"assets"' in query["sql"]]
    assert len(statements) == 3
    assert all("LIMIT" in sql or ("GROUP BY" in sql and "gone_at" in sql) for sql in statements)


def test_a_page_is_in_the_order_of_the_owners_index(alices: Client, account: CloudAccount) -> None:
    """Or PostgreSQL sorts all of an owner's assets for it: 85 ms of 100,000."""
    for name, kind in (("b", "aws.ec2.volume"), ("a", "aws.ec2.volume"), ("c", "aws.ec2.instance")):
        asset(account, name, type=kind)
    asset(account, "gone", gone_at=timezone.now())
    assert names(alices) == ["c", "a", "b"]
    scope = Scope(account.owner)
    for filters, order in (
        (AssetFilter(), ("gone_at", *ORDER)), (AssetFilter(gone=True), ORDER), (AssetFilter(account=account.pk), ORDER),
    ):  # fmt: skip
        rows = in_index_order(assets(scope, filters), filters)
        assert rows.query.order_by == order
    if connections[SECURITY].vendor == "postgresql":
        with connections[SECURITY].cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        plan = in_index_order(assets(scope, AssetFilter()), AssetFilter())[:50].explain()
        assert "asset_owner_type_name" in plan


def test_types_of_a_large_team_are_read_once_in_half_a_minute(
    alices: Client, account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_numbers, "LARGE", 1)
    TYPES.clear()
    asset(account, "one")
    asset(account, "two")
    asset(account, "gone", type="aws.ec2.volume", gone_at=timezone.now())
    try:
        scope = Scope(account.owner)
        assert asset_types(scope, AssetFilter(), None) == ["aws.ec2.instance"]
        asset(account, "three", type="aws.s3.bucket")
        assert asset_types(scope, AssetFilter(), None) == ["aws.ec2.instance"]
        assert asset_types(scope, AssetFilter(), account) == ["aws.ec2.instance", "aws.ec2.volume", "aws.s3.bucket"]
        assert asset_types(scope, AssetFilter(gone=True), None) == ["aws.ec2.volume"]
    finally:
        TYPES.clear()
