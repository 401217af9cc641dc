from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from cloudaccounts.audit.actor import Actor
from config.simulated import fleet

EVERY = 25  # rows from one line of progress to the next


class Command(BaseCommand):
    help = "Sandbox only: connects that many simulated accounts with varied findings, gaps, ages and groups."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("count", type=int, help=f"up to {fleet.MOST}")
        parser.add_argument("--owner", default="admin", help="username")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("There are no simulated clouds here. This is a command of the sandbox.")
        user = get_user_model()._default_manager.filter(username=options["owner"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['owner']!r}.")
        actor = Actor(id=str(user.pk), label=user.get_username(), via="command")
        results: Counter[str] = Counter()
        try:
            for number, result in enumerate(fleet.connect_fleet(options["count"], owner=str(user.pk), actor=actor), 1):
                results[result.state] += 1
                if result.state == "refused":
                    self.stdout.write(f"{result.name or 'A row'} was refused: {result.reason} {result.remedy}")
                if number % EVERY == 0:
                    self.stdout.write(f"{number} of {options['count']} …")
        except fleet.NoSandboxError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Simulated accounts: {fleet.summary(results)}. Their first scans are under way.")
