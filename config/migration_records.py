"""What is recorded of migrations: whole, and without working through what has nothing to do here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, router, transaction
from django.db.migrations.executor import MigrationExecutor


class Executor(MigrationExecutor):
    """Does a migration and records it in one transaction, where the database rolls changes of tables back.

    Django often records after its own transaction: a process that was killed in between left tables that the next start
    wanted to make again. And it writes a row for each migration that one replaces: with some of them alone, the history
    looks like that of a database between two releases, which `config.editions` refuses.
    """

    def apply_migration(self, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False) -> Any:
        if not (migration.atomic and self.connection.features.can_rollback_ddl):
            with _can_be_taken_up(self.connection):
                return super().apply_migration(state, migration, fake, fake_initial)
        # SQLite stops checking foreign keys only outside of a transaction, and its schema editor insists on that:
        # https://www.sqlite.org/pragma.html#pragma_foreign_keys
        with self.connection.constraint_checks_disabled(), transaction.atomic(using=self.connection.alias):
            return super().apply_migration(state, migration, fake, fake_initial)


class _TakenUp:
    """Of MongoDB's schema editor: what an earlier try has made or taken away already is left as it is.

    There changes of collections are in no transaction, so a process that was killed before it recorded a migration has
    done all or a part of it. All else that migrations do there can be done twice: indexes that are there are not made
    again (https://www.mongodb.com/docs/manual/reference/command/createIndexes/), and new fields get their default.
    """

    connection: Any

    def create_model(self, model: Any) -> None:
        editor: Any = super()
        if model._meta.db_table in self.connection.database.list_collection_names():
            editor._create_model_indexes(model)
        else:
            editor.create_model(model)

    def remove_index(self, model: Any, index: Any) -> None:  # unique constraints are indexes too, and end here
        editor: Any = super()
        if index.name in self.connection.get_collection(model._meta.db_table).index_information():
            editor.remove_index(model, index)


@contextmanager
def _can_be_taken_up(connection: Any) -> Iterator[None]:
    if connection.vendor != "mongodb":
        yield
        return
    before = connection.SchemaEditorClass
    connection.SchemaEditorClass = type("SchemaEditor", (_TakenUp, before), {})
    try:
        yield
    finally:
        connection.SchemaEditorClass = before


def record_those_of_other_databases(alias: str) -> None:
    """Records the migrations of apps that live elsewhere, as Django would.

    Django applies each app's migrations to each database and asks the router for every operation whether it is to be
    done there. For an app of another database the answer is always no, and yet each of them has Django draw all models
    anew: a third of what three empty databases take.

    Never a migration before one that it depends on: a process that is killed in between leaves a history that Django
    takes up. What depends on tables that are made here is left to Django, in its own order.
    """
    executor = Executor(connections[alias])
    graph = executor.loader.graph
    executor.loader.check_consistent_history(connections[alias])
    recorded = set(executor.loader.applied_migrations)
    plan = []
    for migration, _backwards in executor.migration_plan(graph.leaf_nodes()):
        key = (migration.app_label, migration.name)
        before = {parent.key for parent in graph.node_map[key].parents}
        if not router.allow_migrate(alias, migration.app_label) and before <= recorded:
            plan.append((migration, False))
            recorded.add(key)
    if plan:
        executor.migrate(graph.leaf_nodes(), plan=plan, fake=True)
