"""Who gets a notice: those of its team who see what it is about, operators, and the webhook.

People may mute kinds of notices.
"""

from __future__ import annotations

from functools import cached_property
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q

from cloudaccounts.group_scope import within
from cloudaccounts.models import CloudAccount, Notice, NoticePreference
from cloudaccounts.models.delivery import Channel
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.channels.webhook import transport as webhook_transport
from teams.queries import members_of, user_of
from teams.scope import Scope


class Recipients:
    """Looks each person up once a round; a changed preference or role counts from the next round on."""

    def __init__(self) -> None:
        self._muted: dict[str, set[str]] = {}
        self._members: dict[str, list[tuple[str, Scope]]] = {}
        self._shown: dict[tuple[str, str, UUID], bool] = {}

    def of(self, notice: Notice) -> list[tuple[str, str]]:
        """Pairs of channel and recipient. An operator who is a member too gets it once."""
        people = {
            *self._operators,
            *(who for who, scope in self._team(notice.owner) if self._shows(who, scope, notice)),
        }
        mails = [(Channel.MAIL.value, who) for who in sorted(people) if notice.kind not in self._muted_by(who)]
        # The webhook has no preferences: it is the operator's, who filters at the other end.
        return [*mails, (Channel.WEBHOOK.value, "")] if webhook_transport.is_configured() else mails

    @cached_property
    def _operators(self) -> frozenset[str]:
        # Operators get every notice, also those of owners whose address is gone.
        users = get_user_model().objects.filter(is_active=True).filter(Q(is_staff=True) | Q(is_superuser=True))
        return frozenset(str(key) for key in users.exclude(email="").values_list("pk", flat=True))

    def _team(self, owner: str) -> list[tuple[str, Scope]]:
        """Members who can be reached. Remembered: one team may have hundreds of notices in a round."""
        if owner not in self._members:
            self._members[owner] = [
                (str(row.user_id), row.scope) for row in members_of(owner) if row.user.is_active and row.user.email
            ]
        return self._members[owner]

    def _shows(self, who: str, scope: Scope, notice: Notice) -> bool:
        """Whether this member may know of it: what is about no account concerns all of the team's."""
        if not scope.limited:
            return True
        if notice.account is None:
            return False
        key = (who, scope.owner, notice.account)
        if key not in self._shown:
            account = CloudAccount.objects.filter(pk=notice.account)
            self._shown[key] = within(account, scope, account="pk").exists()
        return self._shown[key]

    def _muted_by(self, person: str) -> set[str]:
        if person not in self._muted:
            self._muted[person] = muted_kinds(person)
        return self._muted[person]


def reachable(person: str) -> AbstractBaseUser | None:
    """The user of this key if there is one, active and with an e-mail address."""
    user = user_of(person)
    return user if user is not None and user.is_active and user.email else None


def muted_kinds(person: str) -> set[str]:
    row = NoticePreference.objects.filter(owner=person).first()
    return set(row.muted) if row else set()


def set_wanted_kinds(person: str, wanted: set[str]) -> None:
    """Sets which kinds come by e-mail. The page of notices lists all kinds anyhow."""
    muted = sorted(kind.value for kind in NoticeKind if kind.value not in wanted)
    NoticePreference.objects.update_or_create(owner=person, defaults={"muted": muted})
