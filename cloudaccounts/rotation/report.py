"""The ages of credentials as rows: of one scope for the page, of all for the command. Streamed, oldest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from cloudaccounts import registry
from cloudaccounts.accounts.visibility import visible_accounts
from cloudaccounts.credentials.age import Limits, RotationState, age, in_state
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import CloudAccount
from cloudaccounts.models.account import CloudAccountQuerySet
from teams.scope import Scope

CHUNK = 2000  # rows read at a time: memory stays flat however many there are
COLUMNS = (
    "name", "provider", "account_id", "owner", "environment", "method", "rotation", "age_days", "credential_since",
    "expires_at", "days_left", "last_proof_at", "status", "id",
)  # fmt: skip
# Columns only, no model instances: `rows` reads every account of an owner, or of all.
_READ = (
    "name", "provider", "account_id", "owner", "environment", "auth_method", "credential_since",
    "credential_expires_at", "credential_secretless", "last_checked_at", "last_check_code", "status", "id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RotationFilter:
    state: str = ""
    provider: str = ""
    group: str = ""  # name or id
    scope: Scope | None = None  # None: of all owners

    @property
    def narrows(self) -> bool:
        return any((self.state, self.provider, self.group))


def accounts(filters: RotationFilter, *, now: datetime | None = None) -> CloudAccountQuerySet:
    """Oldest credential first; what holds no secret comes last. Raises `ProviderError`."""
    accounts_found = CloudAccount.objects.all() if filters.scope is None else visible_accounts(filters.scope)
    if filters.provider:
        accounts_found = accounts_found.filter(provider=filters.provider)
    if filters.state:
        accounts_found = accounts_found.filter(in_state(filters.state, now=now))
    if filters.group:
        accounts_found = accounts_found.filter(group_queries.within(filters.group, scope=filters.scope))
    # In the order of the index `account_owner_ages`: secrets first, by their date.
    return accounts_found.defer("last_check").order_by("credential_secretless", "credential_since", "id")


def rows(filters: RotationFilter, *, now: datetime | None = None) -> Iterator[dict[str, Any]]:
    """A mapping of `COLUMNS` for each account. Raises `ProviderError` at the first."""
    # One moment for all rows: a report that runs over midnight must not count days from two of them.
    now, limits, labels = now or timezone.now(), Limits.current(), _method_labels()
    columns = accounts(filters, now=now).values_list(*_READ).iterator(chunk_size=CHUNK)
    for (
        name,
        provider,
        account_id,
        owner,
        environment,
        method,
        since,
        expires,
        secretless,
        checked,
        code,
        status,
        key,
    ) in columns:
        credential_age = age(since, expires, secretless=secretless, now=now, limits=limits)
        yield {
            "name": name,
            "provider": provider,
            "account_id": account_id,
            "owner": owner,
            "environment": environment,
            "method": labels.get((provider, method), method),
            "rotation": credential_age.state.value,
            "age_days": credential_age.days,
            "credential_since": since,
            "expires_at": expires,
            "days_left": credential_age.days_left,
            # Known only where the latest check passed: when one passed before that, no column says.
            "last_proof_at": None if code else checked,
            "status": status,
            "id": str(key),
        }


def fails(state: str, limit: str) -> bool:
    """Whether a credential in this state is what ``--fail-on`` asks for: warning means critical as well."""
    states = {RotationState.CRITICAL.value} | ({RotationState.WARNING.value} if limit == "warning" else set())
    return state in states


def _method_labels() -> dict[tuple[str, str], str]:
    return {(spec.key, method.key): method.label for spec in registry.all_providers() for method in spec.methods}
