"""Indexes for parts of names, identifiers and tags, three characters or more: trigrams, as each database has them.

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
    tags: str = ""  # the column with lines of tags, where they are searched for

    @property
    def index(self) -> str:
        return f"{self.table}_text"

    @property
    def tag_index(self) -> str:
        """PostgreSQL's; SQLite has both in one table, as columns of their own."""
        return f"{self.table}_tags_text"

    @property
    def columns(self) -> set[str]:
        return {self.name, "native_id", *([self.tags] if self.tags else [])}

    @property
    def indexed(self) -> str:
        """Columns of SQLite's table."""
        return "text, tags" if self.tags else "text"

    def texts(self, row: str) -> list[str]:
        """What SQLite indexes of a row, for each of those columns."""
        return [self.text(row), *([f'{row}"{self.tags}"'] if self.tags else [])]

    def text(self, row: str) -> str:
        """What SQLite indexes of a row: an identifier that ends with the name adds nothing that is searched for."""
        name, identifier = f'{row}"{self.name}"', f'{row}"native_id"'
        return (
            f"{name} || CASE WHEN substr({identifier}, -length({name})) = {name} "
            f"THEN '' ELSE char(10) || {identifier} END"
        )


# Of findings, tags are a facet and a filter of their list, and no part of its search.
TABLES = (SearchedTable("assets", "name", "tag_lines"), SearchedTable("findings", "asset_name"))


def prepare(alias: str) -> None:
    """Makes what is missing. Nothing where it is there, or the database has no such index."""
    connection = connections[alias]
    existing = set(connection.introspection.table_names())
    for searched in TABLES:
        if searched.table not in existing or not searched.columns <= _columns(connection, searched.table):
            continue  # a later migration brings it, and all of this is looked after when they have run
        if connection.vendor == "sqlite":
            _prepare_sqlite(connection, searched)
        elif connection.vendor == "postgresql":
            _prepare_postgresql(alias, searched)


def _columns(connection: Any, table: str) -> set[str]:
    if connection.vendor == "mongodb":
        return set()
    with connection.cursor() as cursor:
        return {column.name for column in connection.introspection.get_table_description(cursor, table)}


def is_prepared(alias: str) -> bool:
    """Whether searches for parts of words have an index. True on MongoDB, which promises none."""
    connection = connections[alias]
    # SQLite needs no extension: `prepare` makes its tables whenever migrations have run.
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        names = [name for table in TABLES for name in (table.index, *([table.tag_index] if table.tags else []))]
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE indexname = ANY(%s)", [names])
        return int(cursor.fetchone()[0]) == len(names)


def _prepare_sqlite(connection: Any, searched: SearchedTable) -> None:
    index, triggers = searched.index, _triggers(searched)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s AND name IN (%s, %s, %s)",
            [searched.table, *(f"{index}_{event}" for event in triggers)],
        )
        # An earlier release may have made them for fewer columns.
        if {sql for (sql,) in cursor.fetchall()} == set(triggers.values()) and _is_in_step(cursor, searched):
            return
        # All of it anew: which texts a trigger has missed that was not there, nobody knows.
        for event in triggers:
            cursor.execute(f'DROP TRIGGER IF EXISTS "{index}_{event}"')
        cursor.execute(f'DROP TABLE IF EXISTS "{index}"')
        cursor.execute(f"CREATE VIRTUAL TABLE \"{index}\" USING fts5({searched.indexed}, tokenize='trigram')")
        texts = ", ".join(searched.texts(""))
        cursor.execute(
            f'INSERT INTO "{index}" (rowid, {searched.indexed}) SELECT rowid, {texts} FROM "{searched.table}"'  # noqa: S608 # nosec B608
        )
        for trigger in triggers.values():
            cursor.execute(trigger)


def _triggers(searched: SearchedTable) -> dict[str, str]:
    """The statements that make them, by event, as SQLite keeps them."""
    table, index = searched.table, searched.index
    texts = searched.texts("new.")
    values = ", ".join(texts)
    columns = sorted(searched.columns)
    assigned = ", ".join(f"{column} = {text}" for column, text in zip(searched.indexed.split(", "), texts, strict=True))
    changed = " OR ".join(f'old."{column}" IS NOT new."{column}"' for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    return {
        "insert": f'CREATE TRIGGER "{index}_insert" AFTER INSERT ON "{table}" BEGIN '  # noqa: S608 # nosec B608
        f'INSERT INTO "{index}" (rowid, {searched.indexed}) VALUES (new.rowid, {values}); END',
        "delete": f'CREATE TRIGGER "{index}_delete" AFTER DELETE ON "{table}" BEGIN '  # noqa: S608 # nosec B608
        f'DELETE FROM "{index}" WHERE rowid = old.rowid; END',
        # Scans write every row again; only a new name, identifier or tag is a new text.
        "update": f'CREATE TRIGGER "{index}_update" AFTER UPDATE OF {names} ON "{table}" '  # noqa: S608 # nosec B608
        f'WHEN {changed} BEGIN UPDATE "{index}" SET {assigned} WHERE rowid = old.rowid; END',
    }


def _is_in_step(cursor: Any, searched: SearchedTable) -> bool:
    """VACUUM may number the rows of a table anew: the first and the last then have another text."""
    same = " AND ".join(
        f"t.{column} IS ({text})"
        for column, text in zip(searched.indexed.split(", "), searched.texts("r."), strict=True)
    )
    cursor.execute(
        f"SELECT count(*), sum({same}) "  # noqa: S608 # nosec B608
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
            if searched.tags:
                cursor.execute(
                    f'CREATE INDEX IF NOT EXISTS "{searched.tag_index}" ON "{searched.table}" USING gin '
                    f'((UPPER("{searched.tags}"::text)) gin_trgm_ops)'
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
