"""The believable small company in Azure: its subscriptions, well and badly configured, and who may do what.

Names fit the simulated AWS: the same people run both.
"""

from dataclasses import dataclass
from typing import Any

from sandbox.azure.compute_resources import (
    alerts,
    application_gateway,
    application_insights,
    bastion,
    cluster,
    disk,
    firewall,
    front_door_firewall,
    machine,
    network,
    public_address,
    scale_set,
    slot,
    vpn_gateway,
    watcher,
    web_app,
    zone,
)
from sandbox.azure.directory import Person
from sandbox.azure.resources import (
    Item,
    databricks,
    export,
    managed_instance,
    mysql,
    postgres,
    sql_database,
    sql_server,
    storage,
    vault,
)

DATA_PLATFORM = "data-platform"
PAYMENTS = "payments-prod"
LEGACY = "legacy-reporting"
EXPERIMENTS = "old-experiments"
PARTNER = "partner-shop"
MANAGEMENT = "platform-management"
GOVERNMENT = "public-sector"
CHINA = "beijing-web"
MAIN = "Larkfield"
OTHER = "Harbour Goods"
TENANTS: dict[str, tuple[str, str]] = {  # name: cloud and domain
    MAIN: ("public", "larkfield.onmicrosoft.com"),
    OTHER: ("public", "harbourgoods.onmicrosoft.com"),
    "Larkfield Government": ("usgovernment", "larkfield.onmicrosoft.us"),
    "Larkfield China": ("china", "larkfield.partner.onmschina.cn"),
}
# What Microsoft Graph tells of the tenants: one that looks after its people's sign-in, and one that does not.
DIRECTORIES: dict[str, dict[str, Any]] = {
    MAIN: {
        "conditional_access": ("enabledForReportingButNotEnforced", "disabled"),
        "trusts_others": True,
        "direct_connect": True,
        "people": (
            Person("ana.lopez", second_factor=False, administrator=True),
            Person("tom.berg"),
            Person("kim.aster", second_factor=False),
            Person("lou.brand", second_factor=False),
            Person("visitor_partner.example#EXT#", second_factor=False, guest=True),
        ),
    },
    "Larkfield China": {"premium": False},
    OTHER: {
        "security_defaults": True,
        "people": (Person("mia.holm", administrator=True), Person("noa.falk")),
        "guest_role": "2af84b1e-32c8-42b7-82bc-daa82404023b",
        "invitations_from": "adminsAndGuestInviters",
        "consent_policies": ("ManagePermissionGrantsForSelf.microsoft-user-default-low",),
        "people_register_apps": False,
        "people_create_tenants": False,
    },
}
_ANYWHERE = "*"


@dataclass(frozen=True)
class SubscriptionSpec:
    """A subscription to build, and what is in it."""

    name: str
    tenant: str
    locations: tuple[str, ...]
    items: tuple[Item, ...] = ()
    state: str = "Enabled"
    tags: tuple[tuple[str, str], ...] = ()
    unregistered: tuple[str, ...] = ()
    extensions: tuple[
        tuple[str, dict[str, Any]], ...
    ] = ()  # below providers/ of the subscription itself, and properties
    alerts: tuple[str, ...] = ()  # operations that an alert watches; ServiceHealth is a category
    owners: tuple[str, ...] = ()  # people, beside the two that every subscription has


