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
    value,
)
from cloudaccounts.provider_kit.thresholds import limit
from cloudaccounts.providers.azure.checks.references import cite_entra

_TENANT = "azure.entra.tenant"
_APP = "azure.entra.application"
SECRET_AGE = Threshold("azure_app_secret_age", "Age of an Entra app's secret or certificate", 180, least=1, most=730)
# Templates of roles for guests: https://learn.microsoft.com/graph/api/resources/authorizationpolicy
_RESTRICTED_GUEST = "2af84b1e-32c8-42b7-82bc-daa82404023b"
_GUESTS = {
    "a0b1b346-4d3e-4e8b-98f8-753987be4970": "may read what members may",
    "10dae51f-b6af-4016-8d66-8c2a99b929b3": "may read who is in each group that is not hidden",
    _RESTRICTED_GUEST: "see themselves alone",
}
# Values of allowInvitesFrom, on the same page: whether it is narrow, and who they are.
_INVITERS = {
    "none": (True, "Nobody"),
    "adminsAndGuestInviters": (True, "Administrators and guest inviters"),
    "adminsGuestInvitersAndAllMembers": (False, "All members"),
    "everyone": (False, "Everybody, guests as well,"),
}
# What may be trusted of other tenants: https://learn.microsoft.com/graph/api/resources/crosstenantaccesspolicyinboundtrust
_TRUSTED = {
    "trusts_second_factor": "second factors",
    "trusts_compliant_devices": "compliant devices",
    "trusts_joined_devices": "joined devices",
}
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


def _patch(body: str) -> str:
    return f"az rest --method patch --url https://graph.microsoft.com/v1.0/policies/authorizationPolicy --body '{body}'"


@posture_check(
    "azure_entra_security_defaults",
    "Nothing asks for a second factor in the tenant",
    Severity.HIGH,
    "directory",
    _TENANT,
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
    _TENANT,
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
    _TENANT,
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
    "azure_entra_guest_access",
    "Guests can look around in the directory",
    Severity.MEDIUM,
    "directory",
    _TENANT,
    why="A guest that may read who is in which group, or an attacker with a guest's account, learns who is who, and "
    "who is worth attacking.",
    console="Microsoft Entra admin center, External Identities, External collaboration settings, Guest user access, "
    "the most restrictive choice.",
    command=_patch(f'{{"guestUserRoleId":"{_RESTRICTED_GUEST}"}}'),
    references=cite_entra("identity/users/users-restrict-guest-permissions"),
    expected={"authorization.guest_role": _RESTRICTED_GUEST},
)
def guest_access(asset: Asset) -> Evaluation:
    role = required(asset, "authorization.guest_role", str).lower()
    if role not in _GUESTS:
        raise UnknownFactError("The role of guests is one that is not known here.")
    return expect(role == _RESTRICTED_GUEST, f"Guests {_GUESTS[role]}.", f"Guests {_GUESTS[role]}.")


@posture_check(
    "azure_entra_guest_invitations",
    "Everybody may invite guests",
    Severity.MEDIUM,
    "directory",
    _TENANT,
    why="Who may invite decides who gets in. Where all members may, or guests themselves, nobody "
    "knows who is in the tenant.",
    console="Microsoft Entra admin center, External Identities, External collaboration settings, Guest invite "
    "settings, Only users assigned to specific admin roles.",
    command=_patch('{"allowInvitesFrom":"adminsAndGuestInviters"}'),
    references=cite_entra("external-id/external-collaboration-settings-configure"),
    expected={"authorization.invitations_from": "adminsAndGuestInviters"},
)
def guest_invitations(asset: Asset) -> Evaluation:
    who = required(asset, "authorization.invitations_from", str)
    if who not in _INVITERS:
        raise UnknownFactError("Who may invite guests is told in a way that is not known here.")
    is_narrow, inviters = _INVITERS[who]
    return expect(is_narrow, f"{inviters} may invite guests.", f"{inviters} may invite guests.")


