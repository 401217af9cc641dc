"""Authentication by bearer token only.

A browser's session is not accepted: no foreign page can make a visitor's browser call the API. So no call needs a CSRF
token.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from ninja.security import HttpBearer

from cloudaccounts.api.answers import ApiError, problem
from cloudaccounts.audit.actor import Actor
from cloudaccounts.group_scope import groups_within
from cloudaccounts.models import ApiToken
from cloudaccounts.tokens.scopes import WRITE, missing, needed_for
from cloudaccounts.tokens.services import find_token, use_token
from teams import access, present
from teams.roles import Role, roles_with
from teams.scope import Scope

# RFC 9110 asks for it with each 401.
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Cloud Accounts"'}
SAFE = access.SAFE
ROUTE = "cloudaccounts.route"  # in META: the call's path below the API's root, as the description writes it


class ServiceCaller(AnonymousUser):
    """Whom a service token acts as: nobody of the users' table, and yet somebody who is known."""

    def __init__(self, token: ApiToken) -> None:
        self.pk = self.id = f"token:{token.pk}"  # type: ignore[assignment]  # as rows and the audit name who acts
        self.username = f"service token {token.name}"  # type: ignore[assignment]  # Django declares it as empty

    @property
    def is_authenticated(self) -> Any:
        return True

    @property
    def is_anonymous(self) -> Any:
        return False


class BearerToken(HttpBearer):
    """Sets ``request.user`` to whom the token acts for, as a session does for pages, and the request's scope."""

    # Overrides ninja's own reading of the header, which answers 401 without a code, a remedy or a challenge.
    def __call__(self, request: HttpRequest) -> Any:
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            # Not whom a session cookie names: logs and audit must not attribute the call to them.
            request.user = AnonymousUser()
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
        caller = _caller_of(api_token) if api_token else None
        scope = _scope_of(api_token, caller) if api_token and caller else None
        # One answer for unknown, expired, revoked, of an inactive user and of one who left the team: it reveals
        # nothing about tokens.
        if api_token is None or caller is None or scope is None:
            request.user = AnonymousUser()
            raise ApiError(
                problem(
                    401,
                    "token_invalid",
                    "This token is unknown, expired or revoked.",
                    "Create a new one on your profile page.",
                    headers=CHALLENGE,
                )
            )
        request.user = caller
        present.set_scope(request, scope)
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
        _refuse_without_token_scope(request, api_token)
        _refuse_without_right(request, scope)
        return api_token


def _caller_of(token: ApiToken) -> Any:
    """Whom the token acts for; None where that user is gone or inactive."""
    if token.user is None:
        return ServiceCaller(token)
    # Two queries, since tokens and users lie in two databases (docs/decisions/0003).
    return get_user_model().objects.filter(pk=token.user, is_active=True).first()


def _scope_of(token: ApiToken, caller: Any) -> Scope | None:
    """The role that its user has now, with the groups of the membership and of the token; None without a membership.

    A service token may what its scopes say, as an owner made it.
    """
    if token.user is None:
        return Scope(token.owner, Role.OWNER, token.limit)
    if token.user == token.owner:
        return present.personal_scope(caller, token.limit)
    membership = present.membership_of(caller, token.owner)
    if membership is None:
        return None
    scope = membership.scope
    if token.limit is None:
        return scope
    narrowed = Scope(scope.owner, scope.role, token.limit)
    of_user = groups_within(scope)
    if of_user is None:
        return narrowed
    # With what is nested in them: a group inside of one of the other's would else be in neither.
    return Scope(scope.owner, scope.role, of_user & (groups_within(narrowed) or frozenset()))


def _refuse_without_token_scope(request: HttpRequest, token: ApiToken) -> None:
    write = request.method not in SAFE
    if write and not any(scope.endswith(WRITE) for scope in token.scopes):
        raise ApiError(problem(403, "token_read_only", "This token may only read.", "Use a token of scope “write”."))
    _refuse_missing(token, needed_for(request.META.get(ROUTE, ""), write=write))


def require_scopes(request: HttpRequest, needed: Iterable[str]) -> None:
    """For calls whose body says what they are about: the token has all of these scopes, or `ApiError` is raised."""
    _refuse_missing(token_of(request), needed)


def _refuse_missing(token: ApiToken, needed: Iterable[str]) -> None:
    if not (lacking := missing(token.scopes, needed)):
        return
    named = " and ".join(f"“{scope}”" for scope in lacking)
    cause = f"This token has not the scope{'s' if len(lacking) > 1 else ''} {named}."
    # With blanks between, as RFC 6750 (3) writes the scopes that a call takes.
    details = {"scope": " ".join(lacking)}
    raise ApiError(problem(403, "token_scope_missing", cause, f"Use a token with {named}.", details=details))


def _refuse_without_right(request: HttpRequest, scope: Scope) -> None:
    """Asks the one table what the call takes; raises `ApiError` where the caller's role has not that right."""
    route = request.META.get(ROUTE, "")
    right = access.right_for(access.CALLS, request.method or "GET", route, export=access.is_export(request))
    if not scope.has(right):
        cause, remedy = access.why_refused(right, scope.role)
        details = {"role": scope.role.value, "roles": [role.value for role in roles_with(right)]}
        raise ApiError(problem(403, "role_required", cause, remedy, details=details))
    if scope.limited and (request.method, route) in access.WHOLE_TEAM:
        raise ApiError(problem(403, "membership_limited", *access.LIMITED))


def token_of(request: HttpRequest) -> ApiToken:
    """The token that this call came with."""
    token = getattr(request, "auth", None)
    assert isinstance(token, ApiToken)  # ninja put it there before it called the view
    return token


def owner_of(request: HttpRequest) -> str:
    """The team's key that the token belongs to, as rows name their owner."""
    return scope_of(request).owner


def scope_of(request: HttpRequest) -> Scope:
    """What this call's token may see and do."""
    return present.scope_of(request)


def actor_of(request: HttpRequest) -> Actor:
    return Actor.of_request(request, via="api")
