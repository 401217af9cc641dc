"""Receivers of Django's signals about users. Each hands over to a service.

The audit is in another database than the sessions. Where it cannot be written, people can log in all the same, and the
log says so. A new password is different: it is not stored where its tokens cannot be revoked.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import DatabaseError
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.dispatch import receiver
from django.http import HttpRequest

from cloudaccounts.users import teams  # noqa: F401  # connects its receivers
from cloudaccounts.users.guard import refuse_to_orphan
from cloudaccounts.users.logins import record_failed_login, record_login, record_logout
from cloudaccounts.users.passwords import after_user_is_saved, before_user_is_saved
from teams.queries import teams_without_owner_but

logger = logging.getLogger(__name__)


@receiver(user_logged_in)
def on_login(sender: Any, request: HttpRequest, user: AbstractBaseUser, **_: Any) -> None:
    try:
        record_login(user, address=_address(request))
    except DatabaseError:
        logger.exception("audit.not_written")


@receiver(user_logged_out)
def on_logout(sender: Any, request: HttpRequest, user: AbstractBaseUser | None, **_: Any) -> None:
    if user is not None:
        try:
            record_logout(user, address=_address(request))
        except DatabaseError:
            logger.exception("audit.not_written")


@receiver(user_login_failed)
def on_failed_login(sender: Any, credentials: Mapping[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    if getattr(request, "axes_locked_out", False):
        return  # the tries that led to the lockout are recorded; recording all further ones could fill the disk
    try:
        record_failed_login(str(credentials.get("username", "")), address=_address(request))
    except DatabaseError:
        logger.exception("audit.not_written")


@receiver(post_delete, sender=settings.AUTH_USER_MODEL)
def on_user_deleted(sender: Any, instance: AbstractBaseUser, **_: Any) -> None:
    from cloudaccounts.users.deletion import delete_owner_records  # see docs/decisions/0012

    # Once more: an account may have been connected since the user's deletion was allowed. It is undone by this error.
    refuse_to_orphan(instance=instance)
    delete_owner_records(str(instance.pk))


@receiver(pre_delete, sender=settings.AUTH_USER_MODEL, dispatch_uid="teams-of-one")
def before_user_is_deleted(sender: Any, instance: AbstractBaseUser, **_: Any) -> None:
    from cloudaccounts.users.deletion import delete_owner_records  # see docs/decisions/0012

    # What is left here has no account and no other member (`guard.team_refusal`): nobody could go there any more.
    refuse_to_orphan(instance=instance)
    for team in teams_without_owner_but(instance):
        delete_owner_records(team.key)
        team.delete()


@receiver(pre_save, sender=settings.AUTH_USER_MODEL)
def before_password_saved(
    sender: Any, instance: AbstractBaseUser, using: str, update_fields: Collection[str] | None = None, **_: Any
) -> None:
    # Before the save, so that it fails with the revocation: an old password that stays is better than tokens that
    # outlive it.
    before_user_is_saved(instance, using=using, update_fields=update_fields)


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def on_password_saved(sender: Any, instance: AbstractBaseUser, **_: Any) -> None:
    # Once more afterwards, for tokens that were made with the old password in between.
    after_user_is_saved(instance)


def _address(request: HttpRequest | None) -> str:
    # The client's own, which `config.middleware` has put there; a shell or a command has none.
    return str(request.META.get("REMOTE_ADDR", "")) if request is not None else ""
