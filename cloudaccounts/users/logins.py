"""Logins in the audit. Users live in another database, so events name them by identifier and user name."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event

NOBODY = "nobody"


def record_login(user: AbstractBaseUser, *, address: str, via: str = "page") -> None:
    _record(user, "session.login", f"Logged in as {user.get_username()}", address, via)


def record_logout(user: AbstractBaseUser, *, address: str) -> None:
    _record(user, "session.logout", f"Logged out: {user.get_username()}", address)


def record_password_change(user: AbstractBaseUser, *, actor: Actor) -> None:
    """``actor`` is who changed it: the user, an operator, a command."""
    text = f"Password of {user.get_username()} changed by {actor.label}"
    record_event(actor=actor, owner=str(user.pk), action="password.changed", text=text)


def record_address_change(user: AbstractBaseUser, *, actor: Actor) -> None:
    """The addresses themselves are in no audit event: it outlives them."""
    text = f"E-mail address of {user.get_username()} changed by {actor.label}"
    record_event(actor=actor, owner=str(user.pk), action="email.changed", text=text)


def record_failed_login(name: str, *, address: str) -> None:
    """Records a refused login. An unknown name is left out: people type passwords into that field by mistake."""
    users = get_user_model()
    # The event goes to the audit of the person whose name was tried, who can then see that somebody guesses.
    user = users.objects.filter(**{users.USERNAME_FIELD: name}).first() if name else None
    if user is None:
        actor = Actor(id=NOBODY, label="somebody unknown", via="page", address=address)
        # Without an owner operators alone see it, and it names nothing of what was typed.
        record_event(actor=actor, owner="", action="session.failed", text="Login refused: there is no such user")
        return
    actor = Actor(id=NOBODY, label=f"somebody as {user.get_username()}", via="page", address=address)
    record_event(
        actor=actor, owner=str(user.pk), action="session.failed", text=f"Login as {user.get_username()} refused"
    )


def _record(user: AbstractBaseUser, action: str, text: str, address: str, via: str = "page") -> None:
    record_event(actor=_as(user, address, via), owner=str(user.pk), action=action, text=text)


def _as(user: AbstractBaseUser, address: str, via: str = "page") -> Actor:
    return Actor(id=str(user.pk), label=user.get_username(), via=via, address=address)
