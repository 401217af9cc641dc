"""The smallest custom role for some checks. No SDK, no Django.

Azure lists only resources of types that the role may read, so a role without a type has no assets of it either, and no
finding about them. Which reading of a scan calls what, `permissions.PERMISSIONS` says; a test holds it against the
calls that the sandbox records, both ways. Shape of the document:
https://learn.microsoft.com/azure/role-based-access-control/custom-roles-cli
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cloudaccounts.contract.least_privilege import LeastPrivilege
from cloudaccounts.contract.rules import PostureCheck
from cloudaccounts.provider_kit.least_privilege import Readings
from cloudaccounts.providers.azure.permissions import PERMISSIONS

NAME = "Cloud Accounts reader"
# By reading, as checks name their service; that of the directory is Microsoft Graph's, by an optional grant of its own.
READINGS = Readings.of(((item.action, item.readings) for item in PERMISSIONS), names=("directory",))
ALWAYS, ACTIONS = READINGS.always, READINGS.by_name


def reading_of(check: PostureCheck) -> str:
    return check.service


def least_privilege(
    checks: Iterable[PostureCheck],
    *,
    account_id: str = "",
    method: str = "",
    regions: Sequence[str] = (),
    whole: bool = False,
) -> LeastPrivilege:
    """A custom role of one subscription. Without one its id is left open, as Azure's own examples have it.

    Roles know no regions. With ``whole`` it reads the types that Azure lists without a read of ours, too: no check is
    about them, and only ``*/read`` lists all.
    """
    needed = READINGS.needed(checks, reading_of, whole=("*/read",) if whole else ())
    document = {
        "Name": NAME,
        "IsCustom": True,
        "Description": "Reads what the enabled checks need, and nothing else.",
        "Actions": sorted(needed),
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": [f"/subscriptions/{account_id or 'SUBSCRIPTION_ID'}"],
    }
    return LeastPrivilege("Custom role", "cloud-accounts-role.json", document, needed)
