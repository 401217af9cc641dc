from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cloudaccounts.audit.actor import Actor
from cloudaccounts.imports.parser import FileRefusedError, read_file
from cloudaccounts.imports.runner import RowResult, import_rows
from cloudaccounts.management.teams import add_team_options, chosen_team
from teams.scope import Scope

WORDS = {"added": "added", "valid": "would be added", "exists": "connected already", "refused": "refused"}


class Command(BaseCommand):
    help = (
        "Connects many accounts from a CSV or YAML file. Each is validated live before it is stored, a few at a time; "
        "what is connected already is left as it is. Columns: provider, account_id, name, environment, auth_method, "
        "credentials.… (as in credentials.role_arn; nested in YAML); regions (separated by blanks, or all, as it is "
        "without them), partition and group if needed. Exit code 0: all are connected; 1: some were refused; 2: the "
        "file could not be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.(csv|yaml)")
        add_team_options(parser, required=True, about="whose accounts they become")
        parser.add_argument("--dry-run", action="store_true", help="validate access and store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = chosen_team(options)
        # Which user of this machine it was: the audit has no session to name one by.
        actor = Actor("system", f"import_accounts ({os.environ.get('USER', 'command')})", "command")
        counts: Counter[str] = Counter()
        bar = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} rows"),
            TimeElapsedColumn(), console=Console(stderr=True), transient=True,
            disable=not getattr(self.stderr, "isatty", lambda: False)(),
        )  # fmt: skip
        rows, scope = read_file(options["file"]), Scope(owner)
        results = import_rows(rows, scope=scope, actor=actor, dry_run=bool(options["dry_run"]))
        # Kept until the bar is gone and the rows before it are counted: what was imported stays imported.
        refused: FileRefusedError | None = None
        with bar:
            task = bar.add_task("Importing", total=None)
            try:
                # The file is read while rows are imported: one that turns out broken halfway ends here, with exit code
                # 2.
                for result in results:
                    counts[result.state] += 1
                    bar.advance(task)
                    self.stdout.write(_row(result))
            except FileRefusedError as error:
                refused = error
        total = ", ".join(f"{counts[state]} {word}" for state, word in WORDS.items() if counts[state])
        self.stdout.write(total or "No rows.")
        if refused is not None:
            raise CommandError(f"{refused.cause} {refused.remedy}".strip(), returncode=2)
        if counts["refused"]:
            raise CommandError(f"{counts['refused']} refused.", returncode=1)


def _row(result: RowResult) -> str:
    reason = f"{result.reason} {result.remedy}".strip()
    account = f"{result.provider:<6} {result.account_id:<36} {result.name}"
    return f"line {result.line:>5}  {WORDS[result.state]:<17}  {account}  {reason}".rstrip()
