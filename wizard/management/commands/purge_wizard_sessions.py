from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from wizard.drafts.removal import purge_expired


class Command(BaseCommand):
    help = "Deletes expired drafts of accounts with all that was entered in them (the scheduler does so every hour)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        deleted = purge_expired()
        self.stdout.write(f"{deleted} expired draft{'' if deleted == 1 else 's'} deleted.")
