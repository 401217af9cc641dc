"""The Activity Log, Microsoft Defender, tools in use, and the directory."""

from __future__ import annotations

from typing import Any

from cloudaccounts.providers.azure.checks.defender import PLANS
from cloudaccounts.providers.azure.checks.monitoring import WATCHED
from tests.cloudaccounts.providers.azure.cases import Cases

EXPORT = {"name": "central", "to": ["workspaceId"], "logs": ["Administrative", "Security", "Alert", "Policy"]}
CONTACT = {
    "enabled": True,
    "addresses": 1,
    "roles": ["Owner"],
    "roles_state": "On",
    "alert_severity": "High",
    "attack_path_risk": "Medium",
}


def alert(field: str, value: str) -> Cases:
    good = {"name": "a", field: value, "acts": True}
    every = {"name": "c", "category": "administrative", "acts": True}
    other = {"name": "b", "operation": "microsoft.compute/disks/write", "acts": True}
    return Cases(
        (
            {"alerts": [good]},
            {"alerts": [other, good]},
            {"alerts": [{**good, field: value.upper()}]},
            *([{"alerts": [every]}] if field == "operation" else []),
        ),
        (
            {"alerts": []},
            {"alerts": [{**good, "acts": False}]},
            {"alerts": [other]},
            {"alerts": [{**every, "acts": False}]},
            *([] if field == "operation" else [{"alerts": [every]}]),
        ),
        (),
        ({"alerts": "odd"}, {"alerts": None}, {}),
    )


def plan(name: str) -> Cases:
    return Cases(
        (
            *tuple({"plans": {name: tier}} for tier in ("Standard", "standard")),
            {"plans": {name.lower(): "Standard", "Other": "Free"}},
            {"plans": {name: "Standard"}, "coverage": {}},
            *({"plans": {name: "Standard"}, "coverage": {name: how}} for how in ("FullyCovered", "PartiallyCovered")),
        ),
        (
            *tuple({"plans": {name: tier}} for tier in ("Free", "free")),
            {"plans": {name.lower(): "Free", "Other": "Standard"}},
            {"plans": {name: "Standard"}, "coverage": {name: "NotCovered"}},
            {"plans": {name: "Standard"}, "coverage": {name.lower(): "notcovered"}},
            {"plans": {name: "Free"}, "coverage": {name: "PartiallyCovered"}},
        ),
        (),
        (
            {"plans": {name: "Standard"}, "coverage": {name: "Elsewhere"}},
            {"plans": {name: "Standard"}, "coverage": "odd"},
            {"plans": {}},
            {"plans": {name: "Premium"}},
            {"plans": {name: None}},
            {"plans": "odd"},
            {},
        ),
    )


def contact(**good: Any) -> Cases:
    (name,) = list(good)[:1]
    bad: dict[str, Any] = {"roles": [], "addresses": 0, "alert_severity": None, "attack_path_risk": None}
    odd: dict[str, Any] = {"roles": "odd", "addresses": "odd", "alert_severity": "Loud", "attack_path_risk": "Odd"}
    unknown: list[dict[str, Any]] = [{"contacts": [{**CONTACT, "enabled": None}]}, {"contacts": None}]
    if name != "addresses":
        unknown += [{"contacts": []}, {"contacts": [{**CONTACT, name: odd[name]}]}]
    empty: list[dict[str, Any]] = [{"contacts": []}] if name == "addresses" else []
    return Cases(
        (
            {"contacts": [{**CONTACT, **good}]},
            {"contacts": [{**CONTACT, name: bad[name]}, CONTACT]},
            {"contacts": [CONTACT, {**CONTACT, "enabled": False}]},
        ),
        (
            {"contacts": [{**CONTACT, name: bad[name]}]},
            {"contacts": [{**CONTACT, "enabled": False}]},
            {"contacts": [{**CONTACT, name: bad[name]}, {**CONTACT, "enabled": False}]},
            *empty,
        ),
        (),
        tuple(unknown),
    )


def count(name: str, **more: int) -> Cases:
    return Cases(
        tuple({name: number, **more} for number in (1, 2, 50)),
        ({name: 0, **more}, {name: 0, **more, "regions": []}, {name: 0, **more, "regions": ["westeurope"]}),
        ({name: 0, "machines": 0},) if more else (),
        ({name: None, **more}, {name: "one", **more}, {name: True, **more}, {}),
    )


CASES = {
    "azure_activity_log_exported": Cases(
        (
            {"exports": [EXPORT]},
            {"exports": [{**EXPORT, "logs": ["allLogs"]}]},
            {"exports": [{**EXPORT, "to": []}, {**EXPORT, "logs": ["Policy"]}]},
        ),
        ({"exports": []}, {"exports": [{**EXPORT, "to": []}]}, {"exports": [{**EXPORT, "logs": []}]}),
        (),
        ({"exports": "odd"}, {"exports": [{**EXPORT, "logs": 7}]}, {}),
    ),
    "azure_activity_log_categories": Cases(
        (
            {"exports": [EXPORT]},
            {"exports": [{**EXPORT, "logs": ["allLogs"]}]},
            {"exports": [{**EXPORT, "logs": ["administrative", "security"]}, {**EXPORT, "logs": ["Alert", "Policy"]}]},
        ),
        (
            {"exports": []},
            {"exports": [{**EXPORT, "logs": ["Administrative"]}]},
            {"exports": [{**EXPORT, "to": []}]},
        ),
        (),
        ({"exports": "odd"}, {"exports": [{**EXPORT, "logs": 7}]}, {}),
    ),
    **{f"azure_alert_{suffix}": alert("operation", operation) for suffix, _, operation in WATCHED},
    "azure_alert_service_health": alert("category", "servicehealth"),
    **{f"azure_defender_{suffix}": plan(name) for suffix, name, _ in PLANS},
    "azure_defender_endpoint": Cases(
        tuple({"integrations": {"WDATP": True, **more}} for more in ({}, {"MCAS": False}, {"Sentinel": True})),
        tuple({"integrations": {"WDATP": False, **more}} for more in ({}, {"MCAS": True}, {"Sentinel": True})),
        (),
        ({"integrations": {}}, {"integrations": {"WDATP": None}}, {"integrations": {"WDATP": "on"}}, {}),
    ),
    "azure_defender_notify_owners": contact(roles=["Contributor", "owner"], roles_state="on"),
    "azure_defender_notify_addresses": contact(addresses=3),
    "azure_defender_notify_alerts": contact(alert_severity="Low"),
    "azure_defender_notify_attack_paths": contact(attack_path_risk="Critical"),
    "azure_network_watcher": Cases(
        (
            {"regions": ["westeurope"], "watched_regions": ["westeurope"]},
            {"regions": ["westeurope"], "watched_regions": ["eastus", "westeurope"]},
            {"regions": ["eastus", "westeurope"], "watched_regions": ["eastus", "westeurope"]},
        ),
        (
            {"regions": ["westeurope"], "watched_regions": []},
            {"regions": ["westeurope"], "watched_regions": ["eastus"]},
            {"regions": ["eastus", "westeurope"], "watched_regions": ["eastus"]},
        ),
        ({"regions": [], "watched_regions": []},),
        ({"regions": None, "watched_regions": []}, {"regions": ["x"], "watched_regions": "odd"}, {}),
    ),
    "azure_bastion_host": count("bastions", machines=3),
    "azure_application_insights": count("application_insights"),
}
