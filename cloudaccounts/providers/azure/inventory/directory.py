"""The tenant that the subscription trusts, as far as an optional grant lets the app read it by Microsoft Graph.

Set-up offers the grant (`permissions.GRAPH_PERMISSIONS`). What was granted stands in the token, so nothing is asked in
vain: without it nothing fails, and the checks about the tenant are unknown with that reason. What was granted and
cannot be read is a gap. Counts and settings only: no name of a person is stored.

- https://learn.microsoft.com/graph/api/identitysecuritydefaultsenforcementpolicy-get
- https://learn.microsoft.com/graph/api/conditionalaccessroot-list-policies
- https://learn.microsoft.com/graph/api/authenticationmethodsroot-list-userregistrationdetails
- https://learn.microsoft.com/graph/api/authorizationpolicy-get
- https://learn.microsoft.com/graph/api/crosstenantaccesspolicyconfigurationdefault-get
- https://learn.microsoft.com/graph/api/application-list, and for what each certificate is:
  https://learn.microsoft.com/graph/api/resources/keycredential
- the claim `roles`: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.provider_kit.jwt import unverified_claims
from cloudaccounts.provider_kit.normalization import with_unreadable
from cloudaccounts.providers.azure.errors import is_denied
from cloudaccounts.providers.azure.inventory.common import GLOBAL, READ_ERRORS, Scope, failure
from cloudaccounts.providers.azure.permissions import GRAPH_APPS, GRAPH_POLICIES, GRAPH_REPORTS

SERVICE = "directory"
NOT_GRANTED = "grant_not_given"
# Registration of methods is told to tenants with Microsoft Entra ID P1 or P2 only.
_NO_LICENSE = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
LICENSE_MISSING = "license_of_microsoft_entra_id_p1_missing"
# By userType: https://learn.microsoft.com/graph/api/resources/userregistrationdetails
_PEOPLE = {"member": "people", "guest": "guests"}
_ADMINISTRATORS = {"member": "administrators", "guest": "guest_administrators"}
_UNREACHED = frozenset({"proxy_refused", "network_dns", "network_timeout", "network_unreachable", "tls_failed"})


def collect(scope: Scope) -> Iterator[Asset]:
    """The tenant, whatever could be read of it, and the apps with credentials of their own.

    Raises the first of Azure's errors at the end, where something that was granted could not be read.
    """
    tenant = scope.subscription.tenant_id
    began = datetime.now(UTC)
    granted, token_error = _granted(scope)
    failed = token_error
    properties: dict[str, Any] = {"cloud": scope.connection.cloud.name}
    refused: dict[str, str] = {}
    for name, (permission, read) in _READS.items():
        properties[name] = None
        if permission not in granted:
            refused[name] = _code(token_error) if token_error else NOT_GRANTED
            continue
        try:
            # A host that cannot be reached costs its timeout once, and not at each call.
            if failed is not None and _code(failed) in _UNREACHED:
                raise failed
            properties[name] = read(scope)
        except READ_ERRORS as error:
            # Each read on its own: one of the permissions may be given without the others.
            refused[name] = _code(error)
            if refused[name] != LICENSE_MISSING:
                failed = failed or error
    yield Asset(
        type="azure.entra.tenant",
        service=SERVICE,
        region=GLOBAL,
        native_id=f"/tenants/{tenant}",
        name=f"Tenant {tenant}",
        properties=with_unreadable(properties, refused),
    )
    if GRAPH_APPS in granted and failed is None:
        yield from (app.as_of(began) for app in _apps(scope, tenant))
    if failed is not None:
        raise failure(failed) from None


def _granted(scope: Scope) -> tuple[frozenset[str], Exception | None]:
    """The app roles in the token for Microsoft Graph; with why there is none."""
    try:
        roles = (unverified_claims(scope.connection.graph_token()) or {}).get("roles") or ()
    except READ_ERRORS as error:
        return frozenset(), error
    return frozenset(role for role in roles if isinstance(role, str)), None


def _code(error: BaseException) -> str:
    explained = failure(error)
    # Azure answers 403 for this too. It is no missing grant, and giving the grant would not help.
    if explained.sdk_error == _NO_LICENSE:
        return LICENSE_MISSING
    return "permission_denied" if is_denied(error) else explained.code


def _security_defaults(scope: Scope) -> Any:
    return scope.connection.graph_get("policies/identitySecurityDefaultsEnforcementPolicy").get("isEnabled")


def _conditional_access(scope: Scope) -> int:
    """How many policies are on; those that only report are not."""
    policies = scope.connection.graph_pages("identity/conditionalAccess/policies", **{"$select": "id,state"})
    # "enabledForReportingButNotEnforced" stops nobody from signing in.
    return sum(policy.get("state") == "enabled" for policy in policies)


def _without_second_factor(scope: Scope) -> dict[str, int]:
    """Who has registered none that the tenant accepts, members apart from guests.

    The report knows what was registered with this tenant alone, and a tenant may accept the second factor of a guest's
    own organization: https://learn.microsoft.com/entra/identity/authentication/howto-authentication-methods-activity
    and https://learn.microsoft.com/graph/api/resources/crosstenantaccesspolicyinboundtrust
    """
    counts: Counter[str] = Counter()
    for person in scope.connection.graph_pages(
        "reports/authenticationMethods/userRegistrationDetails", **{"$filter": "isMfaCapable eq false"}
    ):
        kind, administrator = person.get("userType"), person.get("isAdmin")
        if kind not in _PEOPLE or not isinstance(administrator, bool):
            counts["untold"] += 1
            continue
        counts[_PEOPLE[kind]] += 1
        if administrator:
            counts[_ADMINISTRATORS[kind]] += 1
    return {name: counts[name] for name in (*_PEOPLE.values(), *_ADMINISTRATORS.values(), "untold")}


def _authorization(scope: Scope) -> dict[str, Any]:
    """What everybody in the tenant, and its guests, may do without a role."""
    policy = scope.connection.graph_get("policies/authorizationPolicy")
    own = policy.get("defaultUserRolePermissions")
    everybody: Mapping[str, Any] = own if isinstance(own, Mapping) else {}
    consents = everybody.get("permissionGrantPoliciesAssigned")
    return {
        "guest_role": policy.get("guestUserRoleId"),
        "invitations_from": policy.get("allowInvitesFrom"),
        "consent_policies": sorted(map(str, consents)) if isinstance(consents, list) else None,
        "people_register_apps": everybody.get("allowedToCreateApps"),
        "people_create_tenants": everybody.get("allowedToCreateTenants"),
    }


def _cross_tenant(scope: Scope) -> dict[str, Any]:
    """What holds for people of every other tenant that has no agreement of its own; whom agreements name is not read.

    https://learn.microsoft.com/graph/api/resources/crosstenantaccesspolicyconfigurationdefault
    """
    policy = scope.connection.graph_get("policies/crossTenantAccessPolicy/default")
    told = policy.get("inboundTrust")
    trust: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    told = policy.get("b2bDirectConnectInbound")
    direct: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    return {
        "trusts_second_factor": trust.get("isMfaAccepted"),
        "trusts_compliant_devices": trust.get("isCompliantDeviceAccepted"),
        "trusts_joined_devices": trust.get("isHybridAzureADJoinedDeviceAccepted"),
        "direct_people": _target(direct.get("usersAndGroups"), "AllUsers"),
        "direct_apps": _target(direct.get("applications"), "AllApplications"),
    }


def _target(setting: Any, everything: str) -> dict[str, Any] | None:
    """Whether it allows or blocks, and whether it does so for everything; no ids."""
    if not isinstance(setting, Mapping) or not isinstance(setting.get("targets"), list):
        return None
    targets = [row.get("target") for row in setting["targets"] if isinstance(row, Mapping)]
    return {"access": setting.get("accessType"), "all": everything in targets}


_READS: dict[str, tuple[str, Callable[[Scope], Any]]] = {
    "security_defaults": (GRAPH_POLICIES, _security_defaults),
    "conditional_access_policies": (GRAPH_POLICIES, _conditional_access),
    "authorization": (GRAPH_POLICIES, _authorization),
    "cross_tenant": (GRAPH_POLICIES, _cross_tenant),
    "without_second_factor": (GRAPH_REPORTS, _without_second_factor),
}


def _apps(scope: Scope, tenant: str) -> Iterator[Asset]:
    """Registrations that have a secret or a certificate: the others have nothing that could leak or end."""
    fields = "id,appId,displayName,passwordCredentials,keyCredentials"
    for app in scope.connection.graph_pages("applications", **{"$select": fields}):
        secrets, certificates = (_dates(app.get(name)) for name in ("passwordCredentials", "keyCredentials"))
        if not secrets and not certificates:
            continue
        yield Asset(
            type="azure.entra.application",
            service=SERVICE,
            region=GLOBAL,
            native_id=f"/tenants/{tenant}/applications/{str(app.get('id') or '').lower()}",
            name=str(app.get("displayName") or app.get("appId") or ""),
            properties={"client_id": app.get("appId"), "secrets": secrets, "certificates": certificates},
        )


def _dates(credentials: Any) -> list[dict[str, Any]]:
    """Since when and until when each is valid, the oldest first. Never the credential's text or hint."""
    rows = [row for row in credentials or () if isinstance(row, Mapping)]
    return sorted(
        (_dated(row) for row in rows),
        key=lambda row: str(row["since"]),
    )


def _dated(credential: Mapping[str, Any]) -> dict[str, Any]:
    dates = {"since": credential.get("startDateTime"), "until": credential.get("endDateTime")}
    # Of certificates alone: secrets have no usage.
    return dates | {"usage": credential.get("usage")} if "usage" in credential else dates
