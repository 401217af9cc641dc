"""Cases of the checks of the tenant."""

from __future__ import annotations

from typing import Any

from tests.cloudaccounts.providers.azure.cases import Cases, on_day

RESTRICTED, LIMITED, MEMBER = (
    "2af84b1e-32c8-42b7-82bc-daa82404023b", "10dae51f-b6af-4016-8d66-8c2a99b929b3",
    "a0b1b346-4d3e-4e8b-98f8-753987be4970",
)  # fmt: skip
SELF = "ManagePermissionGrantsForSelf.microsoft-user-default-"
TEAMS = "ManagePermissionGrantsForOwnedResource.microsoft-dynamically-managed-permissions-for-team"


def setting(name: str, *values: Any) -> tuple[dict[str, Any], ...]:
    return tuple({"authorization": {name: value, "other": number}} for number, value in enumerate(values))


def untold(name: str, *odd: Any) -> tuple[dict[str, Any], ...]:
    return ({}, {"authorization": None}, {"authorization": {}}, *setting(name, None, *odd))


def trusts(factor: Any = False, devices: Any = False, joined: Any = False) -> dict[str, Any]:
    """What holds for people of every other tenant."""
    told = {"trusts_second_factor": factor, "trusts_compliant_devices": devices, "trusts_joined_devices": joined}
    return {"cross_tenant": told}


def direct(people: Any, apps: Any, *, everybody: Any = True, everything: Any = True) -> dict[str, Any]:
    told = {"direct_people": {"access": people, "all": everybody}, "direct_apps": {"access": apps, "all": everything}}
    return {"cross_tenant": told}


def without(**counts: Any) -> dict[str, Any]:
    """How many have registered no second factor."""
    names = ("people", "guests", "administrators", "guest_administrators", "untold")
    return {"without_second_factor": {**dict.fromkeys(names, 0), **counts}}


def certificate(since: str, usage: Any = "Verify") -> dict[str, Any]:
    return {**credential(since), "usage": usage}


def credential(since: str, until: str = "2028-01-01T00:00:00Z") -> dict[str, str]:
    return {"since": f"{since}T00:00:00Z", "until": until}


