"""Writes notices, within the transaction of the change that they are about. Delivery is separate work."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from cloudaccounts.models import CloudAccount, Notice
from cloudaccounts.models.notice import NoticeKind


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


def mark_read(owner: str, *, until: datetime) -> None:
    """All of the owner's notices up to then."""
    Notice.objects.filter(owner=owner, read_at=None, created_at__lte=until).update(read_at=timezone.now())
