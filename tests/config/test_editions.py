"""A database of the first edition goes on in this one; one that stands between its releases is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.apps.registry import Apps
from django.core.management import CommandError, call_command
from django.db import connections, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import ConnectionHandler
from pytest_django import DjangoDbBlocker

from config.databases import SECURITY, database
from config.editions import APPS, MIGRATION, replaced
from teams.models import Team
from tests import databases, servers
from tests.config.filling import filled
from tests.conftest import ALL_DATABASES, raw_rows
from tests.environment import MONGODB

ENGINES = ["sqlite", "postgresql", *(["mongodb"] if MONGODB else [])]


@contextmanager
def own_databases(engine: str, folder: Path) -> Iterator[None]:
    """Three with nothing in them behind the three aliases."""
    folder.mkdir(exist_ok=True)
    with ExitStack() as stack:
        urls = servers.EMBEDDED
        if engine == "mongodb":
            urls = stack.enter_context(servers.same_as_tests())
        elif engine == "postgresql":
            url = os.environ.get("TEST_POSTGRES_URL") or os.environ.get("TEST_DATABASE_URL")
            if not url:
                pytest.skip("TEST_POSTGRES_URL names no PostgreSQL: nothing was upgraded on it.")
            urls = stack.enter_context(servers.databases(url, "edition"))
        own = ConnectionHandler(
            {alias: database(alias, urls[servers.VARIABLE_OF[alias]], folder) for alias in ALL_DATABASES}
        )
        for alias in ALL_DATABASES:
            stack.callback(connections.__setitem__, alias, connections[alias])
            stack.callback(own[alias].close)
            connections[alias] = own[alias]
        yield


@pytest.fixture(params=ENGINES)
def empty(request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The same for a whole test; the engine's name."""
    with django_db_blocker.unblock(), own_databases(request.param, tmp_path):
        yield request.param


def migrate(*arguments: str, **options: Any) -> None:
    for alias in ALL_DATABASES:
        call_command("migrate", *arguments, database=alias, verbosity=0, **options)


def schema(alias: str) -> dict[str, Any]:
    """Columns, indexes and constraints of each table, in no order: who upgraded has newer columns at the end."""
    connection: Any = connections[alias]
    look = connection.introspection
    kinds = ("columns", "primary_key", "unique", "check", "index", "foreign_key")
    found: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for table in sorted(look.table_names(cursor)):
            rules = look.get_constraints(cursor, table).items()
            columns = [] if connection.vendor == "mongodb" else look.get_table_description(cursor, table)
            found[table] = (
                sorted([one.name, str(one.type_code), one.display_size, one.null_ok] for one in columns),
                # SQLite's backend numbers what has no name by the order of the columns.
                sorted([name.strip("_0123456789"), *map(str, map(rule.get, kinds))] for name, rule in rules),
            )
    return found


def recorded(alias: str, app: str) -> set[str]:
    return {name for label, name in MigrationRecorder(connections[alias]).applied_migrations() if label == app}


def forget(*names: str, of: str) -> None:
    for alias in ALL_DATABASES:
        MigrationRecorder.Migration.objects.using(alias).filter(app=of, name__in=names).delete()


def first_edition() -> Apps:
    """Our models as they were in it."""
    return MigrationLoader(None).project_state([(app, MIGRATION) for app in APPS]).apps


def users_of_before() -> list[Any]:
    """By the model of migrations, of which no signal of ours hears: teams are for the upgrade to make."""
    last = ("auth", "0012_alter_user_first_name_max_length")
    call_command("migrate", *last, database="default", verbosity=0)
    users = MigrationLoader(None).project_state([last]).apps.get_model("auth", "User")
    return [users.objects.create(username=name) for name in ("anna", "bert")]


def as_the_first_edition_left_it() -> None:
    """Its last release recorded what is replaced now, and knew nothing of what replaces it."""
    for app in APPS:
        migrate(app, MIGRATION)
    for app in APPS:
        forget(MIGRATION, of=app)
    assert all(recorded(alias, app) == set(replaced(app)) for alias in ALL_DATABASES for app in APPS)


