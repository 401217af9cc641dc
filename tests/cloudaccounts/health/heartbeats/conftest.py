"""Accounts that are due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.models import CloudAccount
from tests.cloudaccounts.health.heartbeats.rounds import Healthy

MakeAccount = Callable[..., CloudAccount]


@pytest.fixture
def healthy(toy_account: MakeAccount, alice: User) -> Healthy:
    """Accounts that work, and whose full report is not due."""

    def make(count: int = 1, **fields: object) -> list[CloudAccount]:
        now = timezone.now()
        given = {"health": "ok", "health_since": now, "next_check_at": now, "next_report_at": now + timedelta(days=1)}
        given |= fields
        return [toy_account(alice, account_id=f"toy{n:03d}", name=f"toy {n}", **given) for n in range(count)]

    return make
