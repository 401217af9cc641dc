"""The checks of a validation, in their order, and the keys of the methods. No SDK, no Django."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cloudaccounts.contract.report import Plan, PlannedCheck

CROSS_ACCOUNT_ROLE = "cross_account_role"
ACCESS_KEYS = "access_keys"
ORGANIZATION_ROLE = "organization_role"  # of members only: nobody chooses it

IDENTITY = PlannedCheck("identity", "Identity")
ACCOUNT_MATCH = PlannedCheck("account_match", "Account matches")
ROOT_REFUSED = PlannedCheck("root_refused", "Not the root user")
EXTERNAL_ID_PROOF = PlannedCheck("external_id_proof", "Only we can use this role")
KEY_AGE = PlannedCheck("key_age", "Age of the key")
PERMISSIONS = PlannedCheck("permissions", "Permissions")
REGIONS = PlannedCheck("regions", "Regions")

PLANS: Mapping[str, Plan] = MappingProxyType(
    {
        CROSS_ACCOUNT_ROLE: (IDENTITY, ACCOUNT_MATCH, EXTERNAL_ID_PROOF, PERMISSIONS, REGIONS),
        ORGANIZATION_ROLE: (IDENTITY, ACCOUNT_MATCH, EXTERNAL_ID_PROOF, PERMISSIONS, REGIONS),
        ACCESS_KEYS: (IDENTITY, ACCOUNT_MATCH, ROOT_REFUSED, KEY_AGE, PERMISSIONS, REGIONS),
    }
)
