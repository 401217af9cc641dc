"""From a notice to the people: who is told, in which digest, sent until it arrived.

Three steps, each repeatable and each by conditional updates, so that several workers may do them at once:
*spread* writes a row for each recipient of a notice; *gather* puts a recipient's waiting rows into one digest; *send*
sends digests that are due. A digest is marked only after the server took it: a crash between the two sends it again,
with the same Message-ID or delivery id, and nothing is ever lost (docs/decisions/0010).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
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
from cloudaccounts.notifications.recipients import Recipients
from cloudaccounts.work.databases import SECURITY
from cloudaccounts.work.leases import Claim, LeaseKeeper

BATCH = 500  # notices spread at a time, and told in one digest at most
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
SETTLES = timedelta(minutes=2)  # from a digest's row to its notices' rows
BUDGET = 120.0  # seconds in which a round begins to send; its task's limit leaves time for the last one to end
GIVE_UP_AFTER = timedelta(days=7)

logger = logging.getLogger(__name__)


class NotTakenError(Exception):
    """The mail server or the webhook did not take a digest. ``nobody``: nor will it, there is nobody to send it to."""

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
    """Writes down who is to be told of what is new; how many notices that were."""
    addressees = Recipients()
    notices = list(Notice.objects.filter(spread_at=None).order_by("created_at")[:BATCH])
    for notice in notices:
        with transaction.atomic(using=SECURITY):
            for channel, recipient in addressees.of(notice):
                NoticeDelivery.objects.get_or_create(
                    notice=notice.pk, channel=channel, recipient=recipient, defaults={"created_at": timezone.now()}
                )
            Notice.objects.filter(pk=notice.pk, spread_at=None).update(spread_at=timezone.now())
    return len(notices)


def build_digests() -> int:
    """Digests for those whose oldest waiting notice is ``NOTIFY_DIGEST_MINUTES`` old; what came since goes with it."""
    now = timezone.now()
    ripe = now - timedelta(minutes=settings.NOTIFY_DIGEST_MINUTES)
    waiting = NoticeDelivery.objects.filter(digest=None)
    oldest = waiting.order_by().values("channel", "recipient").annotate(first=Min("created_at"))
    made = 0
    for row in [row for row in oldest if row["first"] <= ripe]:
        own = waiting.filter(channel=row["channel"], recipient=row["recipient"])
        while keys := list(own.order_by("created_at").values_list("pk", flat=True)[:BATCH]):
            made += _gather(row["channel"], row["recipient"], keys)
    return made


def _gather(channel: str, recipient: str, keys: list[UUID]) -> int:
    now = timezone.now()
    # Not due until its rows are in it. One that a kill left empty is found so, and dropped; one left full is sent.
    digest = NoticeDigest.objects.create(channel=channel, recipient=recipient, created_at=now, due_at=now + SETTLES)
    own = NoticeDigest.objects.filter(pk=digest.pk, state=DigestState.READY, attempts=0)
    taken = NoticeDelivery.objects.filter(pk__in=keys, digest=None).update(digest=digest.pk)
    if not taken:  # another worker gathered just these
        own.delete()
        return 0
    if not own.update(due_at=now):
        # We were frozen for so long that it was found empty, or half full, and ended: its rows go to another one.
        ended = NoticeDigest.objects.filter(pk=digest.pk, state=DigestState.DROPPED)
        if ended.exists():
            NoticeDelivery.objects.filter(digest=digest.pk).update(digest=None)
    return 1


def send_digests() -> tuple[int, int]:
    """Sends what is due, the longest waiting first; how many were taken, and how many were not.

    What does not come to its turn within `BUDGET` waits for the next round.
    """
    _release_lost()
    ends = time.monotonic() + BUDGET
    sent = failed = 0
    down: set[str] = set()
    due = NoticeDigest.objects.filter(state=DigestState.READY, due_at__lte=timezone.now()).order_by("due_at")
    for digest in due[:BATCH]:
        if time.monotonic() > ends:
            break
        if digest.channel in down:
            continue
        try:
            sent += _send(digest)
        except NotTakenError as error:
            failed += 1
            if error.all_of_it:
                down.add(digest.channel)
    return sent, failed


def waiting_digests() -> int:
    return NoticeDigest.objects.filter(state__in=(DigestState.READY, DigestState.SENDING)).count()


def _release_lost() -> None:
    """Those of a worker that died while it sent: nobody knows whether they arrived, so they go out again."""
    lost = NoticeDigest.objects.filter(state=DigestState.SENDING, lease_until__lt=timezone.now())
    lost.update(state=DigestState.READY, claim=None, lease_until=None)


def _send(digest: NoticeDigest) -> int:
    row = NoticeDigest.objects.filter(pk=digest.pk)
    claim = Claim.take(
        row.filter(state=DigestState.READY), row.filter(state=DigestState.SENDING), state=DigestState.SENDING
    )
    if claim is None:
        return 0
    digest.attempts += 1
    try:
        with LeaseKeeper(claim.renew):  # a server may take its time: nobody else must send the same meanwhile
            _hand_over(digest)
    except NotTakenError as error:
        _postpone(digest, claim, error)
        raise
    return int(claim.write(state=DigestState.SENT, claim=None, lease_until=None, sent_at=timezone.now(), error=""))


def _hand_over(digest: NoticeDigest) -> None:
    """Raises `NotTakenError`."""
    notices = _notices(digest)
    if not notices:
        raise NotTakenError("Nothing is left to tell.", nobody=True)
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
    """Waits twice as long each time, an hour at most; after a week the digest is given up, which operators see."""
    now = timezone.now()
    over = error.nobody or now - digest.created_at > GIVE_UP_AFTER
    claim.write(
        state=DigestState.DROPPED if over else DigestState.READY,
        claim=None,
        lease_until=None,
        due_at=now + min(FIRST_WAIT * 2 ** min(digest.attempts - 1, 10), LONGEST_WAIT),
        error=str(error)[:300],
    )
    logger.warning(
        "notices.given_up" if over else "notices.not_taken",
        extra={"digest": str(digest.pk), "channel": digest.channel, "attempts": digest.attempts, "reason": str(error)},
    )


def _notices(digest: NoticeDigest) -> list[Notice]:
    keys = list(NoticeDelivery.objects.filter(digest=digest.pk).values_list("notice", flat=True))
    return sorted(_read(keys), key=lambda notice: (notice.created_at, notice.pk))


def _read(keys: Iterable[UUID]) -> Iterable[Notice]:
    return Notice.objects.filter(pk__in=list(keys))
