"""Test databases, copied from templates that are migrated once for each state of the code.

What migrations make depends on their text, on the types of the models' columns, on the router and on the versions of
Django and the engine: a template is named after all of that, so that none is ever stale. Whoever comes first migrates a
test database as ever and leaves a copy of it; others wait for that, and copy it. Templates of SQLite lie beside
pytest's own cache, those of PostgreSQL on the server; ``--create-db`` makes them anew.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connections, router

import config.databases
from config.datafolder import DataFolder, private_file
from config.env import ROOT

FOLDER = ROOT / ".pytest_cache" / "databases"
PREFIX = "cloud_accounts_template_"
ISOLATED = ("CLOUD_SECURITY_DATABASE_URL", "CLOUD_ASSET_DISCOVERY_DATABASE_URL")
KEPT_DAYS = 7  # for a branch that one comes back to


def state(alias: str) -> str:
    """Sixteen letters for all that the tables of this alias, and what migrations put into them, depend on."""
    connection = connections[alias]
    digest = sha256(f"{connection.vendor} {django.__version__} {sqlite3.sqlite_version}".encode())
    digest.update(Path(config.databases.__file__).read_bytes())
    for app in apps.get_app_configs():
        spec = find_spec(f"{app.name}.migrations")
        for folder in (spec and spec.submodule_search_locations) or ():
            for path in sorted(Path(folder).glob("*.py")):
                digest.update(f"{app.label} {path.name}".encode() + path.read_bytes())
    for model in apps.get_models(include_auto_created=True):
        if router.allow_migrate_model(alias, model):
            columns = [(one.column, one.db_parameters(connection)) for one in model._meta.local_fields]
            digest.update(f"{model._meta.label} {columns}".encode())
    return digest.hexdigest()[:16]


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Among the processes of this machine: other checkouts may use the same server."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (Path(tempfile.gettempdir()) / f"cloud-accounts-templates-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class _SQLite:
    """A file each."""

    def __init__(self, alias: str) -> None:
        self.path = FOLDER / f"{alias}-{state(alias)}.sqlite3"
        self._connection: Any = connections[alias]

    def is_there(self) -> bool:
        return self.path.exists()

    def keep(self, migrated: str = "") -> None:
        """``migrated``: the file to copy, without it the one that Django is connected to."""
        made = self.path.with_suffix(".new")
        made.unlink(missing_ok=True)
        with closing(sqlite3.connect(migrated or self._connection.settings_dict["NAME"])) as database:
            database.execute("VACUUM INTO ?", (str(made),))
        made.replace(self.path)
        for other in FOLDER.glob("*.sqlite3"):
            if other.stat().st_mtime < time.time() - KEPT_DAYS * 86400:
                other.unlink(missing_ok=True)

    def copy_to(self, name: str) -> None:
        shutil.copyfile(self.path, name)
        self.path.touch()


class _PostgreSQL:
    """A database each, on the server that the test database lies on."""

    def __init__(self, alias: str) -> None:
        self._name = f"{PREFIX}{alias}_{state(alias)}"
        self._connection: Any = connections[alias]

    def _ask(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        with self._connection.creation._nodb_cursor() as cursor:
            cursor.execute(statement, values)
            rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
        return rows

    def is_there(self) -> bool:
        return bool(self._ask("SELECT 1 FROM pg_database WHERE datname = %s", self._name))

    def keep(self) -> None:
        made, today = self._connection.settings_dict["NAME"], date.today()
        self._ask(f'DROP DATABASE IF EXISTS "{self._name}"')
        self._ask(f'CREATE DATABASE "{self._name}" TEMPLATE "{made}"')
        self._ask(f"COMMENT ON DATABASE \"{self._name}\" IS '{today}'")
        made_at = "shobj_description(oid, 'pg_database')"
        old = f"SELECT datname FROM pg_database WHERE datname LIKE %s AND {made_at} < %s"  # noqa: S608  # ours
        for (name,) in self._ask(old, f"{PREFIX}%", str(today - timedelta(days=KEPT_DAYS))):
            self._ask(f'DROP DATABASE IF EXISTS "{name}"')

    def copy_to(self, name: str) -> None:
        self._ask(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._ask(f'CREATE DATABASE "{name}" TEMPLATE "{self._name}"')


def ready(alias: str, *, anew: bool) -> None:
    """Makes the test database of this alias and lets Django use it."""
    connection: Any = connections[alias]
    creation = connection.creation
    if connection.vendor == "mongodb":  # it has no way to copy a database
        creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        return
    template = _SQLite(alias) if connection.vendor == "sqlite" else _PostgreSQL(alias)
    with one_at_a_time():
        if anew or not template.is_there():
            creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            connection.close()
            template.keep()
            return
        name = creation._get_test_db_name()
        template.copy_to(name)
    connection.close()
    settings.DATABASES[alias]["NAME"] = connection.settings_dict["NAME"] = name


def copy_embedded_to(folder: Path) -> None:
    """Puts three migrated databases into the data folder of a product that a test is about to start.

    Only where these tests run on SQLite themselves: elsewhere the product migrates its own, as at any first start.
    """
    aliases = list(settings.DATABASES)
    if any(connections[alias].vendor != "sqlite" for alias in aliases):
        return
    with one_at_a_time():
        templates = {alias: _SQLite(alias) for alias in aliases}
        if not all(template.is_there() for template in templates.values()):
            _migrate_templates(templates)
        # First, for beside databases that are there it makes no encryption key.
        DataFolder(folder, "sandbox").prepare()
        for alias, template in templates.items():
            template.copy_to(str(private_file(folder / f"{alias}.sqlite3")))


def _migrate_templates(templates: dict[str, _SQLite]) -> None:
    """In a process of its own: the connections of this one belong to whatever test runs in it."""
    with tempfile.TemporaryDirectory() as made:
        env = {**os.environ, **dict.fromkeys(("DATABASE_URL", *ISOLATED), ""), "DATA_DIR": made}
        for alias, template in templates.items():
            command = [sys.executable, "manage.py", "migrate", "--database", alias, "--verbosity", "0"]
            subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)
            template.keep(str(Path(made) / f"{alias}.sqlite3"))


def copied_or_migrated(alias: str) -> None:
    """The database that a product's own settings name, in a process that a test started."""
    connection = connections[alias]
    if connection.vendor == "sqlite" and (template := _SQLite(alias)).is_there():
        connection.close()
        template.copy_to(str(connection.settings_dict["NAME"]))
    else:
        call_command("migrate", database=alias, verbosity=0)
