"""Where a resource is seen in its provider's own console."""

from __future__ import annotations

from cloudaccounts import registry
from cloudaccounts.contract.inventory import Asset as Found
from cloudaccounts.models import CloudAccount
from scans.models import Asset, Finding


def link_of_asset(asset: Asset, account: CloudAccount | None) -> str:
    """Empty where there is none, or none that is safe."""
    found = Found(
        asset.type, asset.service, asset.region, asset.native_id, asset.name, asset.tags or {}, asset.properties or {}
    )
    return _link(found, account)


def link_of_finding(finding: Finding, account: CloudAccount | None) -> str:
    """By what the finding repeats of its asset: lists and exports read no assets for it."""
    service = finding.asset_type.split(".")[1] if "." in finding.asset_type else finding.service
    return _link(Found(finding.asset_type, service, finding.region, finding.native_id, finding.asset_name), account)


def link_of_row(asset: Asset, account: CloudAccount | None) -> str:
    """As `link_of_asset`, without reading what a list leaves out."""
    return _link(Found(asset.type, asset.service, asset.region, asset.native_id, asset.name), account)


def _link(found: Found, account: CloudAccount | None) -> str:
    if account is None:
        return ""
    try:
        provider = registry.get(account.provider)
    except registry.UnknownProviderError:
        return ""
    link = provider.build_console_link(
        found,
        account_id=account.account_id,
        partition=account.partition,
        tenant=getattr(account, "tenant", ""),  # where the core keeps an account's directory
    )
    return link if link.startswith("https://") else ""
