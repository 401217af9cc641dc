"""``--owner`` and ``--team``: whose rows a command is about. The same two options in each command that takes one."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from teams.models import Team
from teams.queries import teams_named, user_of


def add_team_options(parser: ArgumentParser, *, required: bool = False, about: str) -> None:
    """``about`` says in the help what the team is for: "whose accounts they become"."""
    either = parser.add_mutually_exclusive_group(required=required)
    either.add_argument("--owner", default="", metavar="USERNAME", help=f"{about}: the personal team of a user")
    either.add_argument("--team", default="", metavar="TEAM", help=f"{about}: a team's key or name")


def chosen_team(options: Mapping[str, Any]) -> str:
    """The key of the team that the options name, empty where they name none. Raises `CommandError`, exit code 2."""
    if options.get("owner"):
        return personal_team(str(options["owner"]))
    return team_named(str(options["team"])).key if options.get("team") else ""


def only_team(options: Mapping[str, Any]) -> str:
    """As `chosen_team`; without the options the only team that there is. Raises `CommandError`."""
    if key := chosen_team(options):
        return key
    keys = list(Team.objects.order_by("key").values_list("key", flat=True)[:2])
    if len(keys) != 1:
        raise CommandError("Say whose registry it is with --team: a team's key or name.", returncode=2)
    return keys[0]


def personal_team(name: str) -> str:
    """By user name first: a user name may be a number."""
    users = get_user_model().objects
    user = users.filter(**{get_user_model().USERNAME_FIELD: name}).first() or user_of(name)
    if user is None:
        raise CommandError(f"There is no user {name!r}.", returncode=2)
    return str(user.pk)


def team_named(text: str) -> Team:
    """By key, else by name."""
    teams = teams_named(text)
    if not teams:
        raise CommandError(f"There is no team {text!r}. Give a team's key or name, or a user name.", returncode=2)
    if len(teams) > 1:
        keys = ", ".join(team.key for team in teams)
        raise CommandError(f"Several teams have the name {text!r}. Give the key of one: {keys}.", returncode=2)
    return teams[0]
