"""Which accounts a report is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from cloudaccounts.accounts.coverage import unread_regions
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import CloudAccount

# All that reports read of an account: a column that is used and not named here would cost a query for each account.
_COLUMNS = (
    "id",
    "name",
    "account_id",
    "provider",
    "environment",
    "regions",
    "enabled_regions",
    "coverage",
    "coverage_gaps",
)


@dataclass(frozen=True)
class Scope:
    """Accounts of one owner, by name. An account's place in ``accounts`` is its bit in the masks of `facts`."""

    owner: str
    accounts: tuple[CloudAccount, ...]
    account: CloudAccount | None = None  # what it was narrowed to
    group_name: str = ""

    @property
    def narrowed(self) -> bool:
        return self.account is not None or bool(self.group_name)

    @cached_property
    def place(self) -> Mapping[UUID, int]:
        return {account.pk: place for place, account in enumerate(self.accounts)}

    @cached_property
    def by_provider(self) -> Mapping[str, int]:
        """The accounts of each cloud, as a mask."""
        masks: dict[str, int] = {}
        for place, account in enumerate(self.accounts):
            masks[account.provider] = masks.get(account.provider, 0) | 1 << place
        return masks

    @cached_property
    def everybody(self) -> int:
        return (1 << len(self.accounts)) - 1

    @cached_property
    def with_unscanned_regions(self) -> int:
        """The accounts of which an enabled region is not read, or of which nobody knows what is enabled."""
        return sum(1 << place for place, account in enumerate(self.accounts) if unread_regions(account) != ())

    def of(self, mask: int) -> list[CloudAccount]:
        return [account for place, account in enumerate(self.accounts) if mask >> place & 1]


def accounts_in_scope(owner: str, *, account: UUID | None = None, group: UUID | None = None) -> Scope:
    """The owner's accounts, or one of them, or those of a group and of what is nested in it.

    What is not the owner's holds nothing. At most four queries, however many accounts there are.
    """
    rows = CloudAccount.objects.of(owner)
    group_name = ""
    if account is not None:
        rows = rows.filter(pk=account)
    if group is not None:
        found_group = group_queries.find(owner, group)
        group_name = found_group.name if found_group else ""
        inside = group_queries.inside(group_queries.with_descendants(found_group)) if found_group else None
        # A group that is gone or somebody else's holds nothing. Without a filter the report would be of all accounts
        # instead.
        rows = rows.filter(inside) if inside is not None else rows.none()
    accounts = tuple(rows.only(*_COLUMNS).order_by("name", "id"))
    only_account = accounts[0] if account is not None and accounts else None
    return Scope(owner, accounts, only_account, group_name)
