"""Searches for parts of names and identifiers, and the indexes that they read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone

from cloudaccounts.work.databases import SECURITY
from scans.models import Asset
from scans.search import keys_matching
from scans.search_index import TABLES, is_prepared, prepare
from scans.search_keys import id_search_key, search_key
from scans.tags import tag_lines
from teams.scope import Scope
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
NAMES = ("data-platform-public-docs", "Public-Docs", "backups", '100% "quoted" OR x*', "a_b", "acb")


def make(name: str, *, owner: str = "7", native_id: str = "") -> Asset:
    now = timezone.now()
    native_id = native_id or f"arn:aws:s3:::{name}"
    return Asset.objects.create(
        account=uuid4(), asset_key=uuid4().hex, owner=owner, account_name="x", provider="aws", service="s3",
        region="global", unit_region="global", type="aws.s3.bucket", native_id=native_id, name=name,
        name_key=search_key(name), id_key=id_search_key(native_id), first_seen_at=now,
        last_seen_at=now, changed_at=now, last_run=uuid4(),
    )  # fmt: skip


def search(text: str, owner: str = "7") -> set[str]:
    keys = keys_matching(Asset.objects.filter(owner=owner), Scope(owner), text, name="name")
    return set(Asset.objects.filter(pk__in=keys).values_list("name", flat=True))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("public-docs", {NAMES[0], NAMES[1]}),
        ("PUBLIC-DOCS", {NAMES[0], NAMES[1]}),
        ("  platform ", {NAMES[0]}),
        ("ocs", {NAMES[0], NAMES[1]}),
        ("pu", {NAMES[1]}),  # two characters: at the beginning
        ("ck", set()),
        ("100%", {NAMES[3]}),
        ('quoted" OR', {NAMES[3]}),
        ("a_b", {NAMES[4]}),  # no wildcard
        ("x*", set()),
        ("nothing like it", set()),
        ("arn:aws:s3:::backups", {"backups"}),
    ],
)
def test_three_characters_are_found_anywhere_and_fewer_at_the_beginning(text: str, names: set[str]) -> None:
    for name in NAMES:
        make(name)
        make(name, owner="8")
    assert search(text) == names


def test_an_identifier_that_does_not_end_with_the_name_is_found_by_its_parts() -> None:
    make("web", native_id="arn:aws:ec2:eu-west-1:111122223333:instance/i-0abc12345")
    assert search("0abc123") == {"web"}
    assert search("i-0abc") == {"web"}
    assert search("111122223333") == {"web"}


def test_tags_are_found_by_their_parts_and_as_they_are_now() -> None:
    tagged = make("web")
    Asset.objects.filter(pk=tagged.pk).update(tag_lines=tag_lines({"cost-center": "4711", "odd": '100% "x" OR y'}))
    for text in ("cost-center=47", "cost-center: 4711", "ENTER=4711", "100%", '"x" OR'):
        keys = keys_matching(Asset.objects.filter(owner="7"), Scope("7"), text, name="name", tags="tag_lines")
        assert keys == [tagged.pk], text
    assert search("4711") == set()  # a search that was not asked for tags
    Asset.objects.filter(pk=tagged.pk).update(tag_lines=tag_lines({"cost-center": "4712"}))
    rows = Asset.objects.filter(owner="7")
    assert keys_matching(rows, Scope("7"), "4711", name="name", tags="tag_lines") == []
    assert keys_matching(rows, Scope("7"), "4712", name="name", tags="tag_lines") == [tagged.pk]


def test_what_is_renamed_moved_or_deleted_is_found_as_it_is() -> None:
    asset = make("data-platform-public-docs")
    Asset.objects.filter(pk=asset.pk).update(name="renamed-since", native_id="arn:aws:s3:::renamed-since")
    assert (search("public-docs"), search("named-sin")) == (set(), {"renamed-since"})
    Asset.objects.filter(pk=asset.pk).update(owner="8")
    assert (search("named-sin"), search("named-sin", "8")) == (set(), {"renamed-since"})
    asset.delete()
    assert search("named-sin", "8") == set()


def run(sql: str) -> list[Any]:
    with connections[SECURITY].cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []


@pytest.mark.parametrize(
    "break_it",
    [
        lambda: run("DROP TRIGGER assets_text_insert"),  # as a migration does that makes the table anew
        lambda: run("UPDATE assets_text SET text = 'something else'"),  # as VACUUM does that numbers rows anew
        lambda: [  # as a release without tags has made it
            run("DROP TRIGGER assets_text_insert"),
            run(
                "CREATE TRIGGER assets_text_insert AFTER INSERT ON assets BEGIN "
                "INSERT INTO assets_text (rowid, text) VALUES (new.rowid, new.name); END"
            ),
        ],
    ],
    ids=["triggers", "numbers", "release"],
)
def test_what_was_lost_is_made_again_after_migrations(break_it: Callable[[], object]) -> None:
    if connections[SECURITY].vendor != "sqlite":
        pytest.skip("These tables are SQLite's.")
    make("data-platform-public-docs")
    break_it()
    make("more-public-docs")
    assert search("ublic-docs") <= {"data-platform-public-docs", "more-public-docs"}  # never an error
    prepare(SECURITY)
    Asset.objects.filter(name="more-public-docs").update(tag_lines=tag_lines({"env": "prod"}))
    (found,) = keys_matching(Asset.objects.filter(owner="7"), Scope("7"), "env=prod", name="name", tags="tag_lines")
    assert Asset.objects.get(pk=found).name == "more-public-docs"
    assert search("ublic-docs") == {"data-platform-public-docs", "more-public-docs"}
    prepare(SECURITY)  # changes nothing
    assert len(run("SELECT rowid FROM assets_text")) == 2


def test_the_plan_of_a_search_reads_an_index() -> None:
    vendor = connections[SECURITY].vendor
    assert is_prepared(SECURITY)
    if vendor == "postgresql":
        run("SET LOCAL enable_seqscan = off")
        plan = Asset.objects.filter(name__icontains="public").explain()
        assert "assets_tags_text" in Asset.objects.filter(tag_lines__icontains="public").explain()
    elif vendor == "sqlite":
        plan = str(run("EXPLAIN QUERY PLAN SELECT rowid FROM assets_text WHERE text MATCH '\"public\"'"))
    else:
        pytest.skip("MongoDB has none.")
    assert "assets_text" in plan
    assert {searched.table for searched in TABLES} == {"assets", "findings"}
