"""The smallest custom role, and the shortest list of predefined roles, for some checks. No SDK, no Django.

Cloud Asset reads all services with one permission, so checks make little difference here. Which permissions custom
roles support: https://cloud.google.com/iam/docs/custom-roles-permissions-support
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cloudaccounts.contract.least_privilege import LeastPrivilege
from cloudaccounts.contract.rules import PostureCheck
from cloudaccounts.provider_kit.least_privilege import Readings
from cloudaccounts.providers.gcp.permissions import BY_NAME, OF_A_KEY, SUPPORTING
from cloudaccounts.providers.gcp.plan import SERVICE_ACCOUNT_KEY

_ROLES = {item.name: item.role for item in (*BY_NAME.values(), *SUPPORTING, *OF_A_KEY)}


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
    """A role of the project, whatever its regions: Cloud Asset lists a project as a whole."""
    checks = list(checks)
    # Most readings need no more than the list of all assets.
    readings = Readings.of(
        ((item.name, item.readings) for item in (*BY_NAME.values(), *SUPPORTING)), names=map(reading_of, checks)
    )
    # The age of the key is asked where there is one.
    own_key = [item.name for item in OF_A_KEY] if method == SERVICE_ACCOUNT_KEY else []
    needed = readings.needed(checks, reading_of, also=own_key)
    document = {
        "custom_role": {
            "title": "Cloud Accounts reader",
            "description": "Reads what the enabled checks need, and nothing else.",
            "stage": "GA",
            "includedPermissions": sorted(needed),
        },
        "roles": sorted({_ROLES[name] for name in needed}),
    }
    return LeastPrivilege("Custom role, or predefined roles", "cloud-accounts-role.json", document, needed)
