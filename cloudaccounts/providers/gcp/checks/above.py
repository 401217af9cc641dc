"""What an organization policy enforces, whatever the resource says: see `inventory.policies_above`."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.posture import UnknownFactError, mapping

TO_READ = (
    " For the organization's policies to be read, grant roles/orgpolicy.policyViewer on the organization, and enable "
    "orgpolicy.googleapis.com."
)
UNREAD = "An organization policy, which is not read, may prevent it all the same."


def enforced_above(asset: Asset, constraint: str) -> bool | None:
    """None where that is not known: it may not be read, depends on tags, or was stored before it was read."""
    try:
        told = mapping(asset, "policies_above").get(constraint)
    except UnknownFactError:
        return None
    return told if isinstance(told, bool) else None


def unless_above(reason: str, above: bool | None) -> str:
    """The reason of a failure, with what may still prevent it where that is not known."""
    return f"{reason} {UNREAD}" if above is None else reason
