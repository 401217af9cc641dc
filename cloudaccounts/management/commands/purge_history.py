from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from cloudaccounts.audit.actor import Actor
from cloudaccounts.operations.retention import old_history, purge_history


class Command(BaseCommand):
    help = "Removes audit events, notices and ended jobs older than AUDIT_RETENTION_DAYS (the scheduler does it daily)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *args: Any, dry_run: bool = False, **options: Any) -> None:
        actor = Actor(id="system", label="command line", via="command")
        history = old_history() if dry_run else purge_history(actor=actor)
        outcome = "would be removed" if dry_run else "removed"
        self.stdout.write(
            f"Older than {settings.AUDIT_RETENTION_DAYS} days: {history.events:,} audit events, "
            f"{history.notices:,} notices and {history.jobs:,} jobs {outcome}."
        )
