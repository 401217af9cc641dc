"""Microsoft Graph: what an app with the right app roles may read of its tenant.

https://learn.microsoft.com/graph/api/overview (v1.0). Which app role a call takes is as each call's page says.
"""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.azure.clouds import GRAPH_AUDIENCES
from sandbox.azure.directory import App, Directory, Person, Tenant
from sandbox.azure.errors import ArmError
from sandbox.azure.query import Query
from sandbox.azure.tokens import Tokens

_POLICIES, _REPORTS, _APPS = "Policy.Read.All", "AuditLog.Read.All", "Application.Read.All"
PAGE = 2  # people; Graph's own pages hold up to 1,000, and small ones let paging be seen
ROLES = {
    "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy": _POLICIES,
    "/v1.0/identity/conditionalAccess/policies": _POLICIES,
    "/v1.0/reports/authenticationMethods/userRegistrationDetails": _REPORTS,
    "/v1.0/policies/authorizationPolicy": _POLICIES,
    "/v1.0/policies/crossTenantAccessPolicy/default": _POLICIES,
    "/v1.0/applications": _APPS,
}


class Graph:
    def __init__(self, directory: Directory, tokens: Tokens) -> None:
        self._directory = directory
        self._tokens = tokens

    def caller(self, query: Query, authorization: str) -> App:
        """Raises ArmError where the token is not good."""
        claims = self._tokens.accept(authorization, GRAPH_AUDIENCES[query.endpoint.cloud])
        app = self._directory.apps.get((claims["tid"], claims["appid"]))
        if app is None or not app.enabled:
            raise ArmError("InvalidAuthenticationToken", "Access token validation failure.", 401)
        return app

    def answer(self, query: Query, app: App) -> dict[str, Any]:
        """Raises ArmError as Graph would refuse; LookupError for what is not simulated."""
        if query.path not in ROLES:
            raise LookupError(query.path)
        if ROLES[query.path] not in app.graph_roles:
            text = "Insufficient privileges to complete the operation."
            raise ArmError("Authorization_RequestDenied", text, 403)
        answers: tuple[Callable[[Query, Tenant], dict[str, Any]], ...] = (
            _defaults, _conditional_access, _people, _authorization, _cross_tenant, self._apps,
        )  # fmt: skip
        return dict(zip(ROLES, answers, strict=True))[query.path](query, app.tenant)

    def _apps(self, query: Query, tenant: Tenant) -> dict[str, Any]:
        """The tenant's registrations. Secrets are listed without their text, as Graph has them."""
        apps = [app for app in self._directory.apps.values() if app.tenant is tenant]
        start = int(query.parameters.get("$skiptoken", "0"))
        page: dict[str, Any] = {"value": [_app(app) for app in apps[start : start + PAGE]]}
        if start + PAGE < len(apps):
            page["@odata.nextLink"] = f"https://{query.endpoint.host}{query.path}?$skiptoken={start + PAGE}"
        return page


def _app(app: App) -> dict[str, Any]:
    secrets = [
        {"keyId": secret.key_id, "displayName": secret.name, "hint": secret.value[:3], "secretText": None,
         "startDateTime": _moment(secret.starts or secret.expires - 365 * 86400),
         "endDateTime": _moment(secret.expires)}
        for secret in app.secrets
    ]  # fmt: skip
    certificates = [
        {"keyId": certificate.key_id, "type": "AsymmetricX509Cert", "usage": "Verify", "key": None,
         "startDateTime": _moment(certificate.expires - 365 * 86400), "endDateTime": _moment(certificate.expires)}
        for certificate in app.certificates
    ]  # fmt: skip
    return {
        "id": app.application_id, "appId": app.client_id, "displayName": app.name,
        "passwordCredentials": secrets, "keyCredentials": certificates,
    }  # fmt: skip


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _authorization(query: Query, tenant: Tenant) -> dict[str, Any]:
    return {
        "@odata.context": f"https://{query.endpoint.host}/v1.0/$metadata#policies/authorizationPolicy/$entity",
        "id": "authorizationPolicy",
        "displayName": "Authorization Policy",
        "allowInvitesFrom": tenant.invitations_from,
        "guestUserRoleId": tenant.guest_role,
        "defaultUserRolePermissions": {
            "allowedToCreateApps": tenant.people_register_apps,
            "allowedToCreateSecurityGroups": True,
            "allowedToCreateTenants": tenant.people_create_tenants,
            "allowedToReadOtherUsers": True,
            "permissionGrantPoliciesAssigned": list(tenant.consent_policies),
        },
    }


