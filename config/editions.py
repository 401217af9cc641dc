"""What this edition refuses: a database that stands between two releases of the first one.

Each own app's migrations of the first edition became one, which replaces them. Where only some of those are recorded,
Django leaves out the one that replaces them, and says that there is nothing to do, on a schema that is old.
"""

from __future__ import annotations

from importlib import import_module

from django.apps import apps
from django.core.checks import Error
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

MIGRATION = "0001_second_edition"
APPS = ("cloudaccounts", "scans", "wizard")  # those of the first edition
LAST_OF_FIRST = "97ade70"  # the commit whose migrations are the replaced ones, all of them


def replaced(app: str) -> list[str]:
    """The names of the first edition's migrations of an own app, oldest first."""
    module = import_module(f"{apps.get_app_config(app).name}.migrations.{MIGRATION}")
    return [name for _app, name in module.Migration.replaces]


def refusal(alias: str) -> Error | None:
    """Why this database cannot be migrated from where it stands. Reads only; raises DatabaseError where it cannot."""
    applied = MigrationRecorder(connections[alias]).applied_migrations()
    missing: list[str] = []
    for app in APPS:
        names = replaced(app)
        unseen = [name for name in names if (app, name) not in applied]
        # All or none of them is fine: then Django takes the one that replaces them for applied, or applies it.
        if unseen and len(unseen) < len(names):
            missing.append(f"{app}.{unseen[0]}")
    if not missing:
        return None
    return Error(
        f"The database {alias} stands between two releases of the first edition, before "
        f"{' and '.join(missing)}: this version cannot go on from there.",
        hint=f"Nothing was changed. Install the last release of the first edition (commit {LAST_OF_FIRST}), run "
        f"manage.py migrate --database {alias} there, and then here.",
        id="cloudaccounts.E005",
    )
