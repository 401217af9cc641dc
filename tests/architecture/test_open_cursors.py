"""`iterator()` keeps a cursor open: on SQLite nothing can be written beside it (`cloudaccounts.work.reading`)."""

from __future__ import annotations

import ast
from pathlib import Path

from config.env import ROOT

APPS = ("cloudaccounts", "config", "scans", "teams", "wizard")
# Modules whose open cursor is read to its end, or left, before anything is written by the same connection.
READ_ONLY = {
    "cloudaccounts/accounts/exports.py": "a download",
    "cloudaccounts/admin/bulk_actions.py": "`start_job` takes all items before it writes",
    "cloudaccounts/groups/queries.py": "ids, which `start_job` takes before it writes",
    "cloudaccounts/health/queries.py": "a report, or items that `start_job` takes before it writes",
    "cloudaccounts/organizations/queries.py": "a download",
    "cloudaccounts/organizations/rules.py": "a dry run",
    "cloudaccounts/rotation/automatic/schedule.py": "a plan for the command",
    "cloudaccounts/rotation/report.py": "a report",
    "cloudaccounts/rotation/standing.py": "a download",
    "cloudaccounts/views/account_act.py": "`start_job` takes all items before it writes",
    "cloudaccounts/views/groups.py": "`start_job` takes all items before it writes",
    "scans/assets/exports.py": "a download",
    "scans/compliance/account_totals.py": "a report",
    "scans/compliance/facts.py": "a report",
    "scans/compliance/fleet.py": "looks at accounts until one says it",
    "scans/engines/importing.py": "matched in memory before anything is stored",
    "scans/findings/announce.py": "counts",
    "scans/findings/exports.py": "a download",
    "scans/findings/ocsf.py": "a download",
    "scans/findings/writer.py": "counts, before one notice",
    "scans/muting/application.py": "reads to the end before it writes",
    "scans/runs/completion.py": "counts",
    "scans/runs/coverage.py": "becomes a list before anything is written",
}


def _opens(path: Path) -> bool:
    calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return any(isinstance(call, ast.Attribute) and call.attr == "iterator" for call in calls)


def test_a_cursor_stays_open_only_where_nothing_is_written_beside_it() -> None:
    files = (path for app in APPS for path in sorted((ROOT / app).rglob("*.py")))
    inside = [path.relative_to(ROOT) for path in files if _opens(path)]
    # A migration is alone with its database, and a command's own reads end with it.
    used = {str(path) for path in inside if not {"migrations", "management"} & set(path.parts)}
    assert used - READ_ONLY.keys() == set(), (
        "row_batches reads without an open cursor, or say here why nothing is written"
    )
    assert READ_ONLY.keys() - used == set(), "these open none any more"
