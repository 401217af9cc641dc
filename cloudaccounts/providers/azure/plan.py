"""The checks of a validation, in their order, and the keys of the methods. No SDK, no Django."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cloudaccounts.contract.report import Plan, PlannedCheck

FEDERATED = "federated"
CERTIFICATE = "certificate"
CLIENT_SECRET = "client_secret"  # noqa: S105 # the method's key

IDENTITY = PlannedCheck("identity", "Sign-in")
TENANT = PlannedCheck("tenant", "Tenant")
SUBSCRIPTION = PlannedCheck("subscription", "Subscription visible and enabled")
EXTERNAL_ID_PROOF = PlannedCheck("external_id_proof", "The subscription names you")
EXPIRY = PlannedCheck("expiry", "End of the credential")
PERMISSIONS = PlannedCheck("permissions", "Permissions")
PROVIDERS = PlannedCheck("resource_providers", "Resource providers")
REGIONS = PlannedCheck("regions", "Regions")

_FIRST = (IDENTITY, TENANT, SUBSCRIPTION)
_LAST = (PERMISSIONS, PROVIDERS, REGIONS)

PLANS: Mapping[str, Plan] = MappingProxyType(
    {
        FEDERATED: (*_FIRST, EXTERNAL_ID_PROOF, *_LAST),
        CERTIFICATE: (*_FIRST, EXPIRY, *_LAST),
        CLIENT_SECRET: (*_FIRST, EXPIRY, *_LAST),
    }
)
