"""An account of the toy cloud whose identity makes its own keys, and a clock that tests turn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import CredentialFacts, Credentials
from cloudaccounts.credentials.vault import store
from cloudaccounts.models import CloudAccount
from tests.cloudaccounts.rotation.automatic.scene import FIRST, Clock, Scene
from tests.toycloud.provider import STATE, State


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(datetime.now(UTC))
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


@pytest.fixture
def scene(alice: User, toycloud: State, toy_account: Callable[..., CloudAccount], clock: Clock) -> Scene:
    account = toy_account(alice, credential_since=clock.now - timedelta(days=100))
    STATE.good_token = "nobody-has-this"
    STATE.keys.put(FIRST, "first-word", is_ours=True)
    store(
        account=account, credentials=Credentials("token", {"token": "first-word", "key_id": FIRST}),
        facts=CredentialFacts("Token", "first"), since=account.credential_since, actor=SYSTEM,
    )  # fmt: skip
    return Scene(account, STATE.keys, clock)
