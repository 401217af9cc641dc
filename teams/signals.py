"""Personal teams follow their users, and a login begins in the team that was left last."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest

from teams.personal import delete_personal_team, follow_name, make_personal_team
from teams.present import begin_in_last_team


@receiver(post_save, sender=settings.AUTH_USER_MODEL, dispatch_uid="personal-team")
def on_user_saved(
    sender: Any, instance: Any, created: bool, update_fields: Collection[str] | None = None, **_: Any
) -> None:
    if created:
        make_personal_team(instance)
    # Each login saves the user's row, with its own fields alone: that must cost nothing here.
    elif update_fields is None or "username" in update_fields:
        follow_name(instance)


@receiver(post_delete, sender=settings.AUTH_USER_MODEL, dispatch_uid="personal-team-ends")
def on_user_deleted(sender: Any, instance: Any, **_: Any) -> None:
    delete_personal_team(str(instance.pk))


@receiver(user_logged_in, dispatch_uid="last-team")
def on_login(sender: Any, request: HttpRequest | None, user: Any, **_: Any) -> None:
    if request is not None:
        begin_in_last_team(request, user)
