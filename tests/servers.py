"""Fresh databases on a server, for products that tests start; taken away again with what is in them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from pymongo import MongoClient

from tests.environment import MONGODB, MONGODB_URL

VARIABLE_OF = {  # the setting that says where an alias lies
    "default": "DATABASE_URL",
    "cloud_security": "CLOUD_SECURITY_DATABASE_URL",
    "cloud_asset_discovery": "CLOUD_ASSET_DISCOVERY_DATABASE_URL",
}
VARIABLES = tuple(VARIABLE_OF.values())
# The embedded default, whatever databases these tests themselves run on.
EMBEDDED = dict.fromkeys(VARIABLES, "")


@contextmanager
def databases(url: str, purpose: str) -> Iterator[dict[str, str]]:
    """Three of them on the server that ``url`` names, by the setting that names each."""
    parts = urlsplit(url)
    run = secrets.token_hex(4)
    names = {variable: f"cloud_accounts_{purpose}_{run}_{number}" for number, variable in enumerate(VARIABLES)}
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as server:
        try:
            for name in names.values():
                server.execute(f'CREATE DATABASE "{name}"')
            yield {variable: parts._replace(path=f"/{name}").geturl() for variable, name in names.items()}
        finally:
            for name in names.values():
                server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def same_as_tests() -> Iterator[dict[str, str]]:
    """Fresh databases on the servers that these tests run on (`tests.environment`); else the embedded ones."""
    if MONGODB:
        name = f"cloud_accounts_journey_{secrets.token_hex(4)}"
        fresh = {variable: f"{MONGODB_URL}/{name}_{number}" for number, variable in enumerate(VARIABLES[1:])}
        try:
            yield EMBEDDED | fresh
        finally:
            with MongoClient[dict[str, Any]](MONGODB_URL) as client:
                for url in fresh.values():
                    client.drop_database(url.rpartition("/")[2])
    elif url := os.environ.get("TEST_DATABASE_URL", ""):
        with databases(url, "journey") as fresh:
            # Several whole products at once, each with dozens of threads: none keeps a connection that it does not use.
            yield {variable: f"{one}{'&' if '?' in one else '?'}CONN_MAX_AGE=0" for variable, one in fresh.items()}
    else:
        yield EMBEDDED


def rows(url: str) -> list[str]:
    """Each row of each table, or document of each collection, that a database holds, as it is stored."""
    if url.startswith("mongodb"):
        with MongoClient[dict[str, Any]](url) as client:
            database = client.get_default_database()
            return [str(one) for name in database.list_collection_names() for one in database[name].find()]
    with psycopg.connect(url.partition("?")[0]) as server:
        tables = server.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        names = [sql.Identifier(name) for (name,) in tables.fetchall()]
        return [
            row for name in names for (row,) in server.execute(sql.SQL("SELECT one::text FROM {} one").format(name))
        ]
