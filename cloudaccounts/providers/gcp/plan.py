"""The checks of a validation, in their order, and the keys of the methods. No SDK, no Django."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cloudaccounts.contract.report import Plan, PlannedCheck

IMPERSONATION = "impersonation"
WORKLOAD_IDENTITY = "workload_identity"
SERVICE_ACCOUNT_KEY = "service_account_key"

IDENTITY = PlannedCheck("identity", "Identity")
PROJECT = PlannedCheck("project", "Project")
EXTERNAL_ID_LABEL = PlannedCheck("external_id_label", "Only we can use this connection")
KEY_AGE = PlannedCheck("key_age", "Age of the key")
KEY_POLICY = PlannedCheck("key_policy", "New keys are allowed")
APIS = PlannedCheck("apis", "APIs")
PERMISSIONS = PlannedCheck("permissions", "Permissions")
REGIONS = PlannedCheck("regions", "Regions")

_SERVER_METHOD = (IDENTITY, PROJECT, EXTERNAL_ID_LABEL, APIS, PERMISSIONS, REGIONS)

PLANS: Mapping[str, Plan] = MappingProxyType(
    {
        IMPERSONATION: _SERVER_METHOD,
        WORKLOAD_IDENTITY: _SERVER_METHOD,
        SERVICE_ACCOUNT_KEY: (IDENTITY, PROJECT, KEY_AGE, KEY_POLICY, APIS, PERMISSIONS, REGIONS),
    }
)
