"""Which accounts a scope shows: what narrows rows to a team and to the groups of a membership."""

from __future__ import annotations

from cloudaccounts.group_scope import limit, within
from cloudaccounts.models import CloudAccount
from cloudaccounts.models.account import CloudAccountQuerySet
from teams.scope import Scope

__all__ = ["limit", "visible_accounts", "within"]


def visible_accounts(scope: Scope) -> CloudAccountQuerySet:
    return within(CloudAccount.objects.all(), scope, account="pk")
