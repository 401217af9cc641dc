"""Reads of notices."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from cloudaccounts.group_scope import within
from cloudaccounts.models import Notice, NoticeReader
from cloudaccounts.models.notice import NoticeKind
from teams.scope import Scope

LOOKED_BACK = timedelta(days=30)  # what nobody looked at for longer is no news
_IDS = re.compile(r"\([^)]*\)|\d+|[0-9a-f]{8}-[0-9a-f-]{27}")


def notices(scope: Scope) -> QuerySet[Notice]:
    """Newest first. Of a limited scope those of its accounts alone."""
    return within(Notice.objects.all(), scope).order_by("-created_at", "-id")


def read_until(person: str, owner: str) -> datetime | None:
    """Up to when the person has read the team's notices; None where they never looked."""
    return NoticeReader.objects.filter(person=person, owner=owner).values_list("read_until", flat=True).first()


def count_unread(scope: Scope, person: str, *, up_to: int) -> int:
    """Two queries. Counting stops at ``up_to``, and leaves out what is older than `LOOKED_BACK`."""
    since = timezone.now() - LOOKED_BACK
    until = read_until(person, scope.owner)
    rows = within(Notice.objects.filter(created_at__gt=max(since, until or since)), scope)
    return rows.order_by().values("owner")[:up_to].count()


@dataclass(slots=True)
class Cause:
    """Notices of one kind with one cause: said once, with how many there are and of which accounts."""

    kind: str
    label: str
    text: str  # of the newest
    remedy: str
    at: datetime
    unread: bool
    events: list[Notice] = field(default_factory=list)

    @property
    def number(self) -> int:
        return len(self.events)

    @property
    def rule(self) -> str:
        """What critical findings have in common; empty for other kinds."""
        return _rule(self.text) if self.kind == NoticeKind.FINDING_CRITICAL else ""

    @property
    def accounts(self) -> list[str]:
        """Names, each once."""
        return list(dict.fromkeys(notice.account_label for notice in self.events if notice.account_label))


def by_cause(notices: Iterable[Notice], until: datetime | None) -> list[Cause]:
    """Newest first, as the notices are. Unread is what is newer than ``until``."""
    causes: dict[tuple[str, str, bool], Cause] = {}
    for notice in notices:
        # What is read and what is not stay apart, or an old cause would hide what is new in it.
        unread = until is None or notice.created_at > until
        key = (notice.kind, _cause(notice), unread)
        if key not in causes:
            label = str(notice.get_kind_display())
            causes[key] = Cause(notice.kind, label, notice.text, notice.remedy, notice.created_at, unread)
        causes[key].events.append(notice)
    return list(causes.values())


def _cause(notice: Notice) -> str:
    """The text without whose it is: names, and ids in brackets."""
    text = notice.text.replace(notice.account_label, "") if notice.account_label else notice.text
    # A finding's text is its rule, a colon and the resource: the rule is the cause.
    if notice.kind == NoticeKind.FINDING_CRITICAL:
        text = _rule(text)
    return _IDS.sub("", text)


def _rule(text: str) -> str:
    return text.split(": ")[0]
