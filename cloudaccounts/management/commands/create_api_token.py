from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cloudaccounts.audit.actor import Actor
from cloudaccounts.errors import InputError, TeamLimitError
from cloudaccounts.management.teams import team_named
from cloudaccounts.tokens.scopes import BUNDLES, SCOPES, WRITE
from cloudaccounts.tokens.services import create_token
from teams.present import membership_of


class Command(BaseCommand):
    help = (
        "Makes a bearer token for the HTTP API and prints it, alone on the last line. It cannot be shown again. With a "
        "user name it acts for that user, with the role that the user has in the team; with --team alone it is a "
        "service token of the team's, which ends with nobody's account."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", nargs="?", default="", help="Whom it acts for.")
        parser.add_argument("--team", default="", help="The team's key or name; without it the user's personal team.")
        parser.add_argument("--name", default="command line", help="Says what uses it.")
        parser.add_argument(
            "--scope",
            action="append",
            choices=SCOPES,
            metavar="SCOPE",
            help=f"{' or '.join(BUNDLES)} (default: {WRITE}), or an area's: accounts:read. May be repeated.",
        )
        parser.add_argument("--days", type=int, default=90, help="Until it expires (90).")

    def handle(self, *_args: Any, **options: Any) -> None:
        owner, user = self._team_and_user(options["username"], options["team"])
        actor = Actor(id="system", label="the command line", via="command")
        try:
            token, text = create_token(
                owner=owner, user=user, actor=actor, name=options["name"], scope=options["scope"] or [WRITE],
                days=options["days"],
            )  # fmt: skip
        except InputError as error:
            raise CommandError(" ".join(error.fields.values())) from None
        except TeamLimitError as error:
            raise CommandError(f"{error.cause} {error.remedy}") from None
        # The token alone goes to stdout, so that a script can read it without parsing.
        self.stderr.write(f"{token.scope_words}, expires {token.expires_at:%Y-%m-%d}; shown this once:")
        self.stdout.write(text)

    def _team_and_user(self, username: str, team_text: str) -> tuple[str, str | None]:
        """The team's key, and the user's; None for a service token."""
        if not username and not team_text:
            raise CommandError("Say whom it is for: a user name, --team, or both.")
        team = team_named(team_text).key if team_text else ""
        if not username:
            return team, None
        user = get_user_model().objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username!r}.")
        # The API refuses tokens of inactive users: better to say so now than with the first call of a script.
        if not user.is_active:
            raise CommandError(f"The user {username!r} is not active: no token would be accepted.")
        key = str(user.pk)
        if team and team != key and membership_of(user, team) is None:
            raise CommandError(f"{username} is no member of that team: no token would be accepted.")
        return team or key, key
