"""Whether somebody proved at the identity provider anew who they are, where that was asked for.

Whoever is signed in here is asked again before what cannot be undone. A provider that answers from a session of its own
would confirm whoever sits at the browser, so what it says of the time is looked at:

- OpenID Connect: asked with ``prompt=login`` and ``max_age=0``, a provider must say when it was (``auth_time``, OpenID
  Connect Core 1.0, 2 and 3.1.2.1). Not all do: `OIDC_REQUIRE_AUTH_TIME` refuses an answer without it.
- SAML: asked with ``ForceAuthn`` (SAML 2.0 Core, 3.4.1); each statement says when it was (``AuthnInstant``, 2.7.2).
"""

from __future__ import annotations

import time
from typing import Any

from allauth.socialaccount.models import SocialLogin
from django.conf import settings

from config.signin.documents import SAML

SKEW = 60.0  # seconds that the provider's clock may be behind
_ASKED_AT = "anew_since"
NOT_ANEW = (
    "The identity provider let you in from a session that was open there already. It was asked to let you log in anew: "
    "log out there, and try again."
)
NOT_TOLD = (
    "The identity provider does not say when you logged in there, and here that is asked for. Tell the operator: the "
    "provider has to send the claim auth_time."
)


def asked_anew() -> dict[str, float]:
    """What the state of a request for a proof anew keeps of it."""
    return {_ASKED_AT: time.time()}


def note(login: SocialLogin, authenticated_at: object) -> None:
    """Keeps beside a login when its provider saw the person: seconds since 1970. What is no number says nothing."""
    is_number = isinstance(authenticated_at, int | float) and not isinstance(authenticated_at, bool)
    login.authenticated_at = authenticated_at if is_number else None


def what_lacks(login: SocialLogin) -> str:
    """Why this login is no proof anew, where one was asked for; empty where it is one, or none was asked for."""
    state: dict[str, Any] = login.state or {}
    asked_at = state.get(_ASKED_AT)
    if asked_at is None:
        return ""
    authenticated_at: float | None = getattr(login, "authenticated_at", None)
    if authenticated_at is None:
        must_be_told = settings.OIDC_REQUIRE_AUTH_TIME or login.account.provider.startswith(f"{SAML}:")
        return NOT_TOLD if must_be_told else ""
    return "" if authenticated_at >= asked_at - SKEW else NOT_ANEW
