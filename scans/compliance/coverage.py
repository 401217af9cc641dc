"""What a report does not rest on: accounts, readings and regions that were not read. Never left out of a report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cloudaccounts.accounts.coverage import GapKind, stored_gaps, unread_regions
from cloudaccounts.accounts.visibility import within
from cloudaccounts.models import CloudAccount
from scans.compliance.facts import MANY
from scans.compliance.scope import ReportScope
from scans.models import AccountTotals

REGIONS = 8  # named in a sentence


@dataclass(frozen=True, slots=True)
class AccountCoverage:
    """``at`` is the end of the scan that the account's numbers are of; None where it was never scanned."""

    account: CloudAccount
    at: datetime | None
    undecided: int  # evaluations that could not be decided
    unread: tuple[str, ...]  # readings: "ec2 in eu-west-1"
    unscanned: tuple[str, ...] | None  # enabled regions; None where nobody knows which are enabled
    denied: tuple[str, ...]  # permissions that a scan needs
    stale: int  # readings that are too old to be relied on

    @property
    def complete(self) -> bool:
        gaps = (self.undecided, self.unread, self.denied, self.stale)
        # `()` and nothing else: None says that nobody knows which regions are enabled, and that is no good news.
        return self.at is not None and not any(gaps) and self.unscanned == ()

    @property
    def sentences(self) -> list[str]:
        """What was not read, each in a sentence; none where everything was."""
        if self.at is None:
            return ["Not scanned by the present rules yet: nothing is known of it."]
        lines = []
        if self.unread:
            lines.append(f"Not read: {_listed(self.unread)}.")
        if self.unscanned is None:
            lines.append("Which regions it has enabled is not known.")
        elif self.unscanned:
            lines.append(f"{_counted(len(self.unscanned), 'enabled region')} not read: {_listed(self.unscanned)}.")
        if self.stale:
            lines.append(f"{_counted(self.stale, 'reading')} older than twice the schedule.")
        if self.denied:
            lines.append(f"{_counted(len(self.denied), 'permission')} denied: {_listed(self.denied)}.")
        if self.undecided:
            lines.append(
                f"{self.undecided} evaluation{'' if self.undecided == 1 else 's'} could not be decided, because a fact "
                "could not be read."
            )
        return lines


def coverage_of(scope: ReportScope, provider: str = "") -> list[AccountCoverage]:
    """Each account in scope (of one cloud, where it is given), by name. One query."""
    accounts = [account for account in scope.accounts if provider in {"", account.provider}]
    rows = within(AccountTotals.objects.all(), scope.team)
    if len(accounts) <= MANY:
        rows = rows.filter(account__in=[account.pk for account in accounts])
    columns = rows.order_by().values_list("account", "at", "undecided", "unread_places")
    totals = {account: rest for account, *rest in columns}
    never: tuple[Any, ...] = (None, 0, ())
    return [
        AccountCoverage(
            account=account,
            at=at,
            undecided=undecided,
            unread=tuple(unread),
            unscanned=unread_regions(account),
            # Of the gaps the denied permissions alone: regions and readings have fields of their own.
            denied=tuple(gap.what for gap in stored_gaps(account) if gap.kind == GapKind.PERMISSION),
            # As the account's row says: it is renewed when a reading becomes too old, also without a scan
            # (`renew_due_coverage`).
            stale=account.coverage.get("units", {}).get("stale", 0),
        )
        for account in accounts
        for at, undecided, unread in [totals.get(account.pk, never)]
    ]


def by_gap(coverage: list[AccountCoverage]) -> list[tuple[str, list[AccountCoverage]]]:
    """What was not read, in words, with the accounts of which it holds; what most have is first.

    A fleet has the same few gaps many times: said by account, they are pages that nobody reads.
    """
    by_gap_key: dict[str, list[AccountCoverage]] = {}
    for row in coverage:
        if not row.complete:
            by_gap_key.setdefault(" ".join(row.sentences), []).append(row)
    return sorted(by_gap_key.items(), key=lambda pair: (-len(pair[1]), pair[0]))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun} is" if number == 1 else f"{number} {noun}s are"


def _listed(names: tuple[str, ...]) -> str:
    more = len(names) - REGIONS
    return ", ".join(names[:REGIONS]) + (f" and {more} more" if more > 0 else "")
