from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from scans.runs.reconcile import requeue_scans


class Command(BaseCommand):
    help = "Requeues scans after lost messages and killed workers, as the scheduler does every 15 seconds."

    def handle(self, *args: Any, **options: Any) -> None:
        count = requeue_scans()
        self.stdout.write(f"{count} scan{'' if count == 1 else 's'} sent again, requeued or failed.")
