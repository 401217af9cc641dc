"""Sends what waits for channels: one worker holds a channel, teams have their turns (docs/decisions/0015).

A message is marked as sent only after its receiver took it, so a kill in between sends it again under the same id. One
that is refused waits, and those behind it with it: a ticket is never closed before it was opened.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.accounts.external_id_change import former_of_team
from cloudaccounts.channels import secrets
from cloudaccounts.channels.messages import as_message, next_due, next_message
from cloudaccounts.channels.spread import wake
from cloudaccounts.errors import CredentialsUnreadableError
from cloudaccounts.jobs.turns import WorkKind, to_announce
from cloudaccounts.models import ChannelIncident, ChannelItem, ChannelMessage, NotificationChannel
from cloudaccounts.models.channel import MessageState, WorkState
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.channels.base import ChannelKind
from cloudaccounts.notifications.channels.message import Message, Sent
from cloudaccounts.notifications.channels.registry import find_kind
from cloudaccounts.notifications.channels.sinks import EXTERNAL_ID
from cloudaccounts.notifications.notify import notify
from cloudaccounts.notifications.outbound.errors import DeliveryError
from cloudaccounts.work import messages as work_messages
from cloudaccounts.work.databases import is_outage
from cloudaccounts.work.leases import Claim, LeaseKeeper, give_back

TASK = "cloudaccounts.send_to_channel"
QUEUE = "fleet"
BUDGET = 20.0  # seconds for one channel at a time; then another team has its turn
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=3)
NOTIFY_AFTER = timedelta(hours=1)  # of failures, before the team has a notice of it
RESEND = 4  # messages at a time, of as many owners where there are

logger = logging.getLogger(__name__)


def due(rows: QuerySet[NotificationChannel] | None = None) -> QuerySet[NotificationChannel]:
    """Channels that have something to do now."""
    now = timezone.now()
    rows = NotificationChannel.objects.all() if rows is None else rows
    return rows.filter(Q(held_until=None) | Q(held_until__lte=now), state=WorkState.WAITING, requested_at__lte=now)


def run_channel(channel_id: UUID) -> int:
    """Sends what is due. Returns how many messages were taken. Asks the network."""
    rows = NotificationChannel.objects.filter(pk=channel_id)
    claim = Claim.take(due(rows), rows.filter(state=WorkState.SENDING), state=WorkState.SENDING)
    channel = rows.first()
    if claim is None or channel is None:
        return 0
    try:
        with LeaseKeeper(claim.renew) as keeper:
            sent, held_until = _work(channel, claim, keeper)
    except Exception as error:
        # What was not written as sent is sent again, as after a kill.
        if not claim.outlives(error, tries=1, state=WorkState.WAITING):
            raise
        return 0
    claim.write(
        state=WorkState.WAITING, claim=None, lease_until=None, held_until=held_until, requested_at=next_due(channel)
    )
    # An item that was written after `next_due` looked found a channel that was awake, and woke nobody.
    if (at := next_due(channel)) is not None:
        wake(channel.pk, at)
    return sent


def requeue_channels() -> int:
    """Channels of dead workers, and those whose message was lost, are sent again. Counts both."""
    now = timezone.now()
    lost = NotificationChannel.objects.filter(state=WorkState.SENDING, lease_until__lt=now)
    give_back(lost, state=WorkState.WAITING, requested_at=now)
    # Asleep with something to do: a worker died between writing items and waking their channel.
    waiting = ChannelItem.objects.filter(message=None).order_by().values_list("channel", flat=True).distinct()
    for key in NotificationChannel.objects.filter(pk__in=list(waiting[:1000]), requested_at=None, enabled=True):
        wake(key.pk, now)
    # One message wakes a worker, which goes on with whose turn it is; a few, so that several teams are served at once.
    keys = to_announce(due().filter(enabled=True), most=RESEND)
    return sum(work_messages.send(TASK, str(key), queue=QUEUE) for key in keys)


def _work(channel: NotificationChannel, claim: Claim, keeper: LeaseKeeper) -> tuple[int, datetime | None]:
    """How many messages were taken, and until when the channel is held after a failure."""
    kind = find_kind(channel.kind)
    if kind is None or not channel.enabled:  # of another version
        return 0, timezone.now() + LONGEST_WAIT
    ends, sent = time.monotonic() + BUDGET, 0
    while not keeper.lost.is_set() and time.monotonic() < ends:
        if (until := _limited(channel.owner)) is not None:
            return sent, until
        row = next_message(channel, kind)
        if row is None:
            break
        error = send_message(channel, kind, row, as_message(channel, kind, row))
        if error is None:
            sent += 1
        elif not error.of_message:
            return sent, _fail(channel, row, error)
    return sent, None


def _send(channel: NotificationChannel, kind: ChannelKind, message: Message, values: dict[str, str]) -> Sent:
    try:
        return kind.send(message, values)
    except DeliveryError as refusal:
        # A role that was given to us before the team's external ID was replaced trusts the former one for a while.
        if not kind.takes_findings or not (former := former_of_team(channel.owner)):
            raise
        try:
            return kind.send(message, values | {EXTERNAL_ID: former})
        except DeliveryError:
            raise refusal from None  # its remedy names the present one


def _limited(owner: str) -> datetime | None:
    """Until when a team waits that has sent `TEAM_CHANNEL_MESSAGES` within an hour."""
    since = timezone.now() - timedelta(hours=1)
    recent = ChannelMessage.objects.filter(owner=owner, sent_at__gt=since)
    if recent.count() < settings.TEAM_CHANNEL_MESSAGES:
        return None
    return timezone.now() + timedelta(minutes=1)


def send_message(
    channel: NotificationChannel, kind: ChannelKind, row: ChannelMessage, message: Message
) -> DeliveryError | None:
    """Sends one and writes what became of it to its row and its channel. The error, where it did not arrive."""
    now = timezone.now()
    # Before it is sent: a message that kills its worker is counted as well.
    row.attempts += 1
    ChannelMessage.objects.filter(pk=row.pk).update(attempts=row.attempts, tried_at=now)
    try:
        values = secrets.opened(channel)
        if kind.takes_findings:
            values[EXTERNAL_ID] = external_id_for(channel.owner)
        sent = _send(channel, kind, message, values)
    except DeliveryError as error:
        return _not_sent(channel, row, error)
    except CredentialsUnreadableError as error:
        return _not_sent(channel, row, DeliveryError(error.code, error.cause, error.remedy))
    except Exception as defect:  # in one kind; its text is left out, since it may hold what was being sent
        if is_outage(defect):  # of ours, which says nothing about the channel
            raise
        logger.error(
            "channel.defect", extra={"channel": str(channel.pk), "kind": channel.kind}, exc_info=settings.DEBUG
        )
        cause = "This message could not be sent by a defect of ours."
        return _not_sent(channel, row, DeliveryError("internal_error", cause, "Tell the operator: the log says where."))
    _remember(channel, message, sent)
    ChannelMessage.objects.filter(pk=row.pk).update(
        state=MessageState.SENT, sent_at=timezone.now(), detail=sent.detail[:200], error="", error_code=""
    )
    NotificationChannel.objects.filter(pk=channel.pk).update(
        last_sent_at=timezone.now(), failing_since=None, error="", error_code="", remedy=""
    )
    return None


def _remember(channel: NotificationChannel, message: Message, sent: Sent) -> None:
    """What was opened or closed at the receiver. Tests leave nothing."""
    if message.is_test:
        return
    events = {event.incident: event for event in message.events}
    for incident, reference in sent.references.items():
        event = events[incident]
        values: dict[str, Any] = {
            "owner": channel.owner,
            "account": UUID(event.account) if event.account else None,
            "check_id": event.check_id,
            "reference": reference[:120],
            "is_open": incident not in sent.closed,
            "updated_at": timezone.now(),
        }
        ChannelIncident.objects.update_or_create(channel=channel.pk, incident=incident, defaults=values)


def _not_sent(channel: NotificationChannel, row: ChannelMessage, error: DeliveryError) -> DeliveryError:
    given_up = error.of_message or row.is_test or timezone.now() - row.created_at > GIVE_UP_AFTER
    ChannelMessage.objects.filter(pk=row.pk).update(
        state=MessageState.FAILED if given_up else MessageState.READY,
        error_code=error.code[:64],
        error=error.cause[:300],
    )
    rows = NotificationChannel.objects.filter(pk=channel.pk)
    rows.update(error_code=error.code[:64], error=error.cause[:300], remedy=error.remedy[:300])
    rows.filter(failing_since=None).update(failing_since=timezone.now())
    logger.warning(
        "channel.not_sent",
        extra={"channel": str(channel.pk), "kind": channel.kind, "code": error.code, "attempts": row.attempts},
    )
    return error


def _fail(channel: NotificationChannel, row: ChannelMessage, error: DeliveryError) -> datetime:
    """Holds the channel for as long as the receiver asks, or twice as long after each try. Returns until when."""
    now = timezone.now()
    wait = min(FIRST_WAIT * 2 ** min(row.attempts - 1, 10), LONGEST_WAIT)
    if error.retry_after is not None:
        wait = max(wait if error.code != "receiver_busy" else timedelta(0), timedelta(seconds=error.retry_after))
    since = NotificationChannel.objects.filter(pk=channel.pk).values_list("failing_since", flat=True).first() or now
    if error.gone:
        NotificationChannel.objects.filter(pk=channel.pk).update(enabled=False)
    if error.gone or now - since > NOTIFY_AFTER:
        notify(
            NoticeKind.CHANNEL_FAILED,
            key=f"{channel.pk}:{since:%Y%m%d%H%M%S}",
            owner=channel.owner,
            text=f"The channel {channel.name} does not work: {error.cause}",
            remedy=error.remedy,
        )
    until: datetime = now + wait
    return until


CHANNELS = WorkKind(
    name="channels",
    queue=QUEUE,
    task=TASK,
    waiting=lambda: due().filter(enabled=True),
    running=lambda: NotificationChannel.objects.filter(state=WorkState.SENDING),
    run=run_channel,
    part=1 / 4,
    late=900,
)
