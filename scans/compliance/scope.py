"""Which accounts a report is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from cloudaccounts.accounts.coverage import unread_regions
from cloudaccounts.accounts.visibility import visible_accounts
from cloudaccounts.group_scope import inside
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import CloudAccount
from teams.names import name_order
from teams.scope import Scope

# All that reports read of an account: a column that is used and not named here would cost a query for each account.
_COLUMNS = (
    "id",
    "name",
    "provider",
    "enabled_regions",
    "coverage",
    "coverage_gaps",
)


@dataclass(frozen=True)
class ReportScope:
    """Accounts of one team, by name. An account's place in ``accounts`` is its bit in the masks of `facts`."""

    team: Scope
    accounts: tuple[CloudAccount, ...]
    account: CloudAccount | None = None  # what it was narrowed to
    group_name: str = ""
    # Where all accounts of a cloud stand as one (`scans.compliance.fleet`): how many they are.
    sizes: Mapping[str, int] | None = None

    @property
    def owner(self) -> str:
        return self.team.owner

    @property
    def narrowed(self) -> bool:
        return self.account is not None or bool(self.group_name)

    @cached_property
    def place(self) -> Mapping[UUID, int]:
        return {account.pk: place for place, account in enumerate(self.accounts)}

    @cached_property
    def by_provider(self) -> Mapping[str, int]:
        """The accounts of each cloud, as a mask."""
        clouds = [account.provider for account in self.accounts]
        return {cloud: mask_of(each == cloud for each in clouds) for cloud in dict.fromkeys(clouds)}

    @cached_property
    def everybody(self) -> int:
        return (1 << len(self.accounts)) - 1

    @cached_property
    def with_unscanned_regions(self) -> int:
        """The accounts of which an enabled region is not read, or of which nobody knows what is enabled."""
        return mask_of(unread_regions(account) != () for account in self.accounts)

    def of(self, mask: int) -> list[CloudAccount]:
        digits = reversed(f"{mask:b}")
        return [account for account, digit in zip(self.accounts, digits, strict=False) if digit == "1"]


def mask_of(members: Iterable[bool]) -> int:
    """The bit of each place is whether it is a member.

    Written as digits: set one by one, 100,000 bits are 100,000 numbers of 100,000 bits.
    """
    return int("".join("1" if member else "0" for member in members)[::-1] or "0", 2)


def accounts_in_scope(
    scope: Scope, *, account: UUID | None = None, group: UUID | None = None, provider: str = ""
) -> ReportScope:
    """The scope's accounts, or one of them, or those of a group and of what is nested in it.

    ``provider``: the one cloud that is asked about. Where nothing else narrows, accounts of the others are left out:
    how old a report is follows from all scans of the team, whose accounts need not be read for that.

    What lies outside of it holds nothing. At most four queries, however many accounts there are.
    """
    rows = visible_accounts(scope)
    group_name = ""
    if provider and account is None and group is None:
        rows = rows.filter(provider=provider)
    if account is not None:
        rows = rows.filter(pk=account)
    if group is not None:
        found_group = group_queries.find(scope, group)
        group_name = found_group.name if found_group else ""
        # A group that is not there holds nothing. Without a filter the report would be of all accounts instead.
        rows = rows.filter(inside(group_queries.with_descendants(found_group))) if found_group else rows.none()
    accounts = tuple(sorted(rows.only(*_COLUMNS).order_by("id"), key=lambda account: name_order(account.name)))
    only_account = accounts[0] if account is not None and accounts else None
    return ReportScope(scope, accounts, only_account, group_name)
