"""Migrations of apps that live in another database: recorded here without being worked through.

Django applies each app's migrations to each database and asks the router for every operation whether it is to be done
there. For an app of another database the answer is always no, and yet each of them has Django draw all models anew: of
the eight seconds that three empty databases took, three went into that.
"""

from __future__ import annotations

from django.db import connections, router
from django.db.migrations.executor import MigrationExecutor


def record(alias: str) -> None:
    """Records what is not applied yet, as Django would.

    Never a migration before one that it depends on: a process that is killed in between leaves a history that Django
    takes up. What depends on tables that are made here is left to Django, in its own order.
    """
    executor = MigrationExecutor(connections[alias])
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
