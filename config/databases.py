"""Three databases by design, and the router that keeps them apart.

No relation crosses them: the embedded default keeps three SQLite files, so that a mistake fails at once.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from config.datafolder import private_file

SECURITY = "cloud_security"
DISCOVERY = "cloud_asset_discovery"
# Teams refer to users: in the same database as they.
APPS = {"cloudaccounts": SECURITY, "scans": SECURITY, "wizard": DISCOVERY, "teams": "default"}

PROCESS = "CLOUD_ACCOUNTS_PROCESS"  # in the environment: "web" in gunicorn's processes, see config/gunicorn.conf.py
CONNECT_SECONDS = 10.0  # of workers: a replica set elects another primary meanwhile
# Of a web process. Who waits for a page is better served by a quick 503 that says when to come back, and the threads
# stay free for pages that need no such database. libpq counts whole seconds and takes two at least.
CONNECT_SECONDS_OF_PAGES = 1.0
# What the threads of a web process share, for each PostgreSQL database: those that answer pages (8) and probes (2), and
# two of the many that wait for clouds and give their connection back meanwhile (`cloudaccounts.work.threads`). With a
# connection for each thread, one user took 96 of the 100 that PostgreSQL allows by default (docs/decisions/0015).
POOL = {"min_size": 0, "max_size": 12, "timeout": 5.0, "max_idle": 60.0}


def in_web_process() -> bool:
    return os.environ.get(PROCESS) == "web"


def connect_seconds() -> float:
    return CONNECT_SECONDS_OF_PAGES if in_web_process() else CONNECT_SECONDS


SQLITE_OPTIONS = {
    # IMMEDIATE takes the write lock when a transaction begins: waiting there is safe, while upgrading a read lock later
    # fails at once with "database is locked", whatever the timeout.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
}


def database(alias: str, url: str, folder: Path) -> dict[str, Any]:
    """The settings of one alias: SQLite in the data folder without a URL, else PostgreSQL, MongoDB or SQLite."""
    if not url:
        path = private_file(folder / f"{alias}.sqlite3")
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": dict(SQLITE_OPTIONS)}
    if url.startswith(("mongodb://", "mongodb+srv://")):
        return _mongodb(alias, url)
    config: dict[str, Any] = dict(environ.Env.db_url_config(url))
    if config.get("ENGINE") == "django.db.backends.sqlite3":
        config["OPTIONS"] = dict(SQLITE_OPTIONS)
    elif config.get("ENGINE") == "django.db.backends.postgresql":
        # Whoever says in the URL how long connections are kept has a pooler of his own, and needs none of ours.
        pooled = in_web_process() and "CONN_MAX_AGE" not in config
        kept = 0 if pooled else 60  # seconds
        config = {"CONN_MAX_AGE": kept, "CONN_HEALTH_CHECKS": True, **config}  # options in the URL win
        # A host that drops packets would hold each request for minutes; one that refuses connections fails at once.
        options = {"connect_timeout": max(2, int(connect_seconds())), **config.get("OPTIONS", {})}
        config["OPTIONS"] = {**options, "pool": dict(POOL)} if pooled else options
    else:
        raise ImproperlyConfigured(f"The database URL of {alias} is neither PostgreSQL, MongoDB nor SQLite.")
    return config


def _mongodb(alias: str, url: str) -> dict[str, Any]:
    if alias == "default":
        raise ImproperlyConfigured("DATABASE_URL holds users and sessions: PostgreSQL or SQLite, not MongoDB.")
    if find_spec("django_mongodb_backend") is None:
        raise ImproperlyConfigured("A mongodb:// URL needs the extra: pip install '.[mongodb]'.")
    # The driver reads the URL itself (HOST below): looked up here is what it must be told beside it.
    parts = urlsplit(url)
    # Options in the URL win; MongoDB compares their names without regard to case.
    given = {name.lower() for name in parse_qs(parts.query, keep_blank_values=True)}
    # The driver's default is 30 seconds for each query of a page while no server answers.
    milliseconds = int(connect_seconds() * 1000)
    defaults = {"serverSelectionTimeoutMS": milliseconds, "connectTimeoutMS": milliseconds}
    options = {name: value for name, value in defaults.items() if name.lower() not in given}
    # Without a name in the URL the database is named as the alias, as the SQLite files are.
    name = parts.path.strip("/") or alias
    return {"ENGINE": "django_mongodb_backend", "HOST": url, "NAME": name, "OPTIONS": options}


class Router:
    """Sends each app's models to its database, and those of Django and of libraries to ``default``."""

    def db_for_read(self, model: Any, **_hints: Any) -> str:
        return APPS.get(model._meta.app_label, "default")

    def db_for_write(self, model: Any, **_hints: Any) -> str:
        return APPS.get(model._meta.app_label, "default")

    def allow_relation(self, one: Any, other: Any, **_hints: Any) -> bool:
        return self.db_for_read(one) == self.db_for_read(other)

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool:
        return APPS.get(app_label, "default") == db