def app(*secrets: dict[str, Any], certificates: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return on_day("2026-11-30", secrets=list(secrets), certificates=list(certificates))


ENDED = credential("2019-01-01", "2026-11-29T00:00:00Z")
CASES: dict[str, Cases] = {
    "azure_entra_security_defaults": Cases(
        (
            {"security_defaults": True},
            {"security_defaults": True, "conditional_access_policies": 0},
            {"security_defaults": True, "conditional_access_policies": None},
        ),
        tuple({"security_defaults": False, "conditional_access_policies": 0, "x": number} for number in range(3)),
        tuple({"security_defaults": False, "conditional_access_policies": number} for number in (1, 12)),
        (
            {"security_defaults": None, "conditional_access_policies": 0},
            {"security_defaults": False, "conditional_access_policies": None},
            {"security_defaults": False, "conditional_access_policies": "many"},
            {},
        ),
    ),
    "azure_entra_second_factor": Cases(
        (without(), without(guest_administrators=2), without(administrators=0)),
        (without(people=1), without(people=2, guests=5), without(people=900, untold=3)),
        (),
        (
            without(guests=1),
            without(untold=1),
            {"without_second_factor": {"people": 0, "administrators": 0}},  # before guests were told apart
            {"without_second_factor": {}},
            without(people="all"),
            without(administrators=None),
            {"without_second_factor": None},
            {},
        ),
    ),
    "azure_entra_administrators_second_factor": Cases(
        (without(), without(people=3), without(guests=3)),
        (without(people=1, administrators=1), without(administrators=2, untold=1), without(administrators=900)),
        (),
        (
            without(guest_administrators=1),
            without(untold=2),
            {"without_second_factor": {"people": 0}},
            without(administrators=True),
            {"without_second_factor": None},
            {},
        ),
    ),
    "azure_entra_guest_access": Cases(
        setting("guest_role", RESTRICTED, RESTRICTED.upper(), RESTRICTED),
        setting("guest_role", LIMITED, MEMBER, LIMITED.upper()),
        (),
        untold("guest_role", "", 1, "00000000-0000-0000-0000-000000000000"),
    ),
    "azure_entra_guest_invitations": Cases(
        setting("invitations_from", "none", "adminsAndGuestInviters", "none"),
        setting("invitations_from", "everyone", "adminsGuestInvitersAndAllMembers", "everyone"),
        (),
        untold("invitations_from", "unknownFutureValue", True),
    ),
    "azure_entra_cross_tenant_trust": Cases(
        (trusts(), {"cross_tenant": {**trusts()["cross_tenant"], "direct_people": None}}, {**trusts(), "more": 1}),
        (trusts(factor=True), trusts(devices=True), trusts(joined=True), trusts(factor=True, devices=None)),
        (),
        (
            {},
            {"cross_tenant": None},
            {"cross_tenant": {}},
            trusts(factor=None),
            trusts(devices="yes"),
            trusts(joined=1),
        ),
    ),
    "azure_entra_direct_connect": Cases(
        (direct("blocked", "blocked"), direct("blocked", "allowed"), direct("allowed", "blocked")),
        (
            direct("allowed", "allowed"),
            direct("allowed", "allowed", everything=False),
            direct("allowed", "allowed", everybody=False),
        ),
        (),
        (
            {},
            {"cross_tenant": None},
            {"cross_tenant": {"direct_people": None, "direct_apps": None}},
            direct("blocked", "allowed", everybody=False),
            direct("unknownFutureValue", "allowed"),
            direct("allowed", None),
            direct("allowed", "allowed", everything=None),
        ),
    ),
    "azure_entra_app_consent": Cases(
        setting("consent_policies", [], [f"{SELF}low"], [TEAMS], [f"{SELF}low".upper(), TEAMS]),
        setting(
            "consent_policies", [f"{SELF}legacy"], [TEAMS, f"{SELF}legacy".lower()], [f"{SELF}low", f"{SELF}legacy"]
        ),
        (),
        untold(
            "consent_policies",
            "legacy",
            ["ManagePermissionGrantsForSelf.our-own"],
            ["just-user-read"],
            [f"{SELF}recommended"],
            [f"{SELF}low", f"{SELF}allow-consent-apps"],
        ),
    ),
    "azure_entra_app_registration": Cases(
        setting("people_register_apps", False, False, False),
        setting("people_register_apps", True, True, True),
        (),
        untold("people_register_apps", "no", 0),
    ),
    "azure_entra_tenant_creation": Cases(
        setting("people_create_tenants", False, False, False),
        setting("people_create_tenants", True, True, True),
        (),
        untold("people_create_tenants", "no", 0),
    ),
    "azure_entra_app_secret_age": Cases(
        (
            app(credential("2026-11-01")),
            app(credential("2026-06-03"), ENDED),  # 180 days
            app(certificates=(certificate("2026-11-30"),)),
            # With "Encrypt" Entra encrypts what it tells the app; nobody signs in with it.
            app(credential("2026-11-01"), certificates=(certificate("2018-10-25", "Encrypt"),)),
        ),
        (
            app(credential("2026-06-02")),
            app(credential("2026-11-01"), credential("2020-01-01")),
            app(credential("2026-11-01"), certificates=(certificate("2025-01-01"),)),
            app(credential("2020-01-01"), certificates=(certificate("2026-11-01", "NewUse"),)),
            app(certificates=(certificate("2020-01-01", "verify"),)),
        ),
        (app(ENDED), app(), app(certificates=(certificate("2018-10-25", "encrypt"),))),
        (
            app({"since": None, "until": "2028-01-01T00:00:00Z"}),
            app({"since": "2026-11-01T00:00:00Z", "until": None}),
            app({"since": "yesterday", "until": "never"}),
            app(certificates=(certificate("2020-01-01", "Sign"),)),
            app(credential("2026-11-01"), certificates=(certificate("2026-11-01", None),)),
            {"secrets": [], "observed": {"at": "2026-11-30T12:00:00+00:00"}},
        ),
    ),
}
