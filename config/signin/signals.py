"""Receivers of allauth's signals: the brake, audit events, and mails to whom a second factor was changed."""

from __future__ import annotations

import logging
from typing import Any

from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import DatabaseError
from django.http import HttpRequest

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event

logger = logging.getLogger(__name__)
NAMES = {
    Authenticator.Type.TOTP.value: "authenticator app",
    Authenticator.Type.WEBAUTHN.value: "passkey",
    Authenticator.Type.RECOVERY_CODES.value: "recovery codes",
}


def _failed(request: HttpRequest, user: Any, **_: Any) -> None:
    # Every command connects these receivers, and few see a wrong code (docs/decisions/0012).
    from config.signin.brake import on_wrong_code

    on_wrong_code(request=request, user=user)


def _added(request: HttpRequest, user: Any, authenticator: Authenticator, **_: Any) -> None:
    # They were opened without it: whoever had got hold of one would go on.
    for session in UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key):
        session.end()
    tell(request, user, "second_factor.added", f"{NAMES[authenticator.type]} added")


def _removed(request: HttpRequest, user: Any, authenticator: Authenticator, **_: Any) -> None:
    tell(request, user, "second_factor.removed", f"{NAMES[authenticator.type]} removed")


def _renewed(request: HttpRequest, user: Any, authenticator: Authenticator, **_: Any) -> None:
    tell(request, user, "second_factor.renewed", f"{NAMES[authenticator.type]} made anew")


def tell(request: HttpRequest, user: Any, action: str, what: str, **detail: Any) -> None:
    """An event, and a mail to whose sign-in it is."""
    from config.site.mails import request_security_notice

    actor = Actor.of_request(request)
    try:
        record_event(
            actor=actor, owner=str(user.pk), action=action, text=f"Sign-in of {user.get_username()}: {what}", **detail
        )
        if user.email:
            request_security_notice(username=user.get_username(), to=user.email, what=what, address=actor.address)
    # As with logins: what a person did here stands where the other database cannot be written, and the log says so.
    except DatabaseError:
        logger.exception("audit.not_written")


def connect() -> None:
    for signal, receiver in (
        (signals.authentication_failed, _failed),
        (signals.authenticator_added, _added),
        (signals.authenticator_removed, _removed),
        (signals.authenticator_reset, _renewed),
    ):
        signal.connect(receiver, dispatch_uid=f"signin-{receiver.__name__}")