def _cross_tenant(query: Query, tenant: Tenant) -> dict[str, Any]:
    """In the shape of https://learn.microsoft.com/graph/api/crosstenantaccesspolicyconfigurationdefault-get."""

    def everything(access: str) -> dict[str, Any]:
        return {
            "usersAndGroups": {"accessType": access, "targets": [{"target": "AllUsers", "targetType": "user"}]},
            "applications": {
                "accessType": access, "targets": [{"target": "AllApplications", "targetType": "application"}],
            },
        }  # fmt: skip

    return {
        "@odata.context": f"https://{query.endpoint.host}/v1.0/$metadata#policies/crossTenantAccessPolicy/default",
        "isServiceDefault": not (tenant.trusts_others or tenant.direct_connect),
        "inboundTrust": {
            "isMfaAccepted": tenant.trusts_others,
            "isCompliantDeviceAccepted": False,
            "isHybridAzureADJoinedDeviceAccepted": False,
        },
        "b2bCollaborationInbound": everything("allowed"),
        "b2bCollaborationOutbound": everything("allowed"),
        "b2bDirectConnectInbound": everything("allowed" if tenant.direct_connect else "blocked"),
        "b2bDirectConnectOutbound": everything("blocked"),
    }


def _defaults(query: Query, tenant: Tenant) -> dict[str, Any]:
    return {
        "@odata.context": f"https://{query.endpoint.host}/v1.0/$metadata#policies/$entity",
        "id": "00000000-0000-0000-0000-000000000005",
        "displayName": "Security Defaults",
        "description": "Basic protection for all people of the tenant.",
        "isEnabled": tenant.security_defaults,
    }


def _conditional_access(query: Query, tenant: Tenant) -> dict[str, Any]:
    policies = [
        {"id": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{tenant.id}{number}")), "state": state}
        for number, state in enumerate(tenant.conditional_access)
    ]
    return {"@odata.context": f"https://{query.endpoint.host}/v1.0/$metadata", "value": policies}


def _people(query: Query, tenant: Tenant) -> dict[str, Any]:
    # Registration of methods is told to tenants with licenses of Microsoft Entra ID P1 alone.
    if not tenant.premium:
        text = "Neither tenant is B2C or tenant doesn't have premium license."
        raise ArmError("Authentication_RequestFromNonPremiumTenantOrB2CTenant", text, 403)
    # The one filter that the product sends; any other is refused rather than ignored.
    if query.parameters.get("$filter", "") not in ("", "isMfaCapable eq false"):
        raise ArmError("BadRequest", "Invalid filter clause.", 400)
    people = [person for person in tenant.people if not (query.parameters.get("$filter") and person.second_factor)]
    start = int(query.parameters.get("$skiptoken", "0"))
    page: dict[str, Any] = {"value": [_person(person, tenant) for person in people[start : start + PAGE]]}
    if start + PAGE < len(people):
        filtered = "&$filter=isMfaCapable%20eq%20false" if query.parameters.get("$filter") else ""
        link = f"https://{query.endpoint.host}{query.path}?$skiptoken={start + PAGE}{filtered}"
        page["@odata.nextLink"] = link
    return page


def _person(person: Person, tenant: Tenant) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{person.name}@{tenant.domain}")),
        "userPrincipalName": f"{person.name}@{tenant.domain}",
        "userDisplayName": person.name,
        "userType": "guest" if person.guest else "member",
        "isAdmin": person.administrator,
        "isMfaCapable": person.second_factor,
        "isMfaRegistered": person.second_factor,
        "methodsRegistered": ["microsoftAuthenticatorPush"] if person.second_factor else [],
    }
