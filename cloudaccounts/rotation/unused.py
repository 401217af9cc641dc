"""Secrets that nothing here has used for long: they open an account for whoever has them, and serve nobody.

A check, a heartbeat or a scan is a use. Accounts that work are checked each quarter of an hour, so it is suspended and
forgotten ones that are told.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from cloudaccounts.models import CloudAccount, Notice, RotationPolicy
from cloudaccounts.models.automatic_rotation import UNUSED_DAYS
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify
from cloudaccounts.work.databases import SECURITY
from cloudaccounts.work.reading import row_batches

CHUNK = 500  # accounts read at a time
MOST = 20_000  # notices; the next run does the rest
REMEDY = (
    "Resume the account where it is still needed; else take the credential back at the provider, and delete the "
    "account here."
)


def last_used(account: CloudAccount) -> datetime | None:
    """When a check or a scan of ours used the credential last; where none did, since when it has been here."""
    uses = [at for at in (account.last_checked_at, account.scanned_at) if at is not None]
    return max(uses) if uses else account.created_at


def unused_days(account: CloudAccount, *, now: datetime) -> int:
    used = last_used(account)
    return max((now - used).days, 0) if used else 0


def notify_unused_credentials(*, now: datetime | None = None) -> int:
    """Writes a notice for each secret that was not used for as long as its team allows, once. Counts the new ones."""
    now = now or timezone.now()
    limits = dict(RotationPolicy.objects.values_list("owner", "unused_days"))
    shortest = now - timedelta(days=min([UNUSED_DAYS, *limits.values()]))
    rows = CloudAccount.objects.filter(credential_secretless=False, created_at__lte=shortest)
    rows = rows.filter(Q(last_checked_at=None) | Q(last_checked_at__lte=shortest))
    rows = rows.filter(Q(scanned_at=None) | Q(scanned_at__lte=shortest)).order_by("pk")
    columns = ("owner", "name", "account_id", "last_checked_at", "scanned_at", "created_at", "credential_generation")
    notified = 0
    for chunk in row_batches(rows.only(*columns), CHUNK):
        if notified >= MOST:
            break
        due = {
            _key(account): account
            for account in chunk
            if unused_days(account, now=now) >= limits.get(account.owner, UNUSED_DAYS)
        }
        # Asked for a chunk at once: the unique key would refuse a second one as well, with a query for each.
        names = [f"{NoticeKind.CREDENTIAL_UNUSED.value}:{key}" for key in due]
        known = set(Notice.objects.filter(key__in=names).values_list("key", flat=True))
        with transaction.atomic(using=SECURITY):
            for name, (key, account) in zip(names, due.items(), strict=True):
                if name not in known:
                    text = (
                        f"{account.name} ({account.account_id}): its credential was not used for "
                        f"{unused_days(account, now=now)} days."
                    )
                    notified += notify(NoticeKind.CREDENTIAL_UNUSED, key=key, text=text, remedy=REMEDY, account=account)
    return notified


def _key(account: CloudAccount) -> str:
    """By its last use: one that is used again and then forgotten once more is a new fact."""
    used = last_used(account)
    return f"{account.pk}:{account.credential_generation}:{used:%Y%m%d}" if used else f"{account.pk}"
