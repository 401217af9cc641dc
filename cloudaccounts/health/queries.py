"""Reads of health: an account's last checks, and providers that are out of reach."""

from __future__ import annotations

from collections.abc import Iterable

from cloudaccounts.accounts.visibility import visible_accounts
from cloudaccounts.models import CloudAccount, CloudAccountStatus, HealthRecord, ProviderReach
from teams.scope import Scope


def last_checks(account: CloudAccount, limit: int) -> list[HealthRecord]:
    """Newest first."""
    return list(HealthRecord.objects.filter(account=account.pk).order_by("-at")[:limit])


def silent_providers(scope: Scope) -> list[ProviderReach]:
    """Providers of the accounts with a suspected outage. One query where there is none, as on most days."""
    silent = list(ProviderReach.objects.exclude(suspected_since=None).order_by("provider"))
    if not silent:
        return []
    accounts = visible_accounts(scope).filter(provider__in=[reach.provider for reach in silent])
    used = set(accounts.order_by().values_list("provider", flat=True).distinct())
    return [reach for reach in silent if reach.provider in used]


def failed_accounts(scope: Scope | None = None) -> Iterable[CloudAccount]:
    """Of one scope, or of all owners: streamed, without their reports."""
    accounts = CloudAccount.objects.all() if scope is None else visible_accounts(scope)
    accounts = accounts.filter(status=CloudAccountStatus.FAILED)
    return (
        accounts.defer("last_check", "proven_permissions", "lost_permissions")
        .order_by("name_key", "name", "id")
        .iterator(500)
    )
