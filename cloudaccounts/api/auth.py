"""Authentication by bearer token only.

A browser's session is not accepted: no foreign page can make a visitor's browser call the API. So no call needs a CSRF
token.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest
from ninja.security import HttpBearer

from cloudaccounts.api.answers import ApiError, problem
from cloudaccounts.audit.actor import Actor
from cloudaccounts.models import ApiToken
from cloudaccounts.tokens.services import find_token, use_token

# RFC 9110 asks for it with each 401.
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Cloud Accounts"'}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class BearerToken(HttpBearer):
    """Sets ``request.user`` to the token's owner, as a session does for pages."""

    # Overrides ninja's own reading of the header, which answers 401 without a code, a remedy or a challenge.
    def __call__(self, request: HttpRequest) -> Any:
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            # Not whom a session cookie names: logs and audit must not attribute the call to them.
            request.user = _nobody()
            raise ApiError(
                problem(
                    401,
                    "token_missing",
                    "This call names no token.",
                    "Send the header “Authorization: Bearer TOKEN”; tokens are made on your profile page.",
                    headers=CHALLENGE,
                )
            )
        return self.authenticate(request, text.strip())

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        api_token = find_token(token)
        # Two queries, since tokens and users lie in two databases (docs/decisions/0003).
        user = get_user_model().objects.filter(pk=api_token.owner, is_active=True).first() if api_token else None
        # One answer for unknown, expired, revoked and of an inactive user: it reveals nothing about tokens.
        if api_token is None or user is None:
            request.user = _nobody()
            raise ApiError(
                problem(
                    401,
                    "token_invalid",
                    "This token is unknown, expired or revoked.",
                    "Create a new one on your profile page.",
                    headers=CHALLENGE,
                )
            )
        request.user = user
        # Counted before the scope is checked: a token of reading scope that tries to write uses up its rate as well.
        if wait := use_token(api_token):
            raise ApiError(
                problem(
                    429,
                    "too_many_calls",
                    "This token made too many calls within a minute.",
                    f"Go on in {wait} seconds.",
                    headers={"Retry-After": str(wait)},
                )
            )
        if request.method not in SAFE and not api_token.may_write:
            raise ApiError(
                problem(403, "token_read_only", "This token may only read.", "Use a token of scope “write”.")
            )
        return api_token


def token_of(request: HttpRequest) -> ApiToken:
    """The token that this call came with."""
    token = getattr(request, "auth", None)
    assert isinstance(token, ApiToken)  # ninja put it there before it called the view
    return token


def owner_of(request: HttpRequest) -> str:
    return token_of(request).owner


def actor_of(request: HttpRequest) -> Actor:
    return Actor.of_request(request, via="api")


def _nobody() -> Any:
    from django.contrib.auth.models import AnonymousUser

    return AnonymousUser()
