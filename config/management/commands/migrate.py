"""Django's own, after a look at where the database stands."""

from __future__ import annotations

from typing import Any

from django.core.management.base import SystemCheckError
from django.core.management.commands import migrate

from config import editions, migration_records
from config.one_migration import alone_at

# Django's command takes this name from its own module, and has no other way to be given one.
migrate.MigrationExecutor = migration_records.Executor  # type: ignore[attr-defined]

# Asked for one app or one migration, or to change nothing: then Django alone decides what is recorded.
PARTIAL = ("app_label", "migration_name", "plan", "check_unapplied", "fake", "fake_initial", "run_syncdb", "prune")


class Command(migrate.Command):
    """Refuses what `config.editions` refuses, before anything is changed.

    The same is a system check, but `manage.py up` and everything else that calls commands from code skips those, and so
    does ``--skip-checks``. No option skips this one: there is nothing that Django could do right afterwards.
    """

    def handle(self, *args: Any, **options: Any) -> str | None:
        alias = options["database"]
        with alone_at(alias):  # first, so that nobody is in the middle of it
            if refusal := editions.refusal(alias):
                raise SystemCheckError(str(refusal))
            if not any(options.get(name) for name in PARTIAL):
                migration_records.record_those_of_other_databases(alias)
            output: str | None = super().handle(*args, **options)
        return output
