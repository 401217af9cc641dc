"""The secret part of a channel's settings: encrypted, bound to its row and column, opened when it is sent to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils import timezone

from cloudaccounts.crypto.fields import KeyringError, Sealed
from cloudaccounts.errors import CredentialsUnreadableError
from cloudaccounts.models import NotificationChannel

COLUMN = "secret"
SIGNING = "signing_secrets"  # newest first


def seal(values: Mapping[str, Any], channel: UUID) -> Sealed:
    """Raises `CredentialsUnreadableError` where there is no key to encrypt with."""
    try:
        return Sealed.seal(values, bound_to=channel, column=COLUMN)
    except KeyringError as error:
        raise _unreadable(error) from None


def opened(channel: NotificationChannel) -> dict[str, Any]:
    """All settings, with the secret ones: keep them out of logs and of anything stored.

    Raises `CredentialsUnreadableError`.
    """
    secret = stored(channel)
    if SIGNING in secret and (channel.secret_until is None or channel.secret_until <= timezone.now()):
        secret[SIGNING] = secret[SIGNING][:1]
    return {**channel.settings, **secret}


def stored(channel: NotificationChannel) -> dict[str, Any]:
    """What is encrypted, as it is. Raises `CredentialsUnreadableError`."""
    try:
        return channel.secret.open(bound_to=channel.pk, column=COLUMN) if channel.secret is not None else {}
    except KeyringError as error:
        raise _unreadable(error) from None


def _unreadable(error: KeyringError) -> CredentialsUnreadableError:
    return CredentialsUnreadableError(error.code, error.cause, error.remedy)
