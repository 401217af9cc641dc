"""A migration that was killed between its work and its record is done again by the next start."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from config.databases import DISCOVERY, SECURITY
from config.migration_records import Executor, record_those_of_other_databases
from tests.environment import MONGODB

pytestmark = [
    pytest.mark.django_db(databases=[SECURITY, DISCOVERY], transaction=True),
    pytest.mark.skipif(not MONGODB, reason="TEST_ISOLATED=mongodb is not set: this migrates MongoDB."),
]


class Forgetful(Executor):
    """Does each migration twice, as if the first one had been killed before it was recorded."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.done = 0

    def apply_migration(self, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False) -> Any:
        if not fake:
            self.done += 1
            super().apply_migration(state.clone(), migration)
            self.recorder.record_unapplied(migration.app_label, migration.name)
        return super().apply_migration(state, migration, fake, fake_initial)


@pytest.mark.parametrize("alias", [SECURITY, DISCOVERY])
def test_each_can_be_done_twice(alias: str) -> None:
    tested = connections[alias]
    connection: Any = tested.copy()
    connection.settings_dict["NAME"] = name = f"taken_up_{uuid4().hex[:8]}"
    connections[alias] = connection
    try:
        record_those_of_other_databases(alias)
        executor = Forgetful(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
        assert executor.done > 0
        assert not Executor(connection).migration_plan(executor.loader.graph.leaf_nodes())
    finally:
        connections[alias] = tested
        connection.connection.drop_database(name)
        connection.close()
