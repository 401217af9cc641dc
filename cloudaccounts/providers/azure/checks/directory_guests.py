"""Guests and other tenants: who may be let in, by whom, and what is taken for true of them."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    expect,
    failed,
    mapping,
    passed,
    posture_check,
    required,
    value,
)
from cloudaccounts.providers.azure.checks.directory import TENANT, patch_authorization
from cloudaccounts.providers.azure.checks.references import cite_entra

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


@posture_check(
    "azure_entra_guest_access",
    "Guests can look around in the directory",
    Severity.MEDIUM,
    "directory",
    TENANT,
    why="A guest that may read who is in which group, or an attacker with a guest's account, learns who is who, and "
    "who is worth attacking.",
    console="Microsoft Entra admin center, External Identities, External collaboration settings, Guest user access, "
    "the most restrictive choice.",
    command=patch_authorization(f'{{"guestUserRoleId":"{_RESTRICTED_GUEST}"}}'),
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
    TENANT,
    why="Who may invite decides who gets in. Where all members may, or guests themselves, nobody "
    "knows who is in the tenant.",
    console="Microsoft Entra admin center, External Identities, External collaboration settings, Guest invite "
    "settings, Only users assigned to specific admin roles.",
    command=patch_authorization('{"allowInvitesFrom":"adminsAndGuestInviters"}'),
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
    TENANT,
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
    TENANT,
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


CHECKS = (guest_access, guest_invitations, cross_tenant_trust, direct_connect)
