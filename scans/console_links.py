"""Links into the provider's own console, to the resource that an asset or a finding is about."""

from __future__ import annotations

from cloudaccounts import registry
from cloudaccounts.contract.inventory import Asset as CollectedAsset
from cloudaccounts.models import CloudAccount
from scans.models import Asset, Finding


def asset_link(asset: Asset, account: CloudAccount | None) -> str:
    """Empty where there is no link, or none that is safe to show."""
    collected = CollectedAsset(
        asset.type, asset.service, asset.region, asset.native_id, asset.name, asset.tags or {}, asset.properties or {}
    )
    return _link(collected, account)


def asset_row_link(asset: Asset, account: CloudAccount | None) -> str:
    """As `asset_link`, for rows of lists: reading their deferred tags and properties would cost a query a row."""
    return _link(CollectedAsset(asset.type, asset.service, asset.region, asset.native_id, asset.name), account)


def finding_link(finding: Finding, account: CloudAccount | None) -> str:
    """From the columns that a finding copies of its asset, so that lists and exports read no assets."""
    return _link(collected_from_finding(finding), account)


def collected_from_finding(finding: Finding) -> CollectedAsset:
    """The finding's asset, without its tags and properties."""
    # A finding's service is its check's. Links go by the asset's, which is the second part of its type.
    service = finding.asset_type.split(".")[1] if "." in finding.asset_type else finding.service
    return CollectedAsset(finding.asset_type, service, finding.region, finding.native_id, finding.asset_name)


def _link(asset: CollectedAsset, account: CloudAccount | None) -> str:
    if account is None:
        return ""
    try:
        provider = registry.get(account.provider)
    except registry.UnknownProviderError:
        return ""
    link = provider.build_console_link(
        asset,
        account_id=account.account_id,
        partition=account.partition,
        tenant=getattr(account, "tenant", ""),  # where the core keeps an account's directory
    )
    # Names and identifiers come from the customer's cloud: anything but https (``javascript:``) is not offered.
    return link if link.startswith("https://") else ""
