"""Messages that are sent again: a long queue of one owner leaves nobody else's out, in whichever queue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from cloudaccounts.channels.sending import requeue_channels
from cloudaccounts.health.connection_checks import requeue_checks
from cloudaccounts.jobs.runner import requeue_jobs
from cloudaccounts.models import ConnectionCheck, Job, NotificationChannel, Organization
from cloudaccounts.organizations.sync import requeue_syncs
from cloudaccounts.work import messages
from scans.engines.models import EngineRun
from scans.engines.reconcile import requeue_engine_runs
from scans.models import ScanRun
from scans.runs.reconcile import requeue_scans
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MANY = 60  # more than messages are sent again at a time
NOW = timezone.now()

# What a row of each has beside its owner and since when it waits, and who sends its message again.
CASES: dict[str, tuple[Callable[..., Any], Callable[[], object], Callable[[], dict[str, Any]]]] = {
    "checks": (
        ConnectionCheck.objects.create, requeue_checks,
        lambda: {"account": uuid4(), "active_account": uuid4(), "state": "queued"},
    ),
    "jobs": (Job.objects.create, requeue_jobs, lambda: {"kind": "x", "title": "x", "state": "queued"}),
    "scans": (
        ScanRun.objects.create, requeue_scans,
        lambda: {"account": uuid4(), "active_account": uuid4(), "account_name": "x", "provider": "aws",
                 "status": "queued"},
    ),
    "engines": (
        EngineRun.objects.create, requeue_engine_runs,
        lambda: {"engine": "x", "account": uuid4(), "account_name": "x", "provider": "aws", "scan_run": uuid4(),
                 "status": "queued"},
    ),
    "organizations": (
        Organization.objects.create, requeue_syncs,
        lambda: {"provider": "aws", "connection": uuid4(), "sync_state": "queued"},
    ),
    "channels": (
        NotificationChannel.objects.create, requeue_channels,
        lambda: {"kind": "email", "name": uuid4().hex, "created_at": NOW, "state": "waiting"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("queue", CASES)
def test_who_asked_last_is_announced_beside_one_who_asked_for_much_before(
    queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, requeue, fields = CASES[queue]
    sent: list[UUID] = []

    def send(task: str, *ids: str, **_: str) -> bool:
        sent.append(UUID(ids[0]))
        return True

    monkeypatch.setattr(messages, "send", send)

    def wait(owner: str, minutes: int) -> UUID:
        key: UUID = create(owner=owner, requested_at=NOW - timedelta(minutes=minutes), **fields()).pk
        return key

    mallory = [wait("mallory", 100 + number) for number in range(MANY)]
    alice, bob = wait("alice", 2), wait("bob", 1)
    requeue()
    assert sent[:3] == [mallory[-1], alice, bob]  # the oldest of each, whoever waits longest first
    assert len(sent) < 10  # and of the long queue a few