# The operations that CIS Azure asks for alerts on; ServiceHealth is added apart, because it is a category and no
# operation.
_WATCHED = (
    "Microsoft.Authorization/policyAssignments/write",
    "Microsoft.Authorization/policyAssignments/delete",
    "Microsoft.Network/networkSecurityGroups/write",
    "Microsoft.Network/networkSecurityGroups/delete",
    "Microsoft.Network/publicIPAddresses/write",
    "Microsoft.Network/publicIPAddresses/delete",
    "Microsoft.Security/securitySolutions/write",
    "Microsoft.Security/securitySolutions/delete",
    "Microsoft.Sql/servers/firewallRules/write",
    "Microsoft.Sql/servers/firewallRules/delete",
)
_EXPORTED = export("central", ("Administrative", "Security", "Alert", "Policy"))[2]
# The plans of Defender for Cloud by their names in the API (Microsoft.Security/pricings), not by those that the
# portal shows.
_PLANS = (
    "VirtualMachines",
    "SqlServers",
    "SqlServerVirtualMachines",
    "OpenSourceRelationalDatabases",
    "CosmosDbs",
    "AppServices",
    "StorageAccounts",
    "KeyVaults",
    "Arm",
    "Containers",
    "Api",
    "CloudPosture",
)
_CONTACT = {
    "emails": "security@larkfield.example;on-call@larkfield.example",
    "isEnabled": True,
    "notificationsByRole": {"state": "On", "roles": ["Owner"]},
    "notificationsSources": [
        {"sourceType": "Alert", "minimalSeverity": "High"},
        {"sourceType": "AttackPath", "minimalRiskLevel": "High"},
    ],
}
# As Azure shows a contact whom nobody has entered: the object exists, its address is empty.
_NOBODY = {
    "emails": "",
    "isEnabled": True,
    "notificationsByRole": {"state": "Off", "roles": []},
    "notificationsSources": [],
}


def _defender(contact: dict[str, Any], endpoint: bool) -> tuple[tuple[str, dict[str, Any]], ...]:
    return (
        ("Microsoft.Security/securityContacts/default", contact),
        ("Microsoft.Security/settings/WDATP", {"enabled": endpoint}),
        ("Microsoft.Security/settings/MCAS", {"enabled": True}),
    )


def _plans(on: tuple[str, ...]) -> tuple[tuple[str, dict[str, Any]], ...]:
    return tuple(
        (
            f"Microsoft.Security/pricings/{name}",
            {
                "pricingTier": "Standard" if name in on else "Free",
                "resourcesCoverageStatus": "FullyCovered" if name in on else "NotCovered",
            },
        )
        for name in _PLANS
    )


_GROUPS = "{scope}/resourceGroups/{group}/providers/Microsoft.Network/networkSecurityGroups/{name}"


def _network(scope: str, group: str, name: str) -> str:
    """Its id. ``{scope}`` stands for the subscription, whose id is known when it is built."""
    return f"{scope}/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/{name}"


