"""Channels that lead to a receiver on loopback, which the operator has named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.fixtures import Settings

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.channels import sending, services, spread
from cloudaccounts.channels.services import ChannelInput
from cloudaccounts.models import CloudAccount, NotificationChannel
from cloudaccounts.notifications.channels.message import Event, Phase
from cloudaccounts.notifications.events import write_event
from teams.scope import Scope
from tests.receiver import Receiver, receiver

AddChannel = Callable[..., NotificationChannel]
Tell = Callable[..., None]


@pytest.fixture
def there(settings: Settings) -> Iterator[Receiver]:
    with receiver() as server:
        settings.CHANNEL_HOSTS = [server.named]
        yield server


@pytest.fixture
def add_channel(alice: User, there: Receiver) -> AddChannel:
    def add(kind: str = "slack", *, owner: User = alice, **given: Any) -> NotificationChannel:
        values: dict[str, Any] = {"name": f"{kind} {uuid4()}", "digest_minutes": 0, "min_severity": "low", **given}
        values.setdefault("settings", {"url": f"{there.origin}/services/T/B/secret-part"})
        return services.create_channel(Scope(str(owner.pk)), ChannelInput(kind=kind, **values), actor=SYSTEM).channel

    return add


@pytest.fixture
def tell(alice: User, make_account: Callable[..., CloudAccount]) -> Tell:
    """Writes an event of findings of one check in alice's account."""
    account = make_account(alice, name="payments")

    def write(check: str = "s3.public", *, phase: Phase = Phase.OPEN, of: CloudAccount = account, **facts: Any) -> None:
        opened = phase == Phase.OPEN
        values: dict[str, Any] = {
            "id": "",
            "kind": "finding.opened" if opened else "finding.resolved",
            "title": f"Title of {check}",
            "text": "3 findings.",
            "occurred_at": "2026-11-30T12:00:00Z",
            "severity": "critical",
            "account": str(of.pk),
            "account_name": of.name,
            "account_number": of.account_id,
            "provider": of.provider,
            "check_id": check,
            "count": 3,
            "incident": f"finding:{of.pk}:{check}",
            "phase": phase,
            **facts,
        }
        write_event(of.owner, str(uuid4()), Event(**values))

    return write


def run(*channels: NotificationChannel) -> int:
    """What the scheduler and a worker do, for these channels."""
    spread.spread_events()
    return sum(sending.run_channel(channel.pk) for channel in channels)


def make_due() -> None:
    NotificationChannel.objects.update(held_until=None, requested_at=timezone.now())
