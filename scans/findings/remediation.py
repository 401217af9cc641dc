"""How to remediate one finding, filled in with its resource, region and account."""

from __future__ import annotations

from dataclasses import dataclass

from cloudaccounts import registry
from cloudaccounts.contract.rules import Remediation
from cloudaccounts.models import CloudAccount
from cloudaccounts.provider_kit.remediation import PLACEHOLDER
from scans.console_links import asset_link, collected_from_finding, finding_link
from scans.findings.checks import find_check
from scans.models import Asset, Finding


@dataclass(frozen=True, slots=True)
class FilledRemediation:
    """``console_url`` and ``cli`` are empty and ``terraform`` is None where there is none."""

    console_url: str
    cli: str
    terraform: str | None

    @property
    def leaves_choices(self) -> bool:
        """Whether a person has to fill something in first."""
        return bool(PLACEHOLDER.search(f"{self.cli} {self.terraform}"))


def remediation_of(finding: Finding, account: CloudAccount | None, asset: Asset | None) -> FilledRemediation:
    # The asset's link is more exact, but an asset that is gone long enough is deleted before its findings are.
    link = asset_link(asset, account) if asset else finding_link(finding, account)
    filled = _filled(finding, account)
    return FilledRemediation(console_url=link, cli=filled.cli, terraform=filled.terraform)


def _filled(finding: Finding, account: CloudAccount | None) -> Remediation:
    check = find_check(finding.check_id)
    # The check may be retired and the account deleted since: the finding stays, and there is nothing to fill in.
    if check is None or account is None:
        return Remediation()
    try:
        provider = registry.get(account.provider)
    except registry.UnknownProviderError:
        return Remediation()
    return provider.remediate(
        check, collected_from_finding(finding), account_id=account.account_id, partition=account.partition
    )