_EUROPE = (
    "westeurope",
    "northeurope",
    "germanywestcentral",
    "swedencentral",
    "uksouth",
    "eastus",
    "eastus2",
    "westus2",
)
SUBSCRIPTIONS: tuple[SubscriptionSpec, ...] = (
    SubscriptionSpec(
        DATA_PLATFORM,
        MAIN,
        _EUROPE,
        (
            network("lake-net", "10.60.0.0/16", group="lake"),
            firewall("lake-web", (("https", 443, _ANYWHERE),), group="lake"),
            firewall(
                "lake-bastion",
                (("ssh", 22, _ANYWHERE), ("rdp", 3389, "203.0.113.0/24")),
                group="lake",
                closed=("10.20.1.4",),
            ),
            machine("airflow-1", group="lake"),
            machine("airflow-2", group="lake"),
            machine("bastion", group="lake", good=False),
            disk("forgotten-restore", group="lake", size=512),
            storage("larkfieldraw", group="lake"),
            storage("larkfieldcurated", group="lake"),
            storage("larkfieldexports", group="lake", location="northeurope"),
            storage("larkfieldpublicdocs", group="docs", good=False, location="northeurope"),
            vault("larkfield-lake", group="lake"),
            sql_server("larkfield-warehouse", group="lake"),
            sql_database("larkfield-warehouse", "warehouse", group="lake"),
            cluster("lake-aks", group="lake"),
            zone("larkfield.example", group="docs"),
            alerts("data-on-call", group="lake"),
            bastion("lake-bastion-host", group="lake"),
            application_insights("lake-insights", group="lake"),
            vpn_gateway("lake-vpn", group="lake"),
            *application_gateway("lake-gateway", group="lake"),
            front_door_firewall("lakedoor", group="lake"),
            databricks("lake-notebooks", group="lake", network=_network("{scope}", "lake", "lake-net")),
            *watcher("westeurope", target=_network("{scope}", "lake", "lake-net")),
            *watcher("northeurope"),
        ),
        tags=(("team", "data"), ("env", "prod")),
        unregistered=("Microsoft.DBforPostgreSQL",),
        extensions=(
            ("Microsoft.Insights/diagnosticSettings/central", _EXPORTED),
            *_plans(_PLANS),
            *_defender(_CONTACT, endpoint=True),
        ),
        alerts=(*_WATCHED, "ServiceHealth"),
    ),
    SubscriptionSpec(
        PAYMENTS,
        MAIN,
        _EUROPE,
        (
            network("payments-net", "10.70.0.0/16", group="payments"),
            firewall("payments-web", (("https", 443, _ANYWHERE),), group="payments"),
            machine("payments-api-1", group="payments"),
            machine("payments-api-2", group="payments"),
            storage("larkfieldsettlements", group="payments"),
            storage("larkfieldreceipts", group="payments", good=False),
            vault("larkfield-payments", group="payments", good=False),
            postgres("larkfield-payments-db", group="payments", good=False),
            postgres("larkfield-ledger-db", group="payments"),
            mysql("larkfield-loyalty-db", group="payments"),
            web_app("larkfield-checkout", group="payments"),
            slot("larkfield-checkout", "staging", group="payments", good=False),
            scale_set("payments-workers", group="payments"),
        ),
        tags=(("team", "payments"), ("pci", "yes")),
        extensions=_plans(("KeyVaults",)),
        alerts=_WATCHED[:2],
    ),
    SubscriptionSpec(
        LEGACY,
        MAIN,
        _EUROPE,
        (
            firewall(
                "everything", (("ssh", 22, "0.0.0.0/0"), ("rdp", 3389, "Internet"), ("any", 1433, "*")), group="old"
            ),
            machine("report-server", group="old", good=False, location="westus2"),
            disk("dumps", group="old", size=1024, location="westus2"),
            storage("legacyreportdumps", group="old", good=False, location="westus2"),
            sql_server("legacy-reports", group="old", good=False),
            sql_database("legacy-reports", "reports", group="old", encrypted=False),
            web_app("legacy-reports", group="old", good=False),
            scale_set("report-workers", group="old", good=False),
            managed_instance("legacy-instance", group="old", good=False),
            vault("legacy-secrets", group="old", good=False),
            network("old-net", "10.9.0.0/16", group="old", good=False),
            public_address("report-server", "203.0.113.77", group="old"),
            mysql("legacy-shop-db", group="old", good=False),
            vpn_gateway("old-vpn", group="old", good=False),
            *application_gateway("old-gateway", group="old", good=False),
            front_door_firewall("olddoor", group="old", good=False),
            databricks("old-notebooks", group="old", network="", good=False),
            *watcher("westeurope", target=_GROUPS.format(scope="{scope}", group="old", name="everything"), days=30),
        ),
        extensions=(*_plans(()), *_defender(_NOBODY, endpoint=False)),
        owners=("kim.aster", "lou.brand"),
    ),
    # Disabled: Azure still answers for it, so a validation has to look at the state rather than at the refusal of a
    # call.
    SubscriptionSpec(
        EXPERIMENTS, MAIN, _EUROPE, (storage("oldexperiments", group="lab", good=False),), state="Disabled"
    ),
    SubscriptionSpec(
        MANAGEMENT,
        MAIN,
        _EUROPE,
        (
            storage("larkfieldplatform", group="logs"),
            # What is easily taken for the best or the worst: no settings, halves of the internet, a perimeter.
            machine("restored-server", group="ops", restored=True),
            firewall("two-halves", (("low", 22, "0.0.0.0/1"), ("high", 22, "128.0.0.0/1")), group="ops"),
            vault("larkfield-perimeter", group="ops", perimeter=True),
        ),
    ),
    SubscriptionSpec(PARTNER, OTHER, _EUROPE, (storage("harbourshop", group="shop"),)),
    SubscriptionSpec(
        GOVERNMENT,
        "Larkfield Government",
        ("usgovvirginia", "usgovarizona", "usgovtexas"),
        (storage("larkfieldrecords", group="records", location="usgovvirginia"),),
    ),
    SubscriptionSpec(
        CHINA,
        "Larkfield China",
        ("chinanorth3", "chinaeast2"),
        (storage("larkfieldbeijing", group="web", good=False, location="chinanorth3"),),
    ),
)
