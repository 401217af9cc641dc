"""Which checks a team has: all of a provider's, but those that it has switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudaccounts.models import CloudAccount, SwitchedOffCheck
from cloudaccounts.registry import UnknownProviderError

if TYPE_CHECKING:  # loaded by every command, as apps tell `health.blinds` whom to ask
    from cloudaccounts.contract.provider import Provider
    from cloudaccounts.contract.rules import PostureCheck


def switched_off(owner: str) -> frozenset[str]:
    """Their ids. One query."""
    return frozenset(SwitchedOffCheck.objects.filter(owner=owner).values_list("check_id", flat=True))


def off_checks(account: CloudAccount, off: frozenset[str] | None = None) -> list[str]:
    """Ids of those of its provider that its team has switched off. One query, or none where ``off`` says which."""
    if off is None:
        off = switched_off(account.owner)
    if not off:
        return []
    try:
        return [check.id for check in account.spec.posture_checks() if check.id in off]
    except UnknownProviderError:
        return []


def enabled_checks(provider: Provider, off: frozenset[str]) -> list[PostureCheck]:
    return [check for check in provider.posture_checks() if check.id not in off]


def unneeded_readings(provider: Provider, off: frozenset[str]) -> frozenset[str]:
    """Readings of which every check is switched off. One that no check is about is read for the inventory."""
    if not off:
        return frozenset()
    needed = {provider.reading_of(check) for check in enabled_checks(provider, off)}
    return frozenset(provider.reading_of(check) for check in provider.posture_checks()) - needed


def unneeded_permissions(account: CloudAccount, off: frozenset[str] | None = None) -> frozenset[str]:
    """Permissions that only switched-off checks need: without them nothing is missing that the team asked for.

    One query, or none where ``off`` is what the team has switched off; what the provider says is asked only where
    something is.
    """
    off = frozenset(off_checks(account, off))
    if not off:
        return frozenset()
    provider = account.spec
    smallest = [
        provider.least_privilege(checks, account_id=account.account_id, method=account.auth_method)
        for checks in (provider.posture_checks(), enabled_checks(provider, off))
    ]
    whole, needed = (frozenset(grant.permissions) if grant is not None else frozenset() for grant in smallest)
    return whole - needed
