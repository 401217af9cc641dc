"""What a report does not rest on: accounts, readings and regions that were not read. Never left out of a report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max, Sum

from cloudaccounts.accounts.coverage import unread_regions
from cloudaccounts.models import CloudAccount
from scans.compliance.scope import Scope
from scans.models import CheckTotal

REGIONS = 8  # named in a sentence


@dataclass(frozen=True, slots=True)
class AccountCoverage:
    """``at`` is the end of the scan that the account's numbers are of; None where it was never scanned."""

    account: CloudAccount
    at: datetime | None
    undecided: int  # evaluations that could not be decided
    unread: tuple[str, ...]  # readings: "ec2 in eu-west-1"
    unscanned: tuple[str, ...] | None  # enabled regions; None where nobody knows which are enabled

    @property
    def complete(self) -> bool:
        return self.at is not None and not self.undecided and not self.unread and self.unscanned == ()

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
            number = len(self.unscanned)
            lines.append(
                f"{number} enabled region{' is' if number == 1 else 's are'} not read: {_listed(self.unscanned)}."
            )
        if self.undecided:
            lines.append(
                f"{self.undecided} evaluation{'' if self.undecided == 1 else 's'} could not be decided, because a fact "
                "could not be read."
            )
        return lines


def coverage_of(scope: Scope, provider: str = "") -> list[AccountCoverage]:
    """Each account in scope (of one cloud, where it is given), by name. Two queries."""
    accounts = [account for account in scope.accounts if provider in {"", account.provider}]
    totals = CheckTotal.objects.filter(owner=scope.owner, account__in=[account.pk for account in accounts])
    sums = {row["account"]: row for row in totals.values("account").annotate(at=Max("at"), undecided=Sum("unknown"))}
    unread: dict[UUID, dict[str, None]] = {}
    for account, places in totals.filter(unread__gt=0).values_list("account", "unread_places"):
        unread.setdefault(account, {}).update(dict.fromkeys(places))
    return [
        AccountCoverage(
            account=account,
            at=sums[account.pk]["at"] if account.pk in sums else None,
            undecided=sums[account.pk]["undecided"] if account.pk in sums else 0,
            unread=tuple(sorted(unread.get(account.pk, ()))),
            unscanned=unread_regions(account),
        )
        for account in accounts
    ]


def _listed(names: tuple[str, ...]) -> str:
    more = len(names) - REGIONS
    return ", ".join(names[:REGIONS]) + (f" and {more} more" if more > 0 else "")
