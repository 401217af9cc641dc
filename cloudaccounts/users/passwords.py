"""A new password ends what the old one opened: the user's API tokens, and by Django's own session hash all sessions.

It is seen where the user's row is saved, so that no door can forget it: the profile's page, a reset by mail, the
admin's form, `manage.py changepassword`, a shell. Only a bulk ``QuerySet.update`` sends no signal: it ends sessions,
and leaves the tokens.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import get_hasher, identify_hasher, is_password_usable

from cloudaccounts.audit.actor import Actor
from cloudaccounts.tokens.services import revoke_all
from cloudaccounts.users.logins import record_password_change

COMMAND = Actor(id="system", label="the command line", via="command")
_changer: ContextVar[Actor] = ContextVar("password_changer", default=COMMAND)
_IS_NEW = "_cloudaccounts_password_is_new"


@contextmanager
def password_changed_by(actor: Actor) -> Iterator[None]:
    """Names in the audit trail who changes a password in here; without it, it is the command line."""
    token = _changer.set(actor)
    try:
        yield
    finally:
        _changer.reset(token)


def before_user_is_saved(user: AbstractBaseUser, *, using: str, update_fields: Collection[str] | None) -> None:
    """Revokes the tokens before a new password is stored: where that cannot be done, the old password stays."""
    is_new = _is_new(user, using, update_fields)
    setattr(user, _IS_NEW, is_new)
    if is_new:
        revoke_all(str(user.pk), actor=_changer.get())


def after_user_is_saved(user: AbstractBaseUser) -> None:
    if vars(user).pop(_IS_NEW, False):
        revoke_all(str(user.pk), actor=_changer.get())  # made with the old password between the two
        record_password_change(user, actor=_changer.get())


def _is_new(user: AbstractBaseUser, using: str, update_fields: Collection[str] | None) -> bool:
    if user.pk is None or (update_fields is not None and "password" not in update_fields):
        return False
    rows = type(user)._default_manager.using(using).filter(pk=user.pk)
    stored = rows.values_list("password", flat=True).first()
    return stored is not None and stored != user.password and not _is_upgrade(user, stored, update_fields)


def _is_upgrade(user: AbstractBaseUser, stored: str, update_fields: Collection[str] | None) -> bool:
    """The same password, hashed anew at a login because its hash is of an older kind: see `check_password`."""
    was_set = getattr(user, "_password", None) is not None  # as Django's own `save` looks for a new password
    if set(update_fields or ()) != {"password"} or was_set:
        return False
    if not (is_password_usable(stored) and is_password_usable(user.password)):
        return False
    preferred = get_hasher()
    return identify_hasher(stored).algorithm != preferred.algorithm or preferred.must_update(stored)
