"""An account whose credential is replaced, in a cloud that knows the old and the new one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cloudaccounts.contract.identity import Credentials
from cloudaccounts.models import CloudAccount
from cloudaccounts.rotation import swap as rotation_swap
from cloudaccounts.rotation import verify as rotation_verify
from tests.cloudaccounts.rotation.steps import NEW, Meanwhile
from tests.toycloud.provider import STATE, State, ToyProvider

MakeAccount = Callable[..., CloudAccount]


@pytest.fixture
def account(alice: User, toy_account: MakeAccount) -> CloudAccount:
    """With the token ``let-me-in``; the cloud takes the new one as well from now on."""
    account = toy_account(alice, credential_since=timezone.now() - timedelta(days=100))
    assert account.credential_since is not None
    return account


@pytest.fixture(autouse=True)
def two_tokens(monkeypatch: pytest.MonkeyPatch, toycloud: State) -> None:
    """The toy cloud knows both words, as a provider does while a person rotates."""
    known = ToyProvider.validate

    def validate(self: ToyProvider, credentials: Credentials, *args: Any) -> Any:
        given = credentials["token"]
        return known(self, Credentials("token", {"token": STATE.good_token if given == NEW else given}), *args)

    monkeypatch.setattr(ToyProvider, "validate", validate)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Lets something happen after the cloud has answered and before the outcome is written."""

    def arrange(event: Callable[[], object]) -> None:
        original = rotation_swap.conclude

        def then(*args: Any) -> bool:
            event()
            return original(*args)

        monkeypatch.setattr(rotation_verify, "conclude", then)

    return arrange
