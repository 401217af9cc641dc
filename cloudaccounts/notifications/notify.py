"""Writes notices, within the transaction of the change that they are about. Delivery is separate work."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from cloudaccounts.models import CloudAccount, Notice, NoticeReader
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.work.databases import SECURITY


def notify(
    kind: NoticeKind, *, key: str, text: str, remedy: str = "", account: CloudAccount | None = None, owner: str = ""
) -> bool:
    """Writes a notice unless the fact has one already; True where it is new. Call it in the transaction of the change.

    ``key`` names the fact within its kind: ``f"{account.pk}:{since:%Y%m%d%H%M%S}"``. Without an account and an owner
    it is for operators alone.
    """
    # The unique key makes repeated work harmless: a worker that is killed and starts again notifies of a fact once.
    _, new = Notice.objects.get_or_create(
        key=f"{kind.value}:{key}"[:200],
        defaults={
            "kind": kind,
            "owner": account.owner if account is not None else owner,
            "account": account.pk if account is not None else None,
            "account_label": account.name[:160] if account is not None else "",
            "text": text[:500],
            "remedy": remedy[:500],
            "created_at": timezone.now(),
        },
    )
    return new


def mark_read(person: str, owner: str, *, until: datetime) -> None:
    """This person has read the team's notices up to then. A mark never goes back: two tabs may say it in any order."""
    rows = NoticeReader.objects.filter(person=person, owner=owner)
    # Update, else create, else update: MongoDB's backend has no upsert, and the unique constraint decides.
    if rows.filter(read_until__lt=until).update(read_until=until) or rows.exists():
        return
    try:
        with transaction.atomic(using=SECURITY):
            NoticeReader.objects.create(person=person, owner=owner, read_until=until)
    except IntegrityError:  # the same person, in another tab, at the same moment
        rows.filter(read_until__lt=until).update(read_until=until)
