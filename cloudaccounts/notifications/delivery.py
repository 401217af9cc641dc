"""Delivers notices to people, grouped into digests, until each was taken.

Three steps, each repeatable and each by conditional updates, so that several workers may do them at once:
`create_deliveries` writes a row for each recipient of a notice; `build_digests` puts a recipient's waiting rows into
one digest; `send_digests` sends digests that are due. A digest is marked only after the server took it: a crash between
the two sends it again, with the same Message-ID or delivery id, and nothing is ever lost (docs/decisions/0010).
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from cloudaccounts.models import Notice, NoticeDelivery, NoticeDigest
from cloudaccounts.models.delivery import Channel, DigestState
from cloudaccounts.notifications.channels.email import transport as email_transport
from cloudaccounts.notifications.channels.webhook import transport as webhook_transport
from cloudaccounts.notifications.events import record_notice
from cloudaccounts.notifications.recipients import Recipients
from cloudaccounts.work.databases import SECURITY
from cloudaccounts.work.leases import Claim, LeaseKeeper, give_back

BATCH = 500  # notices in one round, and in one digest at most
# The beat's own interval: waiting less would change nothing.
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
SETTLES = timedelta(minutes=2)  # longer than it takes from a digest's row to its deliveries' rows
BUDGET = 120.0  # seconds within which a round begins to send; the task's limit leaves time for the last one
GIVE_UP_AFTER = timedelta(days=7)

logger = logging.getLogger(__name__)


class NotTakenError(Exception):
    """The mail server or the webhook did not take a digest.

    ``nobody``: there is no recipient any more, so give it up.
    """

    def __init__(self, reason: str, *, nobody: bool = False, all_of_it: bool = False) -> None:
        super().__init__(reason)
        self.nobody = nobody
        self.all_of_it = all_of_it  # the channel itself is down: others need not try now


@dataclass(frozen=True, slots=True)
class Delivered:
    spread: int
    sent: int
    failed: int


def deliver_notices() -> Delivered:
    """One round. Asks the network."""
    spread = create_deliveries()
    build_digests()
    sent, failed = send_digests()
    return Delivered(spread, sent, failed)


def create_deliveries() -> int:
    """Writes a delivery for each recipient of each new notice. Returns the number of notices."""
    recipients = Recipients()
    notices = list(Notice.objects.filter(spread_at=None).order_by("created_at")[:BATCH])
    for notice in notices:
        # One for each notice: an error at one of them leaves those before it spread.
        with transaction.atomic(using=SECURITY):
            for channel, recipient in recipients.of(notice):
                NoticeDelivery.objects.get_or_create(
                    notice=notice.pk, channel=channel, recipient=recipient, defaults={"created_at": timezone.now()}
                )
            record_notice(notice)
            # Last: a kill before it repeats the notice, and get_or_create keeps its deliveries single.
            Notice.objects.filter(pk=notice.pk, spread_at=None).update(spread_at=timezone.now())
    return len(notices)


def build_digests() -> int:
    """Builds digests for recipients whose oldest waiting notice is ``NOTIFY_DIGEST_MINUTES`` old; newer ones go too."""
    now = timezone.now()
    oldest_allowed = now - timedelta(minutes=settings.NOTIFY_DIGEST_MINUTES)
    waiting = NoticeDelivery.objects.filter(digest=None)
    oldest = waiting.order_by().values("channel", "recipient").annotate(first=Min("created_at"))
    built = 0
    for row in [row for row in oldest if row["first"] <= oldest_allowed]:
        deliveries = waiting.filter(channel=row["channel"], recipient=row["recipient"])
        while keys := list(deliveries.order_by("created_at").values_list("pk", flat=True)[:BATCH]):
            built += _build_digest(row["channel"], row["recipient"], keys)
    return built


def _build_digest(channel: str, recipient: str, keys: list[UUID]) -> int:
    now = timezone.now()
    # Due only after its deliveries are in it. After a kill in between, an empty one is dropped and a full one is sent.
    digest = NoticeDigest.objects.create(channel=channel, recipient=recipient, created_at=now, due_at=now + SETTLES)
    row = NoticeDigest.objects.filter(pk=digest.pk, state=DigestState.READY, attempts=0)
    # Conditional on being in no digest: of two workers each delivery goes to one.
    taken = NoticeDelivery.objects.filter(pk__in=keys, digest=None).update(digest=digest.pk)
    if not taken:  # another worker gathered just these
        row.delete()
        return 0
    if not row.update(due_at=now):
        # This process was paused for so long that the digest became due and was dropped: its deliveries wait again.
        ended = NoticeDigest.objects.filter(pk=digest.pk, state=DigestState.DROPPED)
        if ended.exists():
            NoticeDelivery.objects.filter(digest=digest.pk).update(digest=None)
    return 1


def send_digests() -> tuple[int, int]:
    """Sends digests that are due, oldest first. Returns how many were taken, and how many were not.

    Those that `BUDGET` leaves no time for wait for the next round.
    """
    # Before the round: what a killed worker left is due like any other digest.
    _release_lost()
    ends = time.monotonic() + BUDGET
    sent = failed = 0
    channels_down: set[str] = set()
    due = NoticeDigest.objects.filter(state=DigestState.READY, due_at__lte=timezone.now()).order_by("due_at")
    for digest in due[:BATCH]:
        if time.monotonic() > ends:
            break
        # A mail server that is down costs one timeout a round, not one for each person.
        if digest.channel in channels_down:
            continue
        try:
            sent += _send(digest)
        except NotTakenError as error:
            failed += 1
            if error.all_of_it:
                channels_down.add(digest.channel)
    return sent, failed


def _release_lost() -> None:
    """Digests of workers that died while sending. Nobody knows whether they arrived, so they are sent again."""
    lost = NoticeDigest.objects.filter(state=DigestState.SENDING, lease_until__lt=timezone.now())
    give_back(lost, state=DigestState.READY)


def _send(digest: NoticeDigest) -> int:
    row = NoticeDigest.objects.filter(pk=digest.pk)
    claim = Claim.take(
        row.filter(state=DigestState.READY), row.filter(state=DigestState.SENDING), state=DigestState.SENDING
    )
    if claim is None:
        return 0
    # The claim has counted this attempt in the row; the object's own number sets the wait after a failure.
    digest.attempts += 1
    try:
        with LeaseKeeper(claim.renew):  # a server may be slow, and no other worker must send the same meanwhile
            _hand_over(digest)
        # After the server took it. A kill before this line sends it again, under the same id (docs/decisions/0010).
        return int(claim.write(state=DigestState.SENT, claim=None, lease_until=None, sent_at=timezone.now(), error=""))
    except NotTakenError as error:
        _postpone(digest, claim, error)
        raise
    except Exception as error:
        # As after a kill, and under the same id: it is due at once.
        if not claim.outlives(error, tries=1, state=DigestState.READY):
            raise
        return 0


def _hand_over(digest: NoticeDigest) -> None:
    """Raises `NotTakenError`."""
    # Notices may have been purged by age while the digest waited, or a kill left it empty.
    notices = _notices(digest)
    if not notices:
        raise NotTakenError("No notice is left in it.", nobody=True)
    try:
        if digest.channel == Channel.WEBHOOK:
            webhook_transport.call(digest, notices)
        else:
            email_transport.send(digest, notices)
    except (email_transport.NobodyError, webhook_transport.NotConfiguredError) as error:
        raise NotTakenError(str(error), nobody=True) from None
    except (email_transport.MailRefusedError, webhook_transport.WebhookError) as error:
        raise NotTakenError(str(error), all_of_it=error.all_of_it) from None


def _postpone(digest: NoticeDigest, claim: Claim, error: NotTakenError) -> None:
    """Waits twice as long after each try, an hour at most. After a week the digest is dropped; operators see it."""
    now = timezone.now()
    give_up = error.nobody or now - digest.created_at > GIVE_UP_AFTER
    claim.write(
        state=DigestState.DROPPED if give_up else DigestState.READY,
        claim=None,
        lease_until=None,
        due_at=now + min(FIRST_WAIT * 2 ** min(digest.attempts - 1, 10), LONGEST_WAIT),
        error=str(error)[:300],
    )
    logger.warning(
        "notices.given_up" if give_up else "notices.not_taken",
        extra={"digest": str(digest.pk), "channel": digest.channel, "attempts": digest.attempts, "reason": str(error)},
    )


def _notices(digest: NoticeDigest) -> list[Notice]:
    keys = NoticeDelivery.objects.filter(digest=digest.pk).values_list("notice", flat=True)
    notices = Notice.objects.filter(pk__in=list(keys))
    return sorted(notices, key=lambda notice: (notice.created_at, notice.pk))
