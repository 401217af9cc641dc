"""Whether a whole provider is out of reach: then the cause lies with this server or with the provider, not an account.

Accounts are due at different moments, so "all failed in one round" is asked over time: since the last answer of any
account of the provider, at least `MIN_FAILURES` failed, and these are half of those watched; or so many in one round,
a while after the last answer, that waiting for half of a large fleet would take too long. What fails must be of several
owners, where several have accounts there: one owner's accounts, however many, say something of that owner. While an
outage is suspected, being out of reach is counted against no account, the operators are notified once, and pages say
so. The first answer ends it. See docs/decisions/0006-heartbeats.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.health.state_machine import Observation
from cloudaccounts.models import AccountHealth, CloudAccount, CloudAccountStatus, ProviderReach
from cloudaccounts.models.account import CloudAccountQuerySet
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify
from cloudaccounts.work.databases import SECURITY

MIN_FAILURES = 5  # accounts; fewer say nothing of a provider
MANY_AT_ONCE = 20
CHUNK = 500  # keys in one query
MIN_OWNERS = 3  # whose accounts fail, or all owners where they are fewer
SILENCE = timedelta(minutes=1)  # many failures right after an answer are no outage


def record_answer(provider: str) -> None:
    """An account of the provider answered: a suspected outage is over, and its end is notified once."""
    now = timezone.now()
    with transaction.atomic(using=SECURITY):
        reach, _ = ProviderReach.objects.get_or_create(provider=provider)
        since = reach.suspected_since
        ProviderReach.objects.filter(pk=reach.pk).update(answered_at=now)
        # Conditional on the outage that was read: of two workers that end it, one notifies.
        ended = since is not None and ProviderReach.objects.filter(pk=reach.pk, suspected_since=since).update(
            suspected_since=None, accounts=0, code="", cause="", remedy=""
        )
        if ended and since is not None:
            label = registry.get(provider).label
            notify(
                NoticeKind.SYSTEM,
                key=f"answers:{provider}:{since:%Y%m%d%H%M%S}",
                text=f"{label} answers again, after nothing came from it since {since:%d %B, %H:%M} UTC.",
            )


def is_outage_suspected(provider: str) -> bool:
    return ProviderReach.objects.filter(provider=provider).exclude(suspected_since=None).exists()


def suspect_outage(provider: str, observations: Mapping[UUID, Observation], refused: Collection[UUID] = ()) -> bool:
    """Whether an outage is suspected after a round without any answer; the first time, operators are notified.

    ``observations`` are of accounts that met what can pass or is our own trouble. ``refused`` are those that worked
    until this round and were refused for good: they fail all the same, and count.
    """
    now = timezone.now()
    reach, _ = ProviderReach.objects.get_or_create(provider=provider)
    # Refusals count although they fail their accounts all the same: operators hear of it where all are refused at once
    # (docs/decisions/0006).
    failing = len(observations) + len(refused)
    if reach.suspected_since is None and not _is_too_many(provider, reach.answered_at, observations, refused, now):
        return False
    most_common = Counter(observations.values()).most_common(1)
    # What most of them met: the notice names one cause, and this is the likeliest to be the common one.
    shown = most_common[0][0] if most_common else Observation("refused", "Each was refused.", "Look at the accounts.")
    fields = {
        "accounts": max(failing, reach.accounts),
        "code": shown.code,
        "cause": shown.cause,
        "remedy": shown.remedy,
    }
    with transaction.atomic(using=SECURITY):
        first = ProviderReach.objects.filter(pk=reach.pk, suspected_since=None).update(suspected_since=now, **fields)
        if not first:
            ProviderReach.objects.filter(pk=reach.pk).update(**fields)
            return True
        label = registry.get(provider).label
        notify(
            NoticeKind.SYSTEM,
            key=f"silent:{provider}:{now:%Y%m%d%H%M%S}",
            text=f"No account of {label} answers any more, {failing} failed at once: {shown.cause} This looks like "
            "this server's own network or identity. No account is marked as failed for being unreachable until one "
            "answers again.",
            remedy=shown.remedy,
        )
    return True


def _is_too_many(
    provider: str,
    answered_at: datetime | None,
    observations: Mapping[UUID, Observation],
    refused: Collection[UUID],
    now: datetime,
) -> bool:
    owners = _owners_of([*observations, *refused])
    unwatched_owners = owners - set(watched(provider).filter(owner__in=owners).values_list("owner", flat=True))
    all_owners = watched(provider).values("owner").distinct().count() + len(unwatched_owners)
    # Before anything is counted by accounts: one owner with a thousand of them is still one witness
    # (docs/decisions/0006).
    if len(owners) < witnesses(all_owners):
        return False
    if len(observations) + len(refused) >= MANY_AT_ONCE and (answered_at is None or now - answered_at > SILENCE):
        return True
    # Half of the owners as well: else one of them with half of all accounts, and two more, spoke for everybody.
    if len(owners) * 2 < all_owners:
        return False
    accounts = CloudAccount.objects.filter(provider=provider)
    # Those of earlier rounds: degraded, and checked since the last answer.
    earlier = accounts.filter(health=AccountHealth.DEGRADED).exclude(pk__in=[*observations, *refused])
    if answered_at is not None:
        earlier = earlier.filter(last_checked_at__gt=answered_at)
    failing = len(observations) + len(refused) + earlier.count()
    if failing < MIN_FAILURES:
        return False
    # Accounts that failed before are no witnesses: they would not have answered anyway.
    number = watched(provider).exclude(pk__in=list(refused)).count() + len(refused)
    return failing * 2 >= number


def watched(provider: str) -> CloudAccountQuerySet:
    """Accounts whose silence would say something."""
    unwatched = (CloudAccountStatus.SUSPENDED, CloudAccountStatus.FAILED)
    return CloudAccount.objects.filter(provider=provider).exclude(status__in=unwatched)


def witnesses(owners: int) -> int:
    """Of how many owners accounts must fail, where so many have any."""
    return min(MIN_OWNERS, max(1, owners))


def _owners_of(keys: list[UUID]) -> set[str]:
    owners: set[str] = set()
    for start in range(0, len(keys), CHUNK):
        rows = CloudAccount.objects.filter(pk__in=keys[start : start + CHUNK])
        owners.update(rows.values_list("owner", flat=True))
    return owners
