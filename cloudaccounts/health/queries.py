"""Reads of health: an account's last checks, and providers from which nothing comes."""

from __future__ import annotations

from collections.abc import Iterable

from cloudaccounts.models import CloudAccount, CloudAccountStatus, HealthRecord, ProviderReach


def last_checks(account: CloudAccount, limit: int) -> list[HealthRecord]:
    """Newest first."""
    return list(HealthRecord.objects.filter(account=account.pk).order_by("-at")[:limit])


def silent_providers(owner: str) -> list[ProviderReach]:
    """Those of the owner's accounts' providers for which the product suspects itself. One query where there is none."""
    silent = list(ProviderReach.objects.exclude(suspected_since=None).order_by("provider"))
    if not silent:
        return []
    own = CloudAccount.objects.of(owner).filter(provider__in=[reach.provider for reach in silent])
    concerned = set(own.order_by().values_list("provider", flat=True).distinct())
    return [reach for reach in silent if reach.provider in concerned]


def failed_accounts(owner: str | None = None) -> Iterable[CloudAccount]:
    """Of one owner, or of all: streamed, without their reports."""
    found = CloudAccount.objects.filter(status=CloudAccountStatus.FAILED)
    found = found if owner is None else found.filter(owner=owner)
    return found.defer("last_check", "proven_permissions", "lost_permissions").order_by("name", "id").iterator(500)
