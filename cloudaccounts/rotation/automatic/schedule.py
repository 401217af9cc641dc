"""When a credential's turn comes. The scheduler asks settings by their date and never all accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import chain
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from cloudaccounts.credentials.age import EXPIRY_NOTICE
from cloudaccounts.models import CloudAccount, CloudAccountStatus, RotationPolicy, RotationRun, RotationSetting
from cloudaccounts.models.automatic_rotation import RunPurpose
from cloudaccounts.rotation.automatic.requests import Wish, ask_for, obstacle_to, wish_of
from cloudaccounts.work.reading import row_batches

BATCH = 500  # settings a round; what is left is due still, and comes first in the next one
NEW_ROWS = 500  # settings made for a team's accounts in a round
LONGEST_JITTER = timedelta(days=3)
PROVEN_FOR = timedelta(days=7)  # and once more with each rotation
_LOOK_AGAIN, _AFTER_FAILURE = timedelta(days=1), timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Due:
    """When an account's rotation is to begin, and by which wish. ``at`` is None where it has no date of its own."""

    account: CloudAccount
    wish: Wish
    at: datetime | None
    setting: RotationSetting | None = None


def due_at(account: CloudAccount, wish: Wish) -> datetime | None:
    """Before the age is reached, earlier by a part of it that differs by account: those of one day spread out."""
    if account.credential_since is None:
        return None
    age = timedelta(days=wish.max_age_days)
    at = account.credential_since + age - _jitter(account.pk, age)
    if account.credential_expires_at is not None:
        # What the cloud ends is replaced in time, however young it is: with room for the watch and for failures.
        at = min(at, account.credential_expires_at - EXPIRY_NOTICE - _jitter(account.pk, EXPIRY_NOTICE))
    return at


def _jitter(account: UUID, age: timedelta) -> timedelta:
    share = int.from_bytes(sha256(account.bytes).digest()[:4], "big") / 2**32
    return min(LONGEST_JITTER, age / 10) * share


def plan_rotations(*, now: datetime | None = None) -> int:
    """Begins what is due, so many a team at a time; keeps proofs fresh. How many runs were begun."""
    now = now or timezone.now()
    _cover_teams(now)
    rows = list(RotationSetting.objects.filter(look_at__lte=now).order_by("look_at")[:BATCH])
    accounts = CloudAccount.objects.defer("last_check").in_bulk([row.account for row in rows])
    policies = {row.owner: row for row in RotationPolicy.objects.filter(owner__in={row.owner for row in rows})}
    room: dict[str, int] = {}
    begun = 0
    for row in rows:
        account = accounts.get(row.account)
        if account is None:
            RotationSetting.objects.filter(pk=row.pk).delete()
            continue
        due = Due(account, (wish := wish_of(row, policies.get(account.owner))), due_at(account, wish), row)
        if account.owner not in room:
            room[account.owner] = settings.TEAM_ROTATIONS - _under_way(account.owner)
        look, began = _next(due, now, room[account.owner])
        room[account.owner] -= began
        begun += began
        # Conditional on the date that was read: whoever changed the wish meanwhile has set another.
        RotationSetting.objects.filter(pk=row.pk, look_at=row.look_at).update(look_at=look)
    return begun


def due_accounts(owner: str | None = None, *, now: datetime | None = None) -> list[Due]:
    """Those whose rotation would begin now, for the command; of one team or of all."""
    now = now or timezone.now()
    _cover_teams(now)
    rows = RotationSetting.objects.all() if owner is None else RotationSetting.objects.filter(owner=owner)
    policies = {row.owner: row for row in RotationPolicy.objects.all()}
    due_now = []
    for row in rows.order_by("account").iterator(chunk_size=BATCH):
        account = CloudAccount.objects.filter(pk=row.account).defer("last_check").first()
        if account is None:
            continue
        due = Due(account, (wish := wish_of(row, policies.get(row.owner))), due_at(account, wish), row)
        if wish.automatic and obstacle_to(account) is None and due.at is not None and due.at <= now:
            due_now.append(due)
    return due_now


def _next(due: Due, now: datetime, room: int) -> tuple[datetime | None, int]:
    """When to look at this setting again, and whether a run was begun."""
    account, setting = due.account, due.setting
    if not due.wish.automatic or obstacle_to(account) is not None:
        return None, 0  # until the wish or the credential changes, which set a date anew
    if account.status == CloudAccountStatus.SUSPENDED or due.at is None:
        return now + _LOOK_AGAIN, 0
    if due.at > now:
        stale = setting is not None and (setting.proven_at is None or setting.proven_at < now - PROVEN_FOR)
        if stale:
            ask_for(account, purpose=RunPurpose.PROVE)
        return min(due.at, now + _LOOK_AGAIN), 0
    if room <= 0:
        return now, 0  # its turn comes when others of its team have ended
    if RotationRun.objects.filter(active_account=account.pk).exists():
        return now + _LOOK_AGAIN, 0
    ask_for(account)
    # Also where it fails: tried again after half a day and not each minute, whatever the cause.
    return now + _AFTER_FAILURE, 1


def _under_way(owner: str) -> int:
    """A team's runs that need a worker often: those that only wait for time are not counted."""
    return (
        RotationRun.objects.filter(owner=owner, active_account__isnull=False, purpose=RunPurpose.ROTATE)
        .filter(state__in=["preparing", "creating", "testing", "removing"])
        .count()
    )


def _cover_teams(now: datetime) -> None:
    """Gives accounts of teams with an automatic policy a row, where they have none."""
    for policy in chain.from_iterable(row_batches(RotationPolicy.objects.filter(automatic=True), BATCH)):
        accounts = CloudAccount.objects.of(policy.owner).filter(credential_secretless=False, connection__isnull=True)
        keys = set(accounts.values_list("pk", flat=True))
        keys -= set(RotationSetting.objects.filter(owner=policy.owner).values_list("account", flat=True))
        for key in sorted(keys)[:NEW_ROWS]:
            RotationSetting.objects.get_or_create(account=key, defaults={"owner": policy.owner, "look_at": now})