def values(row: models.Model) -> dict[str, Any]:
    """As they are stored: what is sealed says nothing of itself otherwise."""
    return {field.attname: field.get_prep_value(getattr(row, field.attname)) for field in row._meta.concrete_fields}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_filled_database_of_the_first_edition_keeps_every_row(
    engine: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    """And has the tables of a new one then, whatever was added since."""
    with django_db_blocker.unblock():
        with own_databases(engine, tmp_path / "new"):
            migrate()
            tables = list(map(schema, ALL_DATABASES))
        with own_databases(engine, tmp_path / "upgraded"):
            as_the_first_edition_left_it()
            made = filled(first_edition())
            assert len(made) > 2 * 20  # tables
            made += (people := users_of_before())
            for row in made:  # as stored: MongoDB keeps times to the millisecond
                row.refresh_from_db()
            stored = list(map(values, made))
            migrate()
            teams = Team.objects.order_by("key").values_list("key", "name", "personal", "memberships__user_id")
            assert list(teams) == sorted((str(user.pk), user.username, True, user.pk) for user in people)
            for row in made:
                row.refresh_from_db()
            assert list(map(values, made)) == stored
            assert list(map(schema, ALL_DATABASES)) == tables
            assert all(MIGRATION in recorded(alias, app) for alias in ALL_DATABASES for app in APPS)


def test_one_between_two_releases_is_refused_before_anything_is_changed(empty: str) -> None:
    as_the_first_edition_left_it()
    last_of = {"cloudaccounts": "0009_transfer_permission", "scans": "0001_initial", "wizard": "0001_initial"}
    for app, last in last_of.items():
        later = replaced(app)[replaced(app).index(last) + 1 :]
        forget(*later, of=app)
        for alias in ALL_DATABASES:
            rows = sorted(raw_rows(alias))
            with pytest.raises(CommandError) as refused:
                call_command("migrate", database=alias)
            told = str(refused.value)
            assert f"(cloudaccounts.E005) The database {alias} stands between two releases" in told
            assert f"before {app}.{later[0]}: " in told
            assert f"run manage.py migrate --database {alias} there, and then here" in told
            assert sorted(raw_rows(alias)) == rows
            for name in later:
                MigrationRecorder(connections[alias]).record_applied(app, name)
    migrate()


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_no_option_leads_past_the_refusal(empty: str) -> None:
    for name in replaced("scans")[:-1]:
        MigrationRecorder(connections[SECURITY]).ensure_schema()
        MigrationRecorder(connections[SECURITY]).record_applied("scans", name)
    for options in ({"skip_checks": False}, {"skip_checks": True}, {"fake": True}, {"plan": True}):
        with pytest.raises(CommandError, match=r"cloudaccounts\.E005"):
            call_command("migrate", database=SECURITY, **options)
    with pytest.raises(CommandError, match=r"cloudaccounts\.E005"):
        call_command("check", databases=[SECURITY])
    assert connections[SECURITY].introspection.table_names() == ["django_migrations"]


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_an_app_that_is_not_there_yet_is_no_reason_to_refuse(empty: str) -> None:
    migrate("cloudaccounts")
    migrate()
    assert all(MIGRATION in recorded(alias, app) for alias in ALL_DATABASES for app in APPS)
    call_command("check", databases=ALL_DATABASES)


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_what_replaces_them_makes_what_they_made(empty: str) -> None:
    """As the first edition's own made it. Who upgraded never runs it: a change belongs into a migration after it."""
    for app in APPS:
        migrate(app, MIGRATION)
    then = {model._meta.db_table for app in APPS for model in first_edition().all_models[app].values()}
    made = {table: its for alias in ALL_DATABASES for table, its in schema(alias).items() if table in then}
    assert len(made) == len(then)
    assert sha256(str(sorted(made.items())).encode()).hexdigest()[:16] == "4d1ac86c3a13d93d"  # of 97ade70


class Killed(BaseException):
    pass


@pytest.mark.parametrize("empty", [engine for engine in ENGINES if engine != "mongodb"], indirect=True)
@pytest.mark.parametrize("alias", ALL_DATABASES)
def test_killed_while_what_is_replaced_is_recorded_it_goes_on(
    empty: str, alias: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the tables alone the next start would make them again; with some of these rows it would be refused."""
    with monkeypatch.context() as patch:
        record = MigrationRecorder.record_applied
        middle = replaced("scans")[1]

        def killed_in_the_middle(self: MigrationRecorder, app: str, name: str) -> None:
            record(self, app, name)
            if (app, name) == ("scans", middle):
                raise Killed

        patch.setattr(MigrationRecorder, "record_applied", killed_in_the_middle)
        with pytest.raises(Killed):
            call_command("migrate", database=alias, verbosity=0)
    call_command("migrate", database=alias, verbosity=0)
    assert set(replaced("scans")) <= recorded(alias, "scans")


@pytest.mark.django_db(databases=ALL_DATABASES)
def test_the_databases_of_tests_are_what_migrations_make(tmp_path: Path) -> None:
    """A process of tests copies what another one migrated (tests/databases.py)."""

    def found() -> list[Any]:
        timeless = [{row for row in raw_rows(alias) if "datetime" not in row} for alias in ALL_DATABASES]
        return [*map(schema, ALL_DATABASES), timeless]

    if {connections[alias].vendor for alias in ALL_DATABASES} != {"sqlite"}:
        pytest.skip("not SQLite here")
    with own_databases("sqlite", tmp_path):
        for alias in ALL_DATABASES:
            databases.copied_or_migrated(alias)
        copied = found()
    for path in tmp_path.glob("*.sqlite3*"):
        path.unlink()
    with own_databases("sqlite", tmp_path):
        migrate()
        assert found() == copied
