"""Writes what channels say, for teams that have channels. Whom it reaches is decided later (`cloudaccounts.channels`).

Two sources: notices as they are spread, and what a scan changed in its account's findings.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from cloudaccounts.models import ChannelEvent, CloudAccount, Notice, NotificationChannel
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.channels.message import Event, Phase
from cloudaccounts.notifications.channels.registry import CLOSES, event_labels

_NAMES = UUID("5c3b5d35-4a6e-4d0c-9c5e-0a4f6c0d6a11")  # of events: one key is one id, written again or not
_OPENS = set(CLOSES.values())


def has_channels(owner: str) -> bool:
    return NotificationChannel.objects.filter(owner=owner, enabled=True).exists()


def write_event(owner: str, key: str, event: Event) -> bool:
    """Writes an event unless the fact has one already. Call it in the transaction of the fact, where there is one."""
    key = key[:200]
    event_id = uuid5(_NAMES, key)
    _, new = ChannelEvent.objects.get_or_create(
        key=key,
        defaults={
            "id": event_id,
            "owner": owner,
            "account": UUID(event.account) if event.account else None,
            "kind": event.kind,
            "severity": event.severity,
            "content": replace(event, id=str(event_id)).to_dict(),
            "created_at": timezone.now(),
        },
    )
    return new


def record_notice(notice: Notice) -> bool:
    """A notice as an event of its team; nothing where it is of none, or no channel can ask for it."""
    if not notice.owner or notice.kind not in event_labels() or not has_channels(notice.owner):
        return False
    accounts = CloudAccount.objects.filter(pk__in=[notice.account] if notice.account else [])
    account = accounts.only("account_id", "provider").first()
    label = NoticeKind(notice.kind).label
    title = f"{label[:1].upper()}{label[1:]}" + (f": {notice.account_label}" if notice.account_label else "")
    # One incident for what fails and what ends it: "account:…" of account.failed and account.recovered.
    topic = notice.kind.partition(".")[0]
    phase = Phase.CLOSE if notice.kind in CLOSES else Phase.OPEN if notice.kind in _OPENS else Phase.NONE
    return write_event(
        notice.owner,
        f"notice:{notice.pk}",
        Event(
            id="",
            kind=notice.kind,
            title=title,
            text=notice.text,
            remedy=notice.remedy,
            occurred_at=iso(notice.created_at),
            account=str(notice.account) if notice.account else "",
            account_name=notice.account_label,
            account_number=account.account_id if account else "",
            provider=account.provider if account else "",
            url=account_url(notice.account) if notice.account else "",
            incident=f"{topic}:{notice.account or notice.key}",
            phase=phase,
        ),
    )


def account_url(account: UUID) -> str:
    return f"{settings.BASE_URL}{reverse('account', args=[account])}"


def iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
