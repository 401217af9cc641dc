"""Indexes for parts of names and identifiers, three characters or more: trigrams, as each database has them.

SQLite: a table of FTS5's trigram tokenizer beside each table, kept by triggers (https://sqlite.org/fts5.html, "The
Trigram Tokenizer"). PostgreSQL: a GIN index of pg_trgm (https://www.postgresql.org/docs/current/pgtrgm.html) over the
expression that Django compares with. MongoDB has neither: a search reads the owner's rows until it has enough hits.

Made by a migration, and looked after when migrations have run: SQLite's tables lose their triggers where a migration
rebuilds them, and pg_trgm may be allowed later than the tables were made.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connections, router, transaction
from django.db.migrations.operations.base import Operation

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SearchedTable:
    table: str
    name: str  # the column that people search by; ``native_id`` is the other one

    @property
    def index(self) -> str:
        return f"{self.table}_text"

    def text(self, row: str) -> str:
        """What SQLite indexes of a row: an identifier that ends with the name adds nothing that is searched for."""
        name, identifier = f'{row}"{self.name}"', f'{row}"native_id"'
        return (
            f"{name} || CASE WHEN substr({identifier}, -length({name})) = {name} "
            f"THEN '' ELSE char(10) || {identifier} END"
        )


TABLES = (SearchedTable("assets", "name"), SearchedTable("findings", "asset_name"))


def prepare(alias: str) -> None:
    """Makes what is missing. Nothing where it is there, or the database has no such index."""
    connection = connections[alias]
    existing = set(connection.introspection.table_names())
    for searched in TABLES:
        if searched.table not in existing:
            continue
        if connection.vendor == "sqlite":
            _prepare_sqlite(connection, searched)
        elif connection.vendor == "postgresql":
            _prepare_postgresql(alias, searched)


def is_prepared(alias: str) -> bool:
    """Whether searches for parts of words have an index. True on MongoDB, which promises none."""
    connection = connections[alias]
    # SQLite needs no extension: `prepare` makes its tables whenever migrations have run.
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        names = [searched.index for searched in TABLES]
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE indexname = ANY(%s)", [names])
        return int(cursor.fetchone()[0]) == len(TABLES)


def _prepare_sqlite(connection: Any, searched: SearchedTable) -> None:
    table, index = searched.table, searched.index
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s AND name IN (%s, %s, %s)",
            [table, *(f"{index}_{event}" for event in ("insert", "delete", "update"))],
        )
        if cursor.fetchone()[0] == 3 and _is_in_step(cursor, searched):
            return
        # All of it anew: which texts a trigger has missed that was not there, nobody knows.
        for event in ("insert", "delete", "update"):
            cursor.execute(f'DROP TRIGGER IF EXISTS "{index}_{event}"')
        cursor.execute(f'DROP TABLE IF EXISTS "{index}"')
        cursor.execute(f"CREATE VIRTUAL TABLE \"{index}\" USING fts5(text, tokenize='trigram')")
        cursor.execute(f'INSERT INTO "{index}" (rowid, text) SELECT rowid, {searched.text("")} FROM "{table}"')  # noqa: S608 # nosec B608
        cursor.execute(
            f'CREATE TRIGGER "{index}_insert" AFTER INSERT ON "{table}" BEGIN '  # noqa: S608 # nosec B608
            f'INSERT INTO "{index}" (rowid, text) VALUES (new.rowid, {searched.text("new.")}); END'
        )
        cursor.execute(
            f'CREATE TRIGGER "{index}_delete" AFTER DELETE ON "{table}" BEGIN '  # noqa: S608 # nosec B608
            f'DELETE FROM "{index}" WHERE rowid = old.rowid; END'
        )
        # Scans write every row again; only a new name or identifier is a new text.
        cursor.execute(
            f'CREATE TRIGGER "{index}_update" AFTER UPDATE OF "{searched.name}", "native_id" ON "{table}" '  # noqa: S608 # nosec B608
            f'WHEN old."{searched.name}" IS NOT new."{searched.name}" OR old."native_id" IS NOT new."native_id" BEGIN '
            f'UPDATE "{index}" SET text = {searched.text("new.")} WHERE rowid = old.rowid; END'
        )


def _is_in_step(cursor: Any, searched: SearchedTable) -> bool:
    """VACUUM may number the rows of a table anew: the first and the last then have another text."""
    cursor.execute(
        f"SELECT count(*), sum(t.text IS ({searched.text('r.')})) "  # noqa: S608 # nosec B608
        f'FROM "{searched.table}" r LEFT JOIN "{searched.index}" t ON t.rowid = r.rowid '
        f'WHERE r.rowid IN (SELECT min(rowid) FROM "{searched.table}" UNION SELECT max(rowid) FROM "{searched.table}")'
    )
    rows, equal = cursor.fetchone()
    return bool(rows == (equal or 0))


def _prepare_postgresql(alias: str, searched: SearchedTable) -> None:
    try:
        with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            # As Django writes `icontains`: another expression would not be recognized.
            cursor.execute(
                f'CREATE INDEX IF NOT EXISTS "{searched.index}" ON "{searched.table}" USING gin '
                f'((UPPER("{searched.name}"::text)) gin_trgm_ops, (UPPER("native_id"::text)) gin_trgm_ops)'
            )
    except DatabaseError as error:
        # Searches find the same, and take longer: `check --database` says so (cloudaccounts.W003).
        logger.warning("search.no_trigrams", extra={"error": str(error).splitlines()[0]})


class SearchIndexes(Operation):
    """The migration that makes them. Own, because ``django.contrib.postgres.operations`` imports psycopg."""

    reduces_to_sql = False
    reversible = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        return

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if router.allow_migrate(schema_editor.connection.alias, app_label):
            prepare(schema_editor.connection.alias)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        return  # harmless where they stay

    def describe(self) -> str:
        return "Indexes parts of names and identifiers, where the database can"
