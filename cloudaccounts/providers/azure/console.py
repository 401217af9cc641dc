"""Where a resource is shown in Azure's portal. No Django, no SDK, no network.

``https://PORTAL/#@TENANT/resource/ARM-ID/overview``: a child (a firewall rule, a setting) is shown in its parent's
blade, an assignment of a role in the access control of its subscription. The host is the cloud's own, every part of an
id is held against an allow-list, and what does not fit has no link.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.providers.azure.clouds import CLOUDS

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
_NAME = re.compile(r"[a-z0-9_(][a-z0-9_.()-]{0,259}")
_NAMESPACE = re.compile(r"[a-z][a-z0-9]{0,62}(?:\.[a-z][a-z0-9]{0,62}){1,4}")
_TYPE = re.compile(r"[a-z][a-z0-9]{0,79}")
# Roles that are assigned above the subscription: they are shown where they apply.
_ABOVE = ("/providers/microsoft.authorization/", "/providers/microsoft.management/managementgroups/")
# Assets of ours that are no resources of Azure's (see inventory/monitoring.py).
_OF_SUBSCRIPTION = ("microsoft.insights/eventtypes", "microsoft.security/pricings", "microsoft.resources/resources")
_TENANT_BLADE = "view/Microsoft_AAD_IAM/ActiveDirectoryMenuBlade/~/Overview"
_APPS_BLADE = "view/Microsoft_AAD_IAM/ActiveDirectoryMenuBlade/~/RegisteredApps"
_PORTALS = frozenset(cloud.portal for cloud in CLOUDS.values())


def build_console_link(asset: Asset, *, account_id: str, partition: str, tenant: str = "") -> str:
    """Empty where none can be built safely. Without a tenant the link opens in the one that is signed in."""
    cloud = CLOUDS.get(partition)
    owner = account_id.lower()
    if cloud is None or not _UUID.fullmatch(owner) or (tenant and not _UUID.fullmatch(tenant.lower())):
        return ""
    directory = f"@{tenant.lower()}/" if tenant else ""
    if re.fullmatch(f"/tenants/{_UUID.pattern}", asset.native_id):
        blade = _TENANT_BLADE
    elif re.fullmatch(f"/tenants/{_UUID.pattern}/applications/{_UUID.pattern}", asset.native_id):
        blade = _APPS_BLADE
    else:
        blade = _blade(asset.native_id.lower(), f"/subscriptions/{owner}")
        if not blade:
            return ""
        blade = f"resource{blade}"
    link = f"https://{cloud.portal}/#{directory}{blade}"
    parts = urlsplit(link)
    # Asked of the finished address, whatever made it: a link that leads anywhere else is none.
    return link if parts.scheme == "https" and parts.netloc in _PORTALS else ""


def _blade(native_id: str, subscription: str) -> str:
    """The path of an id that lies in the subscription, or is assigned above it; empty for anything else."""
    if native_id.startswith(_ABOVE) and "/roleassignments/" in native_id:
        return f"{subscription}/users"  # access control shows what is inherited as well
    if native_id == subscription:
        return f"{subscription}/overview"
    # What lies in another subscription would open with the wrong account signed in, or not at all.
    if not native_id.startswith(f"{subscription}/"):
        return ""
    base, rest = subscription, native_id[len(subscription) + 1 :].split("/")
    if rest[0] == "resourcegroups" and len(rest) >= 2:
        if not _NAME.fullmatch(rest[1]):
            return ""
        base, rest = f"{base}/resourcegroups/{rest[1]}", rest[2:]
        if not rest:
            return f"{base}/overview"
    return _resource(base, rest, subscription)


def _resource(base: str, rest: list[str], subscription: str) -> str:
    """``providers/NAMESPACE/TYPE/NAME`` and what is below, of which only the first pair is shown."""
    if len(rest) < 3 or rest[0] != "providers" or not _NAMESPACE.fullmatch(rest[1]) or not _TYPE.fullmatch(rest[2]):
        return ""
    if rest[1] == "microsoft.authorization":
        return f"{base}/users" if rest[2] in ("roleassignments", "roledefinitions") else ""
    if base == subscription and f"{rest[1]}/{rest[2]}" in _OF_SUBSCRIPTION:
        return f"{subscription}/overview"
    if len(rest) < 4 or not _NAME.fullmatch(rest[3]):
        return ""
    return f"{base}/providers/{rest[1]}/{rest[2]}/{rest[3]}/overview"
