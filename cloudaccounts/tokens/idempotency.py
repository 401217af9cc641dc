"""Calls with an idempotency key: the same call with the same key gets the same answer for a day, and is done once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.crypto.fields import Sealed
from cloudaccounts.models import ApiToken, IdempotentCall
from cloudaccounts.work.databases import SECURITY

KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=75)  # longer than gunicorn lets a call take
_SALT = "cloudaccounts.idempotency"


class KeyReusedError(ProviderError):
    def __init__(self) -> None:
        super().__init__(
            "idempotency_key_reused",
            "This Idempotency-Key was used for another call.",
            "Use a new key for each call, and the same one only to repeat a call unchanged.",
        )


class KeyBusyError(ProviderError):
    def __init__(self) -> None:
        super().__init__(
            "idempotency_key_busy",
            "The first call with this Idempotency-Key is still being answered.",
            "Repeat the call in some seconds.",
            permanent=False,
        )


@dataclass(frozen=True, slots=True)
class Replay:
    """The answer of the first call."""

    status: int
    answer: Any


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to do a call. ``id`` stays the same when a call that was not finished is begun again."""

    id: UUID
    claim: UUID

    def answered(self, status: int, answer: Any) -> None:
        # By the claim: a call that outlived its lease, and was begun again by another, leaves the answer to that one.
        sealed = Sealed.seal({"answer": answer}, bound_to=self.id, column="sealed")
        self._row().update(status=status, sealed=sealed, claim=None, lease_until=None)

    def given_back(self) -> None:
        """The call was not done, or not finished: repeating it does it."""
        self._row().update(claim=None, lease_until=timezone.now())

    def _row(self) -> Any:
        return IdempotentCall.objects.filter(pk=self.id, claim=self.claim)


def begin_call(token: ApiToken, *, key: str, method: str, path: str, body: bytes) -> Ticket | Replay:
    """A ticket for a call that is to be done, else the answer it got. Raises `KeyReusedError` and `KeyBusyError`."""
    now, claim = timezone.now(), uuid4()
    # The token is part of the key: two tokens may choose the same one and must not see each other's answers.
    hashed = _hash(token.pk.bytes, key.encode())
    fingerprint = _hash(method.encode(), path.encode(), body)
    lease = {"claim": claim, "lease_until": now + LEASE}
    # An expired row would still hold the unique key until the daily purge removes it.
    IdempotentCall.objects.filter(key=hashed, expires_at__lt=now).delete()
    try:
        # The unique key decides which of two simultaneous calls is the first.
        with transaction.atomic(using=SECURITY):
            row = IdempotentCall.objects.create(key=hashed, fingerprint=fingerprint, expires_at=now + KEPT, **lease)
        return Ticket(row.pk, claim)
    except IntegrityError:
        stored = IdempotentCall.objects.get(key=hashed)
    # Checked before the answer is given: a key that is used for two calls is a mistake of the script.
    if stored.fingerprint != fingerprint:
        raise KeyReusedError
    if stored.status:
        return Replay(stored.status, _answer_of(stored))
    # Free again after a call that was not done, or whose process was killed and whose lease has ended.
    free = Q(claim__isnull=True) | Q(lease_until__lt=now)
    if IdempotentCall.objects.filter(free, pk=stored.pk, status=0).update(**lease):
        return Ticket(stored.pk, claim)
    raise KeyBusyError


def _answer_of(row: IdempotentCall) -> Any:
    """Raises `KeyringError` where no key of this server opens it."""
    return row.sealed.open(bound_to=row.pk, column="sealed")["answer"] if row.sealed else row.answer


def purge_idempotent_calls() -> int:
    deleted, _ = IdempotentCall.objects.filter(expires_at__lt=timezone.now()).delete()
    return deleted


def _hash(*parts: bytes) -> str:
    """Keyed with SECRET_KEY, because a body holds secrets.

    Each part is hashed first, so that no two splits are equal.
    """
    joined = b"".join(salted_hmac(_SALT, part, algorithm="sha256").digest() for part in parts)
    return salted_hmac(_SALT, joined, algorithm="sha256").hexdigest()
