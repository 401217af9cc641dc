from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from axes.models import AccessAttempt
from django.core.management.base import BaseCommand

from config.site.lockout import counted_as


class Command(BaseCommand):
    help = "Forgets the wrong passwords that were tried with a user name, at all addresses: it can log in at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        # Tries are counted under a hash of the name, which django-axes' own command does not know.
        forgotten, _ = AccessAttempt.objects.filter(username=counted_as(username)).delete()
        self.stdout.write(f"{forgotten} addresses from where {username} could not log in are forgotten.")
