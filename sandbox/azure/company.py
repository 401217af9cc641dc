"""The believable small company in Azure: its subscriptions, well and badly configured, and who may do what.

Names fit the simulated AWS: the same people run both.
"""

from dataclasses import dataclass
from typing import Any

from sandbox.azure.compute_resources import alerts, cluster, disk, firewall, machine, network, web_app, zone
from sandbox.azure.resources import Item, export, postgres, sql_database, sql_server, storage, vault

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
    alerts: tuple[str, ...] = ()  # operations that an alert watches
    owners: tuple[str, ...] = ()  # people, beside the two that every subscription has


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
_PLANS = ("VirtualMachines", "SqlServers", "AppServices", "StorageAccounts", "KeyVaults", "Arm", "Containers")


def _plans(on: tuple[str, ...]) -> tuple[tuple[str, dict[str, Any]], ...]:
    return tuple(
        (f"Microsoft.Security/pricings/{name}", {"pricingTier": "Standard" if name in on else "Free"})
        for name in _PLANS
    )


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
        ),
        tags=(("team", "data"), ("env", "prod")),
        unregistered=("Microsoft.DBforPostgreSQL",),
        extensions=(
            ("Microsoft.Insights/diagnosticSettings/central", _EXPORTED),
            *_plans(_PLANS),
        ),
        alerts=_WATCHED,
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
            web_app("larkfield-checkout", group="payments"),
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
            vault("legacy-secrets", group="old", good=False),
        ),
        extensions=_plans(()),
        owners=("kim.aster", "lou.brand"),
    ),
    SubscriptionSpec(
        EXPERIMENTS, MAIN, _EUROPE, (storage("oldexperiments", group="lab", good=False),), state="Disabled"
    ),
    SubscriptionSpec(MANAGEMENT, MAIN, _EUROPE, (storage("larkfieldplatform", group="logs"),)),
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
