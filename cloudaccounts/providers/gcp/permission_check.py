"""Which permissions an identity has in the project: by Google's own answer about itself. No Django.

https://cloud.google.com/resource-manager/reference/rest/v3/projects/testIamPermissions
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Target
from cloudaccounts.contract.report import AccessKind, BeyondNeed
from cloudaccounts.providers.gcp.client import short_retry
from cloudaccounts.providers.gcp.errors import SDK_ERRORS, explain
from cloudaccounts.providers.gcp.identity import Identity

# A short list for the rest, the worst first: who may do what, acting as others, machines, and what customers keep.
# https://cloud.google.com/iam/docs/permissions-reference
BEYOND: Mapping[str, AccessKind] = MappingProxyType(
    {
        "resourcemanager.projects.setIamPolicy": AccessKind.WRITE,
        "iam.serviceAccountKeys.create": AccessKind.WRITE,
        "iam.serviceAccounts.actAs": AccessKind.WRITE,
        "compute.instances.create": AccessKind.WRITE,
        "storage.buckets.delete": AccessKind.WRITE,
        "secretmanager.versions.access": AccessKind.DATA,
        "storage.objects.get": AccessKind.DATA,
        "bigquery.tables.getData": AccessKind.DATA,
        "logging.privateLogEntries.list": AccessKind.DATA,
    }
)


def granted_permissions(identity: Identity, target: Target, names: Sequence[str]) -> frozenset[str]:
    """Those of ``names`` that are granted; one call, at most 100 names. Raises `ProviderError`."""
    try:
        answer = identity.connection.projects.test_iam_permissions(
            resource=f"projects/{target.account_id}",
            permissions=list(names),
            retry=short_retry(),
            timeout=target.timeout,
        )
    except SDK_ERRORS as error:
        raise explain(error, permission="resourcemanager.projects.get") from None
    return frozenset(answer.permissions)


def beyond_need(identity: Identity, target: Target) -> tuple[BeyondNeed, ...] | None:
    """What is granted although no scan needs it; None where Google did not say."""
    # In a call of its own: a permission that Google does not know any more would fail the needed ones too.
    try:
        granted = granted_permissions(identity, target, list(BEYOND))
    except ProviderError:
        return None
    return tuple(BeyondNeed(name, access) for name, access in BEYOND.items() if name in granted)