@posture_check(
    "azure_entra_cross_tenant_trust",
    "What every other tenant says of its people is taken for true",
    Severity.MEDIUM,
    "directory",
    _TENANT,
    why="Conditional access then takes a second factor or a managed device for given where any other tenant says so. "
    "Whoever owns a tenant can have it say so. Trust belongs into the agreement with one organization.",
    console="Microsoft Entra admin center, External Identities, Cross-tenant access settings, Default settings, "
    "Inbound access, Trust settings: clear all three. Give organizations that you trust settings of their own first.",
    command="az rest --method patch --url https://graph.microsoft.com/v1.0/policies/crossTenantAccessPolicy/default "
    '--body \'{"inboundTrust":{"isMfaAccepted":false,"isCompliantDeviceAccepted":false,'
    '"isHybridAzureADJoinedDeviceAccepted":false}}\'',
    references=cite_entra("external-id/cross-tenant-access-overview"),
    expected={f"cross_tenant.{name}": False for name in _TRUSTED},
)
def cross_tenant_trust(asset: Asset) -> Evaluation:
    # Each is read before one decides: what is not told is unknown, unless another is trusted.
    told = {name: _told_flag(asset, f"cross_tenant.{name}") for name in _TRUSTED}
    if trusted := [words for name, words in _TRUSTED.items() if told[name]]:
        return failed(f"Of every other tenant, {' and '.join(trusted)} count as if they were checked here.")
    if None in told.values():
        raise UnknownFactError("What is trusted of other tenants is told in a way that is not known here.")
    return passed("Nothing is trusted of a tenant without settings of its own.")


def _told_flag(asset: Asset, path: str) -> bool | None:
    told = value(asset, path)
    return told if isinstance(told, bool) else None


@posture_check(
    "azure_entra_direct_connect",
    "People of every other tenant may be let in without a guest account",
    Severity.MEDIUM,
    "directory",
    _TENANT,
    why="Direct connect lets people of another tenant into shared channels of Teams without an account here: no list "
    "of guests names them. By default nobody is; whom you work with has settings of their own.",
    console="Microsoft Entra admin center, External Identities, Cross-tenant access settings, Default settings, "
    "Inbound access, B2B direct connect: Block access for all external users and groups and all applications.",
    command="az rest --method patch --url https://graph.microsoft.com/v1.0/policies/crossTenantAccessPolicy/default "
    '--body \'{"b2bDirectConnectInbound":{"usersAndGroups":{"accessType":"blocked","targets":'
    '[{"target":"AllUsers","targetType":"user"}]},"applications":{"accessType":"blocked","targets":'
    '[{"target":"AllApplications","targetType":"application"}]}}}\'',
    references=cite_entra("external-id/b2b-direct-connect-overview"),
    expected={"cross_tenant.direct_people": {"access": "blocked", "all": True}},
)
def direct_connect(asset: Asset) -> Evaluation:
    settings = [_direct(asset, "direct_people"), _direct(asset, "direct_apps")]
    # One that blocks everything is enough: nobody comes to nothing.
    if ("blocked", True) in settings:
        return passed("Nobody of another tenant is let in by direct connect, unless by settings of its own.")
    if all(access == "allowed" for access, _ in settings):
        return failed("People of every other tenant may be let in by direct connect.")
    raise UnknownFactError("Whom direct connect lets in is told in a way that is not known here.")


def _direct(asset: Asset, name: str) -> tuple[str, bool]:
    setting = mapping(asset, f"cross_tenant.{name}")
    access, everything = setting.get("access"), setting.get("all")
    if access not in ("allowed", "blocked") or not isinstance(everything, bool):
        raise UnknownFactError("Whom direct connect lets in is told in a way that is not known here.")
    return access, everything


@posture_check(
    "azure_entra_app_consent",
    "People may let any app into their data",
    Severity.HIGH,
    "directory",
    _TENANT,
    why="Attackers ask for consent in place of a password: an app that somebody let in reads mail and files, whatever "
    "second factor there is, until somebody takes the consent back.",
    console="Microsoft Entra admin center, Enterprise applications, Consent and permissions, User consent settings: do "
    "not allow, or verified publishers and selected permissions only. By command the list is replaced as a whole: give "
    "again what the first command shows.",
    # The list is replaced as a whole, so what else is in it has to be given again: same page.
    command="az rest --method get --url https://graph.microsoft.com/v1.0/policies/authorizationPolicy "
    '--query "defaultUserRolePermissions.permissionGrantPoliciesAssigned'
    "[?starts_with(@, 'ManagePermissionGrantsForOwnedResource.')]\"\n"
    + _patch(
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
    _TENANT,
    why="Each app is an identity of its own, with secrets that nobody looks after once its maker has gone.",
    console="Microsoft Entra admin center, Users, User settings, Users can register applications: No.",
    command=_patch('{"defaultUserRolePermissions":{"allowedToCreateApps":false}}'),
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
    _TENANT,
    why="Whoever makes a tenant is its Global Administrator: what is put there is outside of what watches this one.",
    console="Microsoft Entra admin center, Users, User settings, Restrict non-admin users from creating tenants: Yes.",
    command=_patch('{"defaultUserRolePermissions":{"allowedToCreateTenants":false}}'),
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
    guest_access,
    guest_invitations,
    cross_tenant_trust,
    direct_connect,
    app_consent,
    app_registration,
    tenant_creation,
    app_secret_age,
)
