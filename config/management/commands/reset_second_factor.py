from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from cloudaccounts.audit.record import record_event
from cloudaccounts.users.passwords import COMMAND


class Command(BaseCommand):
    help = "Takes all second factors from a user who has lost them, and ends the user's sessions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        user = get_user_model()._default_manager.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username}.")
        number, _ = Authenticator.objects.filter(user=user).delete()
        for session in UserSession.objects.filter(user=user):
            session.end()
        text = f"Sign-in of {username}: all second factors removed by the command line"
        record_event(actor=COMMAND, owner=str(user.pk), action="second_factor.removed", text=text)
        self.stdout.write(f"{number} second factors of {username} are removed. The password alone logs in now.")
