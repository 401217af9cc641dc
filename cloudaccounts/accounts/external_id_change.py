"""A team's external ID is replaced: the former one opens, for a grace time, the accounts that trust no other yet.

`OwnerExternalId` holds the present one, which new connections and set-up guides name. `RetiredExternalId` holds each
former one with its end, and `CloudAccount.former_external_id` says which accounts were connected with it: no others
are asked with it, and none of them again once a check has passed with the new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.accounts.external_id import external_id_for, new_external_id
from cloudaccounts.audit.actor import SYSTEM, Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.models import CloudAccount, OwnerExternalId, RetiredExternalId
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify
from cloudaccounts.work.databases import SECURITY

REMIND = timedelta(days=7)  # before the end


class StillTrustedError(ProviderError):
    def __init__(self, accounts: int, ends_at: datetime) -> None:
        super().__init__(
            "external_id_still_trusted",
            f"{accounts} accounts still trust the former external ID, which is valid until {ends_at:%d %B %Y}.",
            "Let them trust the present one and check their access, or wait for that day.",
        )


@dataclass(frozen=True, slots=True)
class ExternalIdState:
    """A team's external ID, and the latest that it had before. ``waiting`` counts the accounts that trust that one."""

    external_id: str
    former: RetiredExternalId | None = None
    waiting: int = 0

    @property
    def is_valid(self) -> bool:
        """Whether the former one still opens anything."""
        return self.former is not None and self.former.ends_at > timezone.now()


def state_of(owner: str) -> ExternalIdState:
    """Three queries."""
    present = external_id_for(owner)
    # Not the present one, which is there after a replacement that was killed before its last step.
    rows = RetiredExternalId.objects.filter(owner=owner).exclude(external_id=present)
    former = rows.order_by("-retired_at").first()
    waiting = trusting(former).count() if former is not None else 0
    return ExternalIdState(present, former, waiting)


def trusting(former: RetiredExternalId) -> QuerySet[CloudAccount]:
    """The accounts that have not been proven with the present one, by name."""
    rows = CloudAccount.objects.of(former.owner).filter(former_external_id=former.external_id)
    return rows.order_by("name_key", "name", "pk")


def replace_external_id(owner: str, *, actor: Actor, now: datetime | None = None) -> str:
    """The new one. Raises `StillTrustedError` while the former one is valid and in use: an account trusts one of two.

    Killed in between, where there are no transactions (MongoDB), it is repeated: until the last step the present one
    stays present, and an account that is marked with the present one is asked with it once.
    """
    now = now or timezone.now()
    state = state_of(owner)
    if state.former is not None and state.is_valid and state.waiting:
        raise StillTrustedError(state.waiting, state.former.ends_at)
    old, new = state.external_id, new_external_id()
    with transaction.atomic(using=SECURITY):
        # An earlier one that nobody trusts any more ends now: there is at most one that is valid.
        RetiredExternalId.objects.filter(owner=owner, ends_at__gt=now).exclude(external_id=old).update(ends_at=now)
        RetiredExternalId.objects.update_or_create(
            external_id=old,
            defaults={
                "owner": owner,
                "retired_at": now,
                "ends_at": now + timedelta(days=settings.EXTERNAL_ID_GRACE_DAYS),
            },
        )
        CloudAccount.objects.of(owner).filter(_bound(), former_external_id="").update(former_external_id=old)
        # Conditional: of two owners who do it at once, one does.
        if not OwnerExternalId.objects.filter(owner=owner, external_id=old).update(external_id=new):
            return external_id_for(owner)
        record_event(
            actor=actor, owner=owner, action="external_id.replaced", text=f"External ID replaced by {actor.label}",
            before={"external_id": old}, after={"external_id": new}, grace_days=settings.EXTERNAL_ID_GRACE_DAYS,
        )  # fmt: skip
    return new


def formers_of(accounts: Sequence[CloudAccount]) -> dict[UUID, str]:
    """By account, the former external ID that may open it now. No query where none of them trusts one, else one."""
    named = {account.former_external_id for account in accounts if account.former_external_id}
    if not named:
        return {}
    rows = RetiredExternalId.objects.filter(external_id__in=named, ends_at__gt=timezone.now())
    owners = dict(rows.values_list("external_id", "owner"))
    # Only the same team's: whatever a row says, one team's id opens nothing for another (the confused deputy).
    return {
        account.pk: account.former_external_id
        for account in accounts
        if account.former_external_id and owners.get(account.former_external_id) == account.owner
    }


def former_of_team(owner: str) -> str:
    """The one that is still valid; empty where there is none. One query."""
    rows = RetiredExternalId.objects.filter(owner=owner, ends_at__gt=timezone.now())
    return rows.order_by("-retired_at").values_list("external_id", flat=True).first() or ""


def record_proven(account: CloudAccount) -> None:
    """A check passed with the present external ID: the former one is never tried again for this account."""
    former, account.former_external_id = account.former_external_id, ""
    with transaction.atomic(using=SECURITY):
        # Conditional: a replacement meanwhile has marked it with another one, which this check says nothing of.
        if CloudAccount.objects.filter(pk=account.pk, former_external_id=former).update(former_external_id=""):
            record_event(
                actor=SYSTEM, owner=account.owner, action="external_id.proven", account=account.pk, label=account.name,
                text="A check passed with the team's present external ID; the former one is refused from now on",
            )  # fmt: skip


def ended_text(account: CloudAccount) -> str:
    """What a refusal adds for an account that was never proven with the present one; empty for others. One query."""
    if not account.former_external_id:
        return ""
    rows = RetiredExternalId.objects.filter(external_id=account.former_external_id, ends_at__lte=timezone.now())
    row = rows.first()
    if row is None:
        return ""
    since = f"{row.ends_at:%d %B %Y}"
    return f" The team's former external ID, which this account was connected with, is refused since {since}."


def remind(*, now: datetime | None = None) -> int:
    """A notice, once, for each external ID that ends within a week while accounts still trust it. Counts the new."""
    now = now or timezone.now()
    written = 0
    for row in RetiredExternalId.objects.filter(ends_at__gt=now, ends_at__lte=now + REMIND).order_by("ends_at")[:500]:
        if waiting := trusting(row).count():
            written += notify(
                NoticeKind.EXTERNAL_ID_ENDING, key=str(row.pk), owner=row.owner,
                text=f"The former external ID is refused from {row.ends_at:%d %B %Y} on, and {waiting} "
                f"account{'s' if waiting != 1 else ''} still trust{'s' if waiting == 1 else ''} it.",
                remedy="The team's page lists them. Let each trust the present external ID, then check its access.",
            )  # fmt: skip
    return written


def _bound() -> Q:
    """Accounts that this server's identity opens; those that borrow a connection may be opened by a role as well."""
    bound = Q(connection__isnull=False)
    for provider in registry.all_providers():
        methods = [method.key for method in provider.methods if method.uses_server_identity]
        if methods:
            bound |= Q(provider=provider.key, auth_method__in=methods)
    return bound
