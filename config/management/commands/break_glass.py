from __future__ import annotations

import secrets
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cloudaccounts.audit.record import record_event
from cloudaccounts.users.passwords import COMMAND, password_changed_by
from config.signin.models import BreakGlass

LONGEST = 24 * 60


class Command(BaseCommand):
    help = (
        "Lets a superuser log in by password for a while although REQUIRE_SSO is set, as when the identity provider is "
        "away. Makes the superuser where there is none of that name. A new password is the last line, once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--minutes", type=int, default=60, help="for how long (default 60, at most a day)")
        parser.add_argument("--end", action="store_true", help="end it now, and all sessions with it")

    def handle(self, *args: Any, username: str, minutes: int, end: bool, **options: Any) -> None:
        users = get_user_model()
        user = users._default_manager.filter(username=username).first()
        if end:
            ended, _ = BreakGlass.objects.filter(user__username=username).delete()
            self.stdout.write(f"{username} logs in by single sign-on alone." if ended else "There was nothing to end.")
            return
        if not 1 <= minutes <= LONGEST:
            raise CommandError(f"--minutes: between 1 and {LONGEST}.")
        if user is not None and not (user.is_superuser and user.is_active):
            raise CommandError(f"{username} is no active superuser: only one may come in this way.")
        password = ""
        if user is None or not user.has_usable_password():
            password = secrets.token_urlsafe(18)
            with password_changed_by(COMMAND):
                if user is None:
                    user = users._default_manager.create_superuser(username=username, email="", password=password)
                else:
                    user.set_password(password)
                    user.save(update_fields=["password"])
        until = timezone.now() + timedelta(minutes=minutes)
        BreakGlass.objects.update_or_create(user=user, defaults={"until": until})
        text = f"{username} may log in by password until {until:%Y-%m-%d %H:%M} UTC, let in by the command line"
        record_event(actor=COMMAND, owner=str(user.pk), action="break_glass.opened", text=text)
        self.stdout.write(f"{username} may log in by password until {until:%Y-%m-%d %H:%M} UTC.")
        if password:
            self.stdout.write(password)
