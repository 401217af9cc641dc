"""Bearer tokens of the HTTP API: create, use, revoke. Only the hash of a token's text is stored."""

from __future__ import annotations

import hashlib
import math
import secrets
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.errors import InputError
from cloudaccounts.models import ApiToken, TokenScope
from cloudaccounts.text import clean_name
from cloudaccounts.work.databases import SECURITY

PREFIX = "cam_"
_SHOWN = len(PREFIX) + 4  # characters that lists show, to tell tokens apart
NAME_LIMIT = 80
LONGEST_DAYS = 3650
# Counted without a lock: parallel calls may end slightly above it.
TOKENS_PER_OWNER = 100
MINUTE = 60


def create_token(
    *, owner: str, actor: Actor, name: str, scope: str = TokenScope.READ, days: int | None = 90
) -> tuple[ApiToken, str]:
    """The token's row, and its text, which is shown once and cannot be found again. ``days`` None: it never expires.

    Raises `InputError`.
    """
    name, errors = clean_name(name), {}
    if not 0 < len(name) <= NAME_LIMIT:
        errors["name"] = f"Give the token a name of at most {NAME_LIMIT} characters: it says what uses it."
    if scope not in TokenScope.values:
        errors["scope"] = "Choose read or write."
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        errors["days"] = f"Choose between 1 and {LONGEST_DAYS} days."
    if not errors and ApiToken.objects.filter(owner=owner, revoked_at__isnull=True).count() >= TOKENS_PER_OWNER:
        errors["name"] = f"There are {TOKENS_PER_OWNER} tokens already. Revoke those that nothing uses any more."
    if errors:
        raise InputError(errors)
    # The prefix lets secret scanners, and our own redaction of logs, recognize a token.
    text = PREFIX + secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic(using=SECURITY):
        token = ApiToken.objects.create(
            owner=owner,
            name=name,
            scope=scope,
            hint=text[:_SHOWN],
            digest=digest_of(text),
            created_at=now,
            expires_at=None if days is None else now + timedelta(days=days),
        )
        _record(
            token, actor, "token.created", f"API token “{name}” created by {actor.label}: {token.get_scope_display()}"
        )
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


def revoke_all(owner: str, *, actor: Actor) -> int:
    """Revokes all of the owner's tokens, as after a new password, and returns how many: whoever had the old password
    may have created one.
    """
    # One by one: each token has an audit event of its own, with how often it was used.
    alive = ApiToken.objects.filter(owner=owner, revoked_at__isnull=True)
    return sum(revoke_token(token, actor=actor) for token in alive)


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


def token_of(owner: str, token: UUID) -> ApiToken | None:
    return ApiToken.objects.filter(owner=owner, pk=token).first()


def tokens_of(owner: str) -> list[ApiToken]:
    """Newest first, with expired and revoked ones."""
    return list(ApiToken.objects.filter(owner=owner).order_by("-created_at", "id")[: 2 * TOKENS_PER_OWNER])


def digest_of(text: str) -> str:
    # A plain hash is enough: the text has 256 random bits, which no dictionary contains.
    return hashlib.sha256(text.encode()).hexdigest()


def _record(token: ApiToken, actor: Actor, action: str, text: str, **detail: Any) -> None:
    record_event(
        actor=actor, owner=token.owner, action=action, text=text, label=token.name, token=str(token.pk), **detail
    )
