"""The tenant's sign-in, where the app may read it: without the optional grant all of this is unknown."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    expect,
    flag,
    known,
    mapping,
    not_applicable,
    posture_check,
)
from cloudaccounts.providers.azure.checks.references import cite_entra

_TENANT = "azure.entra.tenant"


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
    known(asset, "without_second_factor")
    counts = mapping(asset, "without_second_factor")
    people, administrators = counts.get("people"), counts.get("administrators")
    if not isinstance(people, int) or isinstance(people, bool):
        raise UnknownFactError("How many people have no second factor has a form that is not known here.")
    return expect(
        people == 0,
        f"{people} {'person has' if people == 1 else 'people have'} none; {administrators} of them administrators.",
        "Everybody has a second factor.",
    )


def _count(asset: Asset, name: str) -> int:
    count = known(asset, name)
    if not isinstance(count, int) or isinstance(count, bool):
        raise UnknownFactError(f"{name} has a form that is not known here.")
    return count


CHECKS = (security_defaults, second_factor)
