"""The tenant's sign-in, where the app may read it: without the optional grant all of this is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity, Threshold
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    days_since,
    expect,
    failed,
    flag,
    known,
    mapping,
    not_applicable,
    passed,
    posture_check,
    required,
    rows,
    unknown,
)
from cloudaccounts.provider_kit.thresholds import limit
from cloudaccounts.providers.azure.checks.references import cite_entra

TENANT = "azure.entra.tenant"
_APP = "azure.entra.application"
SECRET_AGE = Threshold("azure_app_secret_age", "Age of an Entra app's secret or certificate", 180, least=1, most=730)
# https://learn.microsoft.com/graph/api/resources/defaultuserrolepermissions, of which an empty list allows nothing, and
# https://learn.microsoft.com/entra/identity/enterprise-apps/manage-app-consent-policies for what the built-in ones are.
_OWN_DATA = "managepermissiongrantsforself."
_OWNED_RESOURCES = "managepermissiongrantsforownedresource."
_NARROW_CONSENT = frozenset({"microsoft-user-default-low"})
# Microsoft's own choices, which it changes: what they let people consent to today is not in Graph's answer.
_MANAGED_CONSENT = frozenset({"microsoft-user-default-recommended", "microsoft-user-default-allow-consent-apps"})
# What a certificate of an app is for: only the first proves to Entra who the app is. With "Encrypt" Entra encrypts what
# it tells the app. https://learn.microsoft.com/entra/identity/enterprise-apps/howto-saml-token-encryption
_SIGNS_IN, _SIGNS_NOBODY_IN = "verify", frozenset({"encrypt"})


def patch_authorization(body: str) -> str:
    """The command that changes the tenant's authorization policy."""
    return f"az rest --method patch --url https://graph.microsoft.com/v1.0/policies/authorizationPolicy --body '{body}'"


@posture_check(
    "azure_entra_security_defaults",
    "Nothing asks for a second factor in the tenant",
    Severity.HIGH,
    "directory",
    TENANT,
    why="Security defaults ask everybody for a second factor and refuse old ways to sign in. A tenant needs them, or "
    "policies of conditional access that do as much.",
    console="Microsoft Entra admin center, Identity, Overview, Properties, Manage security defaults, Enabled.",
    command="az rest --method patch --url "
    "https://graph.microsoft.com/v1.0/policies/identitySecurityDefaultsEnforcementPolicy "
    "--body '{\"isEnabled\":true}'",
    references=cite_entra("fundamentals/security-defaults"),
    expected={"security_defaults": True},
)
def security_defaults(asset: Asset) -> Evaluation:
    # Unreadable where the optional grant of Microsoft Graph was not given: then it is unknown, with that reason
    # (docs/decisions/0016-azure-reader-and-an-optional-grant.md).
    on = flag(asset, "security_defaults", default=None)
    # Azure lets nobody have both. What the policies require is not looked at.
    if not on and _count(asset, "conditional_access_policies"):
        return not_applicable("Policies of conditional access are in force instead.")
    return expect(
        on, "Security defaults are off, and no policy of conditional access is on.", "Security defaults are on."
    )


@posture_check(
    "azure_entra_second_factor",
    "People without a second factor",
    Severity.HIGH,
    "directory",
    TENANT,
    why="Whoever has no second factor is one guessed or leaked password away from being somebody else. In most "
    "break-ins at clouds that is how it began.",
    console="Microsoft Entra admin center, Authentication methods, User registration details, filter by Multifactor "
    "authentication capable: No, and have these people register.",
    command="az rest --method get --url https://graph.microsoft.com/v1.0/reports/authenticationMethods/"
    "userRegistrationDetails",
    references=cite_entra("identity/authentication/howto-mfa-getstarted"),
    expected={"without_second_factor.people": 0},
)
def second_factor(asset: Asset) -> Evaluation:
    people, administrators = _without(asset, "people"), _without(asset, "administrators")
    if people:
        have = "person has" if people == 1 else "people have"
        return failed(f"{people} {have} registered none; {administrators} of them administrators.")
    return _as_far_as_told(asset, "guests") or passed("Everybody has registered a second factor.")


