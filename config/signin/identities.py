"""Identities of a provider that open a user who was here before: connected by whoever has both, and disconnected.

Nothing is connected by an address, and nothing where somebody merely comes back from the provider: what came waits in
the session until its person has said that it is theirs. Else a link to the way back, prepared by somebody else, would
connect that somebody's identity (login CSRF, RFC 9700, 4.7).
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.storable import short_text
from config.signin import saml
from config.signin.providers import configured, identity_of

LASTS = 600.0  # seconds that what came back waits
LONGEST_NAME = 150
_KEY = "identity_to_connect"


class IdentityError(ProviderError):
    """Why an identity is not connected, or not taken away."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An identity that its person may connect to ``user``. ``name`` is the provider's word, for people alone."""

    user: str
    provider: str
    subject: str
    name: str
    known: dict[str, Any]  # what allauth keeps of it: subject and groups
    at: float


def keep(request: HttpRequest, login: SocialLogin) -> None:
    """Notes in the session what came back from the provider."""
    account = login.account
    # Of one that opens somebody already, the user is that somebody: nothing of them is said.
    said = "" if login.is_existing else str(login.user.email or login.user.get_username())
    user, name = str(request.user.pk), short_text(said, LONGEST_NAME)
    waiting = Waiting(user, account.provider, account.uid, name, account.extra_data, time.time())
    request.session[_KEY] = asdict(waiting)


def waiting_in(request: HttpRequest) -> Waiting | None:
    """What this session's person may connect now."""
    kept = request.session.get(_KEY)
    waiting = Waiting(**kept) if isinstance(kept, dict) else None
    if waiting is None or waiting.user != str(request.user.pk) or not 0 <= time.time() - waiting.at < LASTS:
        return None
    return waiting


def forget(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)


def connect(user: User, waiting: Waiting) -> bool:
    """Lets the identity open the user from now on; whether that is new. Raises `IdentityError`."""
    if SocialAccount.objects.filter(user=user, provider=waiting.provider).exclude(uid=waiting.subject).exists():
        raise IdentityError(
            "identity_another",
            "Another identity of this provider opens your user already.",
            "Disconnect that one first.",
        )
    # The unique constraint decides between two who connect it at the same moment.
    account, made = SocialAccount.objects.get_or_create(
        provider=waiting.provider, uid=waiting.subject, defaults={"user": user, "extra_data": waiting.known}
    )
    if account.user_id != user.pk:
        raise IdentityError(
            "identity_taken",
            "This identity opens another user here: one was made when it first logged in.",
            "Log in with it and move what that user has, then ask the operator to delete that user; or go on with it.",
        )
    return made


def disconnect(user: User, account: SocialAccount, *, session_key: str | None) -> None:
    """Raises `IdentityError`. All other sessions of the user end: whoever came by it must not go on."""
    with transaction.atomic(using=SocialAccount.objects.db):
        # Locked, so that of two identities that are taken away at the same moment one stays.
        User.objects.select_for_update().get(pk=user.pk)
        if is_last_way(user, account):
            raise IdentityError(
                "identity_last",
                "This is your only way in.",
                "Connect another identity first."
                if settings.REQUIRE_SSO
                else "A user with a password can disconnect it.",
            )
        account.delete()
    for session in UserSession.objects.filter(user=user).exclude(session_key=session_key):
        session.end()


def identities_of(user: User) -> list[SocialAccount]:
    return list(SocialAccount.objects.filter(user=user).order_by("date_joined", "pk"))


def is_last_way(user: User, account: SocialAccount) -> bool:
    """Whether nobody could come in as the user without it.

    A passkey does not count: it can be removed in turn, and is a device that may be lost.
    """
    open_now = providers_now()
    if account.provider not in open_now:
        return False  # it opens nothing now
    if SocialAccount.objects.filter(user=user, provider__in=open_now).exclude(pk=account.pk).exists():
        return False
    return bool(settings.REQUIRE_SSO) or not user.has_usable_password()


def providers_now() -> frozenset[str]:
    """Of the settings, by the name that identities are stored under."""
    names = {str(app.provider_id) for app in configured()}
    if (settings.SAML_METADATA_FILE or settings.SAML_METADATA_URL) and saml.is_installed():
        known = saml.identity_provider()
        names |= {identity_of(f"saml:{known['entityId']}")} if known else set()
    return frozenset(names)
