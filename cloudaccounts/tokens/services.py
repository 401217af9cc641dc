"""Bearer tokens of the HTTP API: create, use, revoke. Only the hash of a token's text is stored."""

from __future__ import annotations

import hashlib
import math
import secrets
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.errors import InputError, TeamLimitError
from cloudaccounts.models import ApiToken
from cloudaccounts.text import clean_name
from cloudaccounts.tokens import scopes
from cloudaccounts.work.databases import SECURITY

PREFIX = "cam_"
_SHOWN = len(PREFIX) + 4  # characters that lists show, to tell tokens apart
NAME_LIMIT = 80
LONGEST_DAYS = 3650
LISTED = 200  # of a user, dead ones too
RETRY_AFTER = 3600  # seconds: what helps is that one is revoked, or expires
MINUTE = 60


def create_token(
    *,
    owner: str,
    actor: Actor,
    name: str,
    scope: str | Iterable[str] = scopes.READ,
    days: int | None = 90,
    user: str | None = "",
    groups: Iterable[UUID] | None = None,
) -> tuple[ApiToken, str]:
    """The token's row, and its text, which is shown once and cannot be found again. ``days`` None: it never expires.

    ``owner`` is the team's key. ``user`` is whom it acts for: left out, the person of this personal team; None makes a
    service token of the team. ``groups`` narrow it further than its user's membership does; None does not.

    Raises `InputError`, and `TeamLimitError` where that user has `TEAM_TOKENS` of the team that are alive.
    """
    name, errors, given = clean_name(name), {}, ""
    user = owner if user == "" else user
    if not 0 < len(name) <= NAME_LIMIT:
        errors["name"] = f"Give the token a name of at most {NAME_LIMIT} characters: it says what uses it."
    try:
        given = scopes.joined(scope.split() if isinstance(scope, str) else scope)
    except ValueError:
        errors["scope"] = f"Choose read, write or some of {', '.join(scopes.SCOPES[2:])}."
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        errors["days"] = f"Choose between 1 and {LONGEST_DAYS} days."
    if errors:
        raise InputError(errors)
    now = timezone.now()
    same = ApiToken.objects.filter(owner=owner, user=user, revoked_at__isnull=True)
    # Counted without a lock: parallel calls may end slightly above it.
    if same.filter(Q(expires_at=None) | Q(expires_at__gt=now)).count() >= settings.TEAM_TOKENS:
        raise TeamLimitError(
            f"There are {settings.TEAM_TOKENS} tokens of yours already.",
            RETRY_AFTER,
            "Revoke those that nothing uses any more, then create this one.",
        )
    # The prefix lets secret scanners, and our own redaction of logs, recognize a token.
    text = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic(using=SECURITY):
        token = ApiToken.objects.create(
            owner=owner,
            user=user,
            name=name,
            scope=given,
            limited=groups is not None,
            groups=sorted(str(key) for key in groups or ()),
            hint=text[:_SHOWN],
            digest=digest_of(text),
            created_at=now,
            expires_at=None if days is None else now + timedelta(days=days),
        )
        kind = "Service token" if user is None else "API token"
        _record(token, actor, "token.created", f"{kind} “{name}” created by {actor.label}: {token.scope_words}")
    return token, text


def revoke_token(token: ApiToken, *, actor: Actor) -> bool:
    """Revokes the token at once. False where it was revoked already."""
    with transaction.atomic(using=SECURITY):
        # Conditional, so of two who revoke it at the same time one is in the audit.
        revoked = ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())
        if revoked:
            used = ApiToken.objects.values_list("uses", flat=True).get(pk=token.pk)
            _record(token, actor, "token.revoked", f"API token “{token.name}” revoked by {actor.label}", uses=used)
    return revoked == 1


def revoke_all(user: str, *, actor: Actor, team: str = "") -> int:
    """Revokes all of the user's tokens, as after a new password, and returns how many: whoever had the old password
    may have created one. ``team``: those for this team alone.
    """
    alive = ApiToken.objects.filter(user=user, revoked_at__isnull=True)
    # One by one: each token has an audit event of its own, with how often it was used.
    return sum(revoke_token(token, actor=actor) for token in (alive.filter(owner=team) if team else alive))


def find_token(text: str) -> ApiToken | None:
    """The valid token of this text.

    Looked up by its hash, so that the time it takes reveals nothing of other tokens.
    """
    if not text.startswith(PREFIX) or len(text) > 100:
        return None  # no token of ours: spares the database what scanners send
    token = ApiToken.objects.filter(digest=digest_of(text)).first()
    # The caller learns no difference between unknown, expired and revoked.
    return token if token is not None and token.is_alive() else None


def use_token(token: ApiToken) -> int:
    """Counts a call of the token. 0 if it is within the rate, else the seconds until it is again.

    One conditional UPDATE, so that parallel calls cannot count past the limit.
    """
    now = time.time()
    # A window by the clock's minute needs one number and one counter in the row; a sliding one would need a row a call.
    minute = int(now // MINUTE)
    own = ApiToken.objects.filter(pk=token.pk)
    # A call that read the clock just before the minute ended may come behind one that began the next minute. It counts
    # there: were the window moved back, calls on both sides of the minute would take it from each other. No further
    # ahead: a server whose clock is wrong must not fill one window for all others.
    running = (minute, minute + 1)
    this_minute = own.filter(window__in=running)
    for _ in range(2):  # the second time where a parallel call began the minute
        if this_minute.filter(window_count__lt=settings.API_CALLS_PER_MINUTE).update(
            window_count=F("window_count") + 1, uses=F("uses") + 1
        ):
            return 0
        if own.exclude(window__in=running).update(
            window=minute, window_count=1, uses=F("uses") + 1, last_used_at=timezone.now()
        ):
            return 0
    # Neither update changed the row: the window is full.
    return math.ceil((minute + 1) * MINUTE - now)


def token_of(user: str, token: UUID) -> ApiToken | None:
    """One of the user's own, for whichever team."""
    return ApiToken.objects.filter(user=user, pk=token).first()


def tokens_of(user: str) -> list[ApiToken]:
    """The user's own, for whichever team. Newest first, with expired and revoked ones."""
    return list(ApiToken.objects.filter(user=user).order_by("-created_at", "id")[:LISTED])


def team_tokens(team: str) -> list[ApiToken]:
    """All that reach a team, of its members and its own. Those that are alive, newest first."""
    alive = ApiToken.objects.filter(owner=team, revoked_at__isnull=True).order_by("-created_at", "id")
    return [token for token in alive[: 5 * LISTED] if token.is_alive()]


def digest_of(text: str) -> str:
    # A plain hash is enough: the text has 256 random bits, which no dictionary contains.
    return hashlib.sha256(text.encode()).hexdigest()


def _record(token: ApiToken, actor: Actor, action: str, text: str, **detail: Any) -> None:
    record_event(
        actor=actor, owner=token.owner, action=action, text=text, label=token.name, token=str(token.pk), **detail
    )