@posture_check(
    "azure_entra_administrators_second_factor",
    "Administrators without a second factor",
    Severity.CRITICAL,
    "directory",
    TENANT,
    why="An administrator's password, guessed or leaked, is the whole tenant, and every subscription that trusts it.",
    console="Microsoft Entra admin center, Authentication methods, User registration details, filter by Administrator "
    "and by Multifactor authentication capable: No, and have these people register.",
    command="az rest --method get --url https://graph.microsoft.com/v1.0/reports/authenticationMethods/"
    "userRegistrationDetails",
    references=cite_entra("identity/authentication/concept-mandatory-multifactor-authentication"),
    expected={"without_second_factor.administrators": 0},
)
def administrators_second_factor(asset: Asset) -> Evaluation:
    if number := _without(asset, "administrators"):
        return failed(f"{number} {'administrator has' if number == 1 else 'administrators have'} registered none.")
    return _as_far_as_told(asset, "guest_administrators") or passed("Every administrator has a second factor.")


def _without(asset: Asset, name: str) -> int:
    known(asset, "without_second_factor")
    mapping(asset, "without_second_factor")
    return required(asset, f"without_second_factor.{name}", int)


def _as_far_as_told(asset: Asset, guests: str) -> Evaluation | None:
    """Unknown where guests have none here, for their own organization may ask them, and for people untold."""
    if count := _without(asset, guests):
        have = "guest has" if count == 1 else "guests have"
        return unknown(f"{count} {have} registered none here. Whether their own organization asks them was not read.")
    if count := _without(asset, "untold"):
        return unknown(f"Of {count} without one it is not told whether they are members, or administrators.")
    return None


@posture_check(
    "azure_entra_app_consent",
    "People may let any app into their data",
    Severity.HIGH,
    "directory",
    TENANT,
    why="Attackers ask for consent in place of a password: an app that somebody let in reads mail and files, whatever "
    "second factor there is, until somebody takes the consent back.",
    console="Microsoft Entra admin center, Enterprise applications, Consent and permissions, User consent settings: do "
    "not allow, or verified publishers and selected permissions only. By command the list is replaced as a whole: give "
    "again what the first command shows.",
    # The list is replaced as a whole, so what else is in it has to be given again: same page.
    command="az rest --method get --url https://graph.microsoft.com/v1.0/policies/authorizationPolicy "
    '--query "defaultUserRolePermissions.permissionGrantPoliciesAssigned'
    "[?starts_with(@, 'ManagePermissionGrantsForOwnedResource.')]\"\n"
    + patch_authorization(
        '{"defaultUserRolePermissions":{"permissionGrantPoliciesAssigned":'
        '["ManagePermissionGrantsForSelf.microsoft-user-default-low","<policy-id>"]}}'
    ),
    references=cite_entra("identity/enterprise-apps/configure-user-consent"),
    expected={"authorization.consent_policies": "none, or microsoft-user-default-low"},
)
def app_consent(asset: Asset) -> Evaluation:
    policies = [str(name).lower() for name in required(asset, "authorization.consent_policies", list)]
    # Others of the list are about data of groups and teams that a person owns: settings of their own. A name without
    # either prefix, as in the example of https://learn.microsoft.com/graph/api/authorizationpolicy-get, is a person's.
    own = {name.removeprefix(_OWN_DATA) for name in policies if not name.startswith(_OWNED_RESOURCES)}
    if "microsoft-user-default-legacy" in own:
        return failed("People may consent to any app.")
    if unread := sorted(own - _NARROW_CONSENT - _MANAGED_CONSENT):
        # A policy of the tenant's own may allow much or little: its conditions are not read.
        raise UnknownFactError(f"What {unread[0][:60]} lets people consent to was not read.")
    if managed := sorted(own & _MANAGED_CONSENT):
        raise UnknownFactError(f"What {managed[0]} lets people consent to was not read; Microsoft changes it.")
    return passed("People may consent to apps of verified publishers at most." if own else "Nobody may consent.")


