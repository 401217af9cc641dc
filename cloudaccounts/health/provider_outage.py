"""Whether it is us: where no account of a provider answers, the cause lies here (or with all of the provider).

Accounts are due at different moments, so "all failed in one round" is asked over time: since the last answer of any
account of the provider, at least `HANDFUL` failed, and these are half of those watched; or so many in one go, a while
after the last answer, that waiting for half of a large fleet would be idle. While that holds, being out of reach is
counted against no account, the operators are told once, and pages say so. The first answer ends it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.health.state_machine import Seen
from cloudaccounts.models import AccountHealth, CloudAccount, CloudAccountStatus, ProviderReach
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify
from cloudaccounts.work.databases import SECURITY

HANDFUL = 5
IN_ONE_GO = 20
SILENCE = timedelta(minutes=1)


def note_answer(provider: str) -> None:
    """An account of the provider answered: whatever was suspected is over."""
    now = timezone.now()
    with transaction.atomic(using=SECURITY):
        reach, _ = ProviderReach.objects.get_or_create(provider=provider)
        since = reach.suspected_since
        ProviderReach.objects.filter(pk=reach.pk).update(answered_at=now)
        over = since is not None and ProviderReach.objects.filter(pk=reach.pk, suspected_since=since).update(
            suspected_since=None, accounts=0, code="", cause="", remedy=""
        )
        if over and since is not None:
            label = registry.get(provider).label
            notify(
                NoticeKind.SYSTEM,
                key=f"answers:{provider}:{since:%Y%m%d%H%M%S}",
                text=f"{label} answers again, after nothing came from it since {since:%d %B, %H:%M} UTC.",
            )


def outage_suspected(provider: str) -> bool:
    return ProviderReach.objects.filter(provider=provider).exclude(suspected_since=None).exists()


def suspects_own_outage(provider: str, met: dict[UUID, Seen], refused: Collection[UUID] = ()) -> bool:
    """After a round without any answer. ``met`` is what its accounts met that can pass by itself or is our trouble;
    ``refused`` are those that worked until this round and were refused for good: they fail all the same, and count."""
    now = timezone.now()
    reach, _ = ProviderReach.objects.get_or_create(provider=provider)
    failing = len(met) + len(refused)
    if reach.suspected_since is None and not _too_many(provider, reach.answered_at, met, refused, now):
        return False
    commonest = Counter(met.values()).most_common(1)
    told = commonest[0][0] if commonest else Seen("refused", "Each was refused.", "Look at the accounts.")
    fields = {"accounts": max(failing, reach.accounts), "code": told.code, "cause": told.cause, "remedy": told.remedy}
    with transaction.atomic(using=SECURITY):
        first = ProviderReach.objects.filter(pk=reach.pk, suspected_since=None).update(suspected_since=now, **fields)
        if not first:
            ProviderReach.objects.filter(pk=reach.pk).update(**fields)
            return True
        label = registry.get(provider).label
        notify(
            NoticeKind.SYSTEM,
            key=f"silent:{provider}:{now:%Y%m%d%H%M%S}",
            text=f"No account of {label} answers any more, {failing} failed at once: {told.cause} This looks like this "
            "server's own network or identity. No account is marked as failed for being unreachable until one "
            "answers again.",
            remedy=told.remedy,
        )
    return True


def _too_many(
    provider: str, answered_at: datetime | None, met: dict[UUID, Seen], refused: Collection[UUID], now: datetime
) -> bool:
    if len(met) + len(refused) >= IN_ONE_GO and (answered_at is None or now - answered_at > SILENCE):
        return True
    own = CloudAccount.objects.filter(provider=provider)
    earlier = own.filter(health=AccountHealth.DEGRADED).exclude(pk__in=[*met, *refused])
    if answered_at is not None:
        earlier = earlier.filter(last_checked_at__gt=answered_at)
    failing = len(met) + len(refused) + earlier.count()
    if failing < HANDFUL:
        return False
    resting = (CloudAccountStatus.SUSPENDED, CloudAccountStatus.FAILED)
    watched = own.exclude(status__in=resting).exclude(pk__in=list(refused)).count() + len(refused)
    return failing * 2 >= watched
