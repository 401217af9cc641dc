"""The tenant that the subscription trusts, as far as an optional grant lets the app read it by Microsoft Graph.

Set-up offers the grant (`permissions.GRAPH_PERMISSIONS`); without it nothing fails, and the checks about the tenant are
unknown with that reason. Counts only: no name of a person is stored.

- https://learn.microsoft.com/graph/api/identitysecuritydefaultsenforcementpolicy-get
- https://learn.microsoft.com/graph/api/conditionalaccessroot-list-policies
- https://learn.microsoft.com/graph/api/authenticationmethodsroot-list-userregistrationdetails
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.normalization import with_unreadable
from cloudaccounts.providers.azure.errors import is_denied
from cloudaccounts.providers.azure.inventory.common import GLOBAL, READ_ERRORS, Scope, failure

SERVICE = "directory"
NOT_GRANTED = "grant_not_given"
# Registration of methods is told to tenants with Microsoft Entra ID P1 or P2 only.
_NO_LICENSE = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
LICENSE_MISSING = "license_of_microsoft_entra_id_p1_missing"
_UNREACHED = frozenset({"proxy_refused", "network_dns", "network_timeout", "network_unreachable", "tls_failed"})


def collect(scope: Scope) -> Iterator[Asset]:
    """One asset, whatever could be read of it: raises none of Azure's errors."""
    tenant = scope.subscription.tenant_id
    properties: dict[str, Any] = {"cloud": scope.connection.cloud.name}
    refused: dict[str, str] = {}
    unreached = ""
    for name, read in _READS.items():
        try:
            # A host that cannot be reached costs its timeout once, and not at each call.
            properties[name] = None if unreached else read(scope)
        except READ_ERRORS as error:
            # Each read on its own: the grant has two permissions, and one of them may be given without the other.
            properties[name], refused[name] = None, _code(error)
            unreached = refused[name] if refused[name] in _UNREACHED else ""
        else:
            refused |= {name: unreached} if unreached else {}
    yield Asset(
        type="azure.entra.tenant",
        service=SERVICE,
        region=GLOBAL,
        native_id=f"/tenants/{tenant}",
        name=f"Tenant {tenant}",
        properties=with_unreadable(properties, refused),
    )


def _code(error: BaseException) -> str:
    explained = failure(error)
    # Azure answers 403 for this too. It is no missing grant, and giving the grant would not help.
    if explained.sdk_error == _NO_LICENSE:
        return LICENSE_MISSING
    return NOT_GRANTED if is_denied(error) or explained.code == "permission_denied" else explained.code


def _security_defaults(scope: Scope) -> Any:
    return scope.connection.graph_get("policies/identitySecurityDefaultsEnforcementPolicy").get("isEnabled")


def _conditional_access(scope: Scope) -> int:
    """How many policies are on; those that only report are not."""
    policies = scope.connection.graph_pages("identity/conditionalAccess/policies", **{"$select": "id,state"})
    # "enabledForReportingButNotEnforced" stops nobody from signing in.
    return sum(policy.get("state") == "enabled" for policy in policies)


def _without_second_factor(scope: Scope) -> dict[str, int]:
    people = list(
        scope.connection.graph_pages(
            "reports/authenticationMethods/userRegistrationDetails", **{"$filter": "isMfaCapable eq false"}
        )
    )
    return {"people": len(people), "administrators": sum(person.get("isAdmin") is True for person in people)}


_READS: dict[str, Callable[[Scope], Any]] = {
    "security_defaults": _security_defaults,
    "conditional_access_policies": _conditional_access,
    "without_second_factor": _without_second_factor,
}
