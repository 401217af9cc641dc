from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cloudaccounts.audit.actor import Actor
from cloudaccounts.errors import InputError
from cloudaccounts.models import TokenScope
from cloudaccounts.tokens.services import create_token


class Command(BaseCommand):
    help = "Makes a bearer token for the HTTP API and prints it, alone on the last line. It cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="Whose accounts the token reaches.")
        parser.add_argument("--name", default="command line", help="Says what uses it.")
        parser.add_argument("--scope", choices=TokenScope.values, default=TokenScope.WRITE.value)
        parser.add_argument("--days", type=int, default=90, help="Until it expires (90).")

    def handle(self, *_args: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']!r}.")
        # The API refuses tokens of inactive users: better to say so now than with the first call of a script.
        if not user.is_active:
            raise CommandError(f"The user {options['username']!r} is not active: no token would be accepted.")
        actor = Actor(id="system", label="the command line", via="command")
        try:
            token, text = create_token(
                owner=str(user.pk), actor=actor, name=options["name"], scope=options["scope"], days=options["days"]
            )
        except InputError as error:
            raise CommandError(" ".join(error.fields.values())) from None
        # The token alone goes to stdout, so that a script can read it without parsing.
        self.stderr.write(f"{token.get_scope_display()}, expires {token.expires_at:%Y-%m-%d}; shown this once:")
        self.stdout.write(text)
