from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from cloudaccounts.audit.actor import Actor
from cloudaccounts.credentials.reencryption import Reencryption, has_switched, rotate_encryption_keys
from cloudaccounts.crypto.fields import KeyringError

COMMAND = Actor(id="system", label="rotate_encryption_keys", via="command")
SWITCHING = "Phase 1 of 2: encryption is with an older key. Processes that have the newest one read with it already."
SWITCHED = "Phase 2 of 2: encryption is with the newest key. What is still under an older one is encrypted anew."
SHOWN = 50  # unreadable values that are listed


class Command(BaseCommand):
    help = (
        "Encrypts all stored credentials and drafts anew with the newest key of CREDENTIAL_ENCRYPTION_KEYS, while "
        "everything runs. Refuses while a worker does not read the newest key yet. Can be interrupted and run again. "
        "Once it says so, the older keys can be removed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count, write nothing")
        parser.add_argument(
            "--regardless", action="store_true", help="also while some worker does not say that it reads the newest key"
        )

    def handle(self, *args: Any, dry_run: bool = False, regardless: bool = False, **options: Any) -> None:
        try:
            # The phase first: an operator has to know whether other processes may still be on the old key
            # (docs/decisions/0018-two-phases-for-a-new-encryption-key).
            self.stdout.write(SWITCHED if has_switched() else SWITCHING)
        except KeyringError as error:
            raise CommandError(str(error)) from None
        # The progress goes to stderr, so that stdout holds only what a script reads.
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(file=sys.stderr)) as bar:
            tasks: dict[str, TaskID] = {}

            def advance(label: str, count: int, total: int) -> None:
                if label not in tasks:
                    tasks[label] = bar.add_task(label, total=total)
                bar.update(tasks[label], completed=count, total=total)

            try:
                done = rotate_encryption_keys(actor=COMMAND, dry_run=dry_run, advance=advance, regardless=regardless)
            except KeyringError as error:
                raise CommandError(str(error)) from None
        self._report(done, dry_run=dry_run)
        if not done.complete:
            sys.exit(1)  # a script must not go on to remove the older keys

    def _report(self, done: Reencryption, *, dry_run: bool) -> None:
        verb = "would be encrypted" if dry_run else "encrypted"
        self.stdout.write(f"{done.rows:,} rows read; {done.values:,} values {verb} with the newest key.")
        for item in done.unreadable[:SHOWN]:
            self.stdout.write(f"Not readable: {item.store} {item.key}, {item.column} ({item.code})")
        if (more := len(done.unreadable) - SHOWN) > 0:
            self.stdout.write(f"… and {more:,} more.")
        if done.unreadable:
            self.stdout.write("Keep the older keys: put the key of these values back and run this again.")
        elif done.missed:
            self.stdout.write(f"{done.missed:,} values changed while they were read. Run this again.")
        elif not dry_run:
            self.stdout.write("Everything is encrypted with the newest key. The older keys can be removed.")
