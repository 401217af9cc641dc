"""Rounds of heartbeats, and what the toy cloud answers to them."""

from __future__ import annotations

from collections.abc import Callable

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.health.heartbeats import run_round
from cloudaccounts.models import CloudAccount
from tests.cloudaccounts.conftest import Clock

Healthy = Callable[..., list[CloudAccount]]  # makes so many accounts that work
BUSY = ProviderError("throttled", "Too many requests.", "Wait.", permanent=False)
REVOKED = ProviderError("wrong_key", "The toy cloud does not know this token.", "Ask for another.")


def fresh(account: CloudAccount) -> CloudAccount:
    return CloudAccount.objects.get(pk=account.pk)


def beats(clock: Clock, times: int) -> None:
    """So many rounds, an hour apart: each finds everything due."""
    for _ in range(times):
        run_round()
        clock.forward(hours=2)
