"""Reads of health: an account's last checks, and providers that are out of reach."""

from __future__ import annotations

from collections.abc import Iterable

from cloudaccounts.models import CloudAccount, CloudAccountStatus, HealthRecord, ProviderReach


def last_checks(account: CloudAccount, limit: int) -> list[HealthRecord]:
    """Newest first."""
    return list(HealthRecord.objects.filter(account=account.pk).order_by("-at")[:limit])


def silent_providers(owner: str) -> list[ProviderReach]:
    """Providers of the owner's accounts with a suspected outage. One query where there is none, as on most days."""
    silent = list(ProviderReach.objects.exclude(suspected_since=None).order_by("provider"))
    if not silent:
        return []
    accounts = CloudAccount.objects.of(owner).filter(provider__in=[reach.provider for reach in silent])
    used = set(accounts.order_by().values_list("provider", flat=True).distinct())
    return [reach for reach in silent if reach.provider in used]


def failed_accounts(owner: str | None = None) -> Iterable[CloudAccount]:
    """Of one owner, or of all: streamed, without their reports."""
    accounts = CloudAccount.objects.filter(status=CloudAccountStatus.FAILED)
    accounts = accounts if owner is None else accounts.filter(owner=owner)
    return accounts.defer("last_check", "proven_permissions", "lost_permissions").order_by("name", "id").iterator(500)
