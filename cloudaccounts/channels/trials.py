"""The test of a channel: a message that says so, sent by a worker; tickets are opened and closed again."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from cloudaccounts.channels.sending import send_message
from cloudaccounts.channels.services import TEST_JOB
from cloudaccounts.jobs.handlers import Outcome, handles
from cloudaccounts.models import ChannelMessage, Job, JobItem, NotificationChannel
from cloudaccounts.models.channel import MessageState
from cloudaccounts.notifications.channels.base import ChannelKind
from cloudaccounts.notifications.channels.message import Event, Message, Phase
from cloudaccounts.notifications.channels.registry import find_kind
from cloudaccounts.notifications.events import iso
from teams.roles import Right

TITLE = "Test from Cloud Accounts"


@handles(TEST_JOB, takes=Right.MANAGE, threads=1)
def send_test(job: Job, item: JobItem) -> Outcome:
    channel = NotificationChannel.objects.filter(pk=UUID(item.subject), owner=job.owner).first()
    kind = find_kind(channel.kind) if channel else None
    if channel is None or kind is None:
        return Outcome.skipped("This channel was deleted meanwhile.")
    # The item's own id: a worker that takes over sends the same message again, and a receiver can see that it is.
    row, _ = ChannelMessage.objects.get_or_create(
        pk=item.pk,
        defaults={
            "channel": channel.pk, "owner": channel.owner, "is_test": True, "title": "Test", "events": 1,
            "state": MessageState.GATHERING, "created_at": timezone.now(),
        },
    )  # fmt: skip
    error = send_message(channel, kind, row, _message(kind, row))
    return Outcome.failed(error) if error else Outcome()


def _message(kind: ChannelKind, row: ChannelMessage) -> Message:
    phases = (Phase.OPEN, Phase.CLOSE) if kind.keeps_incidents else (Phase.NONE,)
    events = tuple(
        Event(
            id=f"{row.pk}-{number}",
            kind="test",
            title=TITLE,
            text="This channel works." if phase != Phase.CLOSE else "The test has ended.",
            occurred_at=iso(row.created_at),
            severity="low" if kind.keeps_incidents else "",
            incident=f"test:{row.pk}",
            phase=phase,
        )
        for number, phase in enumerate(phases)
    )
    return Message(row.pk, row.created_at, events, is_test=True)
