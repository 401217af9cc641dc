"""A new password revokes the user's API tokens; Django's own session hash ends the sessions.

Signals of the user's row do it, so that no way of setting a password can miss it: the profile page, a reset by mail,
the admin, `manage.py changepassword`, a shell. Only a bulk ``QuerySet.update`` sends no signal: it ends the sessions
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

# The default, because commands and shells are the callers that set nothing.
COMMAND = Actor(id="system", label="the command line", via="command")
# A context variable, since the signals of a user's row know neither request nor caller.
_changer: ContextVar[Actor] = ContextVar("password_changer", default=COMMAND)
_IS_NEW = "_cloudaccounts_password_is_new"


@contextmanager
def password_changed_by(actor: Actor) -> Iterator[None]:
    """Sets who is recorded as changing passwords within the block; outside of it, that is the command line."""
    token = _changer.set(actor)
    try:
        yield
    finally:
        _changer.reset(token)


def before_user_is_saved(user: AbstractBaseUser, *, using: str, update_fields: Collection[str] | None) -> None:
    """Revokes the tokens before a new password is stored. If that fails, so does the save: the old password stays."""
    is_new = _is_new(user, using, update_fields)
    setattr(user, _IS_NEW, is_new)
    if is_new:
        revoke_all(str(user.pk), actor=_changer.get())


def after_user_is_saved(user: AbstractBaseUser) -> None:
    if vars(user).pop(_IS_NEW, False):
        revoke_all(str(user.pk), actor=_changer.get())  # also those created with the old password meanwhile
        record_password_change(user, actor=_changer.get())


def _is_new(user: AbstractBaseUser, using: str, update_fields: Collection[str] | None) -> bool:
    if user.pk is None or (update_fields is not None and "password" not in update_fields):
        return False
    # The stored hash is read, because the object holds the new one already; from the database that is being written.
    rows = type(user)._default_manager.using(using).filter(pk=user.pk)
    stored = rows.values_list("password", flat=True).first()
    return stored is not None and stored != user.password and not _is_upgrade(user, stored, update_fields)


def _is_upgrade(user: AbstractBaseUser, stored: str, update_fields: Collection[str] | None) -> bool:
    """True where a login hashed the same password anew, because the hasher has changed: see `check_password`."""
    was_set = getattr(user, "_password", None) is not None  # as Django's own `save` recognizes a new password
    if set(update_fields or ()) != {"password"} or was_set:
        return False
    if not (is_password_usable(stored) and is_password_usable(user.password)):
        return False
    # An upgrade changes the algorithm or its parameters; a hash of the present kind that differs is another password.
    preferred = get_hasher()
    return identify_hasher(stored).algorithm != preferred.algorithm or preferred.must_update(stored)
