"""The ages of credentials as rows: of one owner for the page, of all for the command. A stream, oldest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Q, QuerySet
from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.ages import CredentialAge, Limits, RotationState, age, in_state
from cloudaccounts.models import CloudAccount
from cloudaccounts.models.account import CloudAccountQuerySet

CHUNK = 2000  # rows read at a time: memory stays flat however many there are
COLUMNS = (
    "name", "provider", "account_id", "owner", "environment", "method", "rotation", "age_days", "credential_since",
    "expires_at", "days_left", "last_proof_at", "status", "id",
)  # fmt: skip
_READ = (
    "name", "provider", "account_id", "owner", "environment", "auth_method", "credential_since",
    "credential_expires_at", "credential_secretless", "last_checked_at", "last_check_code", "status", "id",
)  # fmt: skip


class UnknownGroupError(LookupError):
    """No group has this name or id, or there are no groups here."""


@dataclass(frozen=True, slots=True)
class RotationFilter:
    state: str = ""
    provider: str = ""
    group: str = ""  # name or id
    owner: str = ""  # str(user.pk)

    @property
    def narrows(self) -> bool:
        return any((self.state, self.provider, self.group))


def accounts(wanted: RotationFilter, *, now: datetime | None = None) -> CloudAccountQuerySet:
    """Oldest credential first; what holds no secret comes last. Raises `UnknownGroupError`."""
    found = CloudAccount.objects.all()
    if wanted.owner:
        found = found.of(wanted.owner)
    if wanted.provider:
        found = found.filter(provider=wanted.provider)
    if wanted.state:
        found = found.filter(in_state(wanted.state, now=now))
    if wanted.group:
        found = found.filter(in_group(wanted.group, owner=wanted.owner))
    return found.defer("last_check").order_by("credential_secretless", "credential_since", "id")


def in_group(group: str, *, owner: str = "") -> Q:
    """Accounts in a group of this name or id, without those of groups nested in it. Raises `UnknownGroupError`."""
    try:
        groups, members = _all_of("AccountGroup"), _all_of("GroupMember")
    except LookupError:
        raise UnknownGroupError(group) from None
    if owner:
        groups = groups.filter(owner=owner)
    found = list(groups.filter(Q(pk=key) if (key := _uuid(group)) else Q(name=group)).values_list("pk", flat=True))
    if not found:
        raise UnknownGroupError(group)
    return Q(pk__in=members.filter(group__in=found).values("account"))


def group_choices(owner: str) -> list[tuple[str, str]]:
    """The owner's groups, for a filter; empty where there are none."""
    try:
        groups = _all_of("AccountGroup")
    except LookupError:
        return []
    return [(str(key), name) for key, name in groups.filter(owner=owner).order_by("name").values_list("pk", "name")]


def rows(wanted: RotationFilter, *, now: datetime | None = None) -> Iterator[dict[str, Any]]:
    """A mapping of `COLUMNS` for each account. Raises `UnknownGroupError` at the first."""
    now, limits, labels = now or timezone.now(), Limits.current(), _method_labels()
    found = accounts(wanted, now=now).values_list(*_READ)
    for read in found.iterator(chunk_size=CHUNK):
        told = dict(zip(_READ, read, strict=True))
        since, expires = told["credential_since"], told["credential_expires_at"]
        secretless = bool(told["credential_secretless"])
        yield _row(told, age(since, expires, secretless=secretless, now=now, limits=limits), labels)


def _row(told: dict[str, Any], found: CredentialAge, labels: dict[tuple[str, str], str]) -> dict[str, Any]:
    method = told["auth_method"]
    return {
        "name": told["name"],
        "provider": told["provider"],
        "account_id": told["account_id"],
        "owner": told["owner"],
        "environment": told["environment"],
        "method": labels.get((told["provider"], method), method),
        "rotation": found.state.value,
        "age_days": found.days,
        "credential_since": told["credential_since"],
        "expires_at": told["credential_expires_at"],
        "days_left": found.days_left,
        "last_proof_at": told["last_checked_at"] if not told["last_check_code"] else None,
        "status": told["status"],
        "id": str(told["id"]),
    }


def fails(state: str, limit: str) -> bool:
    """Whether a credential in this state is what ``--fail-on`` asks for: warning means critical as well."""
    wanted = {RotationState.CRITICAL.value} | ({RotationState.WARNING.value} if limit == "warning" else set())
    return state in wanted


def _method_labels() -> dict[tuple[str, str], str]:
    return {(spec.key, method.key): method.label for spec in registry.all_providers() for method in spec.methods}


def _all_of(model: str) -> QuerySet[Any]:
    """Raises LookupError where this installation has no such model."""
    found: QuerySet[Any] = apps.get_model(f"cloudaccounts.{model}")._default_manager.all()
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