@posture_check(
    "azure_entra_app_registration",
    "Everybody may register apps",
    Severity.LOW,
    "directory",
    TENANT,
    why="Each app is an identity of its own, with secrets that nobody looks after once its maker has gone.",
    console="Microsoft Entra admin center, Users, User settings, Users can register applications: No.",
    command=patch_authorization('{"defaultUserRolePermissions":{"allowedToCreateApps":false}}'),
    references=cite_entra("fundamentals/users-default-permissions"),
    expected={"authorization.people_register_apps": False},
)
def app_registration(asset: Asset) -> Evaluation:
    allowed = required(asset, "authorization.people_register_apps", bool)
    return expect(not allowed, "Every member may register apps.", "Registering apps takes a role.")


@posture_check(
    "azure_entra_tenant_creation",
    "Everybody may make tenants",
    Severity.LOW,
    "directory",
    TENANT,
    why="Whoever makes a tenant is its Global Administrator: what is put there is outside of what watches this one.",
    console="Microsoft Entra admin center, Users, User settings, Restrict non-admin users from creating tenants: Yes.",
    command=patch_authorization('{"defaultUserRolePermissions":{"allowedToCreateTenants":false}}'),
    references=cite_entra("fundamentals/users-default-permissions"),
    expected={"authorization.people_create_tenants": False},
)
def tenant_creation(asset: Asset) -> Evaluation:
    allowed = required(asset, "authorization.people_create_tenants", bool)
    return expect(not allowed, "Every member may make tenants.", "Making tenants takes a role.")


@posture_check(
    "azure_entra_app_secret_age",
    "App has an old secret or certificate",
    Severity.MEDIUM,
    "directory",
    _APP,
    why="A secret that was copied once, into a pipeline or a ticket, opens what the app may until it "
    "ends or is deleted.",
    console="Microsoft Entra admin center, App registrations, the app, Certificates & secrets: add a new one, put "
    "it into use, delete the old one.",
    command="az ad app credential list --id <client-id>",
    references=cite_entra("identity-platform/security-best-practices-for-app-registration"),
    time_dependent=True,
    thresholds=(SECRET_AGE,),
)
def app_secret_age(asset: Asset) -> Evaluation:
    secrets = [row for row in rows(asset, "secrets") if not _has_ended(asset, row)]
    certificates = [row for row in rows(asset, "certificates") if not _has_ended(asset, row)]
    usages = [(str(row.get("usage")).lower(), row) for row in certificates]
    valid = [*secrets, *(row for usage, row in usages if usage == _SIGNS_IN)]
    unclear = any(usage not in {_SIGNS_IN, *_SIGNS_NOBODY_IN} for usage, _ in usages)
    if not valid and not unclear:
        return not_applicable("None that it could sign in with is valid any more.")
    oldest = max((days_since(asset, row.get("since")) for row in valid), default=0)
    sentence = f"The oldest that is valid is {oldest} days old; the limit is {limit(SECRET_AGE)}."
    if oldest <= limit(SECRET_AGE) and unclear:
        return unknown("What one of its certificates is for is not told in a way that is known here.")
    return expect(oldest <= limit(SECRET_AGE), sentence, sentence)


def _has_ended(asset: Asset, credential: Mapping[str, Any]) -> bool:
    return days_since(asset, credential.get("until")) >= 0


def _count(asset: Asset, name: str) -> int:
    count = known(asset, name)
    if not isinstance(count, int) or isinstance(count, bool):
        raise UnknownFactError(f"{name} has a form that is not known here.")
    return count


CHECKS = (
    security_defaults,
    second_factor,
    administrators_second_factor,
    app_consent,
    app_registration,
    tenant_creation,
    app_secret_age,
)
