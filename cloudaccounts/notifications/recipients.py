"""Who gets a notice: its owner, operators, and the webhook. People may mute kinds of notices."""

from __future__ import annotations

from functools import cached_property

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q

from cloudaccounts.models import Notice, NoticePreference
from cloudaccounts.models.delivery import Channel
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.channels.webhook import transport as webhook_transport


class Recipients:
    """Looks each person up once a round; a changed preference counts from the next round on."""

    def __init__(self) -> None:
        self._muted: dict[str, set[str]] = {}
        self._reachable: dict[str, bool] = {}

    def of(self, notice: Notice) -> list[tuple[str, str]]:
        """Pairs of channel and recipient. An operator who is the owner too gets it once."""
        people = {*self._operators, *([notice.owner] if self._can_reach(notice.owner) else [])}
        mails = [(Channel.MAIL.value, who) for who in sorted(people) if notice.kind not in self._muted_by(who)]
        # The webhook has no preferences: it is the operator's, who filters at the other end.
        return [*mails, (Channel.WEBHOOK.value, "")] if webhook_transport.is_configured() else mails

    @cached_property
    def _operators(self) -> frozenset[str]:
        # Operators get every notice, also those of owners whose address is gone.
        users = get_user_model().objects.filter(is_active=True).filter(Q(is_staff=True) | Q(is_superuser=True))
        return frozenset(str(key) for key in users.exclude(email="").values_list("pk", flat=True))

    def _can_reach(self, owner: str) -> bool:
        # Remembered: one owner may have hundreds of notices in a round.
        if owner not in self._reachable:
            self._reachable[owner] = reachable(owner) is not None
        return self._reachable[owner]

    def _muted_by(self, owner: str) -> set[str]:
        if owner not in self._muted:
            self._muted[owner] = muted_kinds(owner)
        return self._muted[owner]


def reachable(owner: str) -> AbstractBaseUser | None:
    """The user of this identifier if there is one, active and with an e-mail address."""
    # Owners are texts; a key that is no number would be an error of the users' database.
    if not (owner.isascii() and owner.isdecimal()):
        return None
    return get_user_model().objects.filter(pk=owner, is_active=True).exclude(email="").first()


def muted_kinds(owner: str) -> set[str]:
    row = NoticePreference.objects.filter(owner=owner).first()
    return set(row.muted) if row else set()


def set_wanted_kinds(owner: str, wanted: set[str]) -> None:
    """Sets which kinds come by e-mail. The page of notices lists all kinds anyhow."""
    muted = sorted(kind.value for kind in NoticeKind if kind.value not in wanted)
    NoticePreference.objects.update_or_create(owner=owner, defaults={"muted": muted})
