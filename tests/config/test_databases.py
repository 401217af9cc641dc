from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, models

from config.databases import Router, database
from config.env import ROOT
from tests.conftest import ALL_DATABASES

OURS = ("cloudaccounts", "scans", "wizard")


def test_each_app_lives_in_its_database() -> None:
    router = Router()
    homes = {model._meta.app_label: router.db_for_write(model) for model in apps.get_models()}
    assert homes["auth"] == homes["sessions"] == homes["django_celery_results"] == "default"
    assert homes["cloudaccounts"] == homes["scans"] == "cloud_security"
    assert homes["wizard"] == "cloud_asset_discovery"


def test_no_relation_crosses_databases() -> None:
    router = Router()
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, models.ForeignKey) and model._meta.app_label in OURS:
                assert router.allow_relation(model, field.related_model), f"{model.__name__}.{field.name}"


def test_every_model_of_ours_has_a_uuid_key_or_is_one_row_of_what_it_names() -> None:
    for model in apps.get_models():
        if model._meta.app_label in OURS:
            key = model._meta.pk
            while isinstance(key, models.OneToOneField):
                key = key.target_field
            # A text works as a key on each database; numbers that count up do not on MongoDB.
            one_of_its_subject = isinstance(key, models.CharField) and key.name in ("owner", "subject", "key")
            assert isinstance(key, models.UUIDField) or one_of_its_subject, model.__name__


def test_unique_keys_are_strings_or_uuids() -> None:
    """An integer in a unique constraint let duplicates through on MongoDB (see docs/decisions/0001)."""
    for model in apps.get_models():
        if model._meta.app_label not in OURS:
            continue
        names = [name for constraint in model._meta.constraints for name in getattr(constraint, "fields", ())]
        unique = [model._meta.get_field(name) for name in names]
        unique += [field for field in model._meta.concrete_fields if field.unique]
        for field in unique:
            assert isinstance(field, models.CharField | models.UUIDField | models.OneToOneField), f"{model}.{field}"


@pytest.mark.django_db(databases=ALL_DATABASES)
def test_sqlite_runs_in_wal_mode_with_a_busy_timeout() -> None:
    for alias in ALL_DATABASES:
        connection = connections[alias]
        if connection.vendor != "sqlite":
            pytest.skip("not SQLite here")
        with connection.cursor() as cursor:
            assert cursor.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
            assert cursor.execute("PRAGMA busy_timeout").fetchone()[0] == 20000


def test_each_alias_takes_its_url(tmp_path: Path) -> None:
    config = database("cloud_security", "postgres://u:p@db.example:5433/security", tmp_path)
    assert (config["ENGINE"], config["HOST"], config["PORT"]) == ("django.db.backends.postgresql", "db.example", 5433)


def test_how_long_a_connection_is_kept_can_be_said_in_the_url(tmp_path: Path) -> None:
    assert database("default", "postgres://u@db/x", tmp_path)["CONN_MAX_AGE"] == 60
    url = "postgres://u@db/x?CONN_MAX_AGE=0&DISABLE_SERVER_SIDE_CURSORS=True"
    config = database("default", url, tmp_path)
    assert (config["CONN_MAX_AGE"], config["DISABLE_SERVER_SIDE_CURSORS"]) == (0, True)
    assert config["OPTIONS"] == {"connect_timeout": 10}


def test_mongodb_serves_the_isolated_databases_and_not_users(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="not MongoDB"):
        database("default", "mongodb://localhost/users", tmp_path)


def test_an_engine_that_is_not_supported_is_told(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="neither PostgreSQL"):
        database("default", "mysql://u@db/x", tmp_path)


def test_mongodb_that_does_not_answer_is_waited_for_as_long_as_postgresql_is(tmp_path: Path) -> None:
    options = database("cloud_security", "mongodb://localhost/x", tmp_path)["OPTIONS"]
    assert options == {"serverSelectionTimeoutMS": 10_000, "connectTimeoutMS": 10_000}
    options = database("cloud_security", "mongodb://localhost/x?serverselectiontimeoutms=300", tmp_path)["OPTIONS"]
    assert options == {"connectTimeoutMS": 10_000}  # the URL's own word holds, in any case of its letters


def test_a_page_waits_for_no_database_longer_than_people_wait_for_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 within two seconds, where a worker may wait for another primary. Words of the URL hold all the same."""
    monkeypatch.setenv("CLOUD_ACCOUNTS_PROCESS", "web")
    options = database("cloud_security", "mongodb://localhost/x", tmp_path)["OPTIONS"]
    assert options == {"serverSelectionTimeoutMS": 1000, "connectTimeoutMS": 1000}
    assert database("default", "postgres://u@db/x", tmp_path)["OPTIONS"]["connect_timeout"] == 2
    assert database("default", "postgres://u@db/x?connect_timeout=5", tmp_path)["OPTIONS"]["connect_timeout"] == 5
    assert 'os.environ["CLOUD_ACCOUNTS_PROCESS"] = "web"' in (ROOT / "config" / "gunicorn.conf.py").read_text()


def test_the_threads_of_a_web_process_share_connections_to_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three databases and four processes of 34 threads would need 408; the server allows 100 by default."""
    assert "pool" not in database("default", "postgres://u@db/x", tmp_path)["OPTIONS"]  # a worker forks
    monkeypatch.setenv("CLOUD_ACCOUNTS_PROCESS", "web")
    config = database("default", "postgres://u@db/x", tmp_path)
    assert config["CONN_MAX_AGE"] == 0  # Django pools only where each request gives its connection back
    assert config["OPTIONS"]["pool"]["max_size"] == 12
    assert "pool" not in database("default", "postgres://u@db/x?CONN_MAX_AGE=0", tmp_path)["OPTIONS"]  # PgBouncer
