"""Azure Databricks."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    UnknownFactError,
    abridge,
    expect,
    failed,
    flag,
    known,
    list_of_texts,
    mappings,
    not_applicable,
    posture_check,
    text,
    value,
)
from cloudaccounts.providers.azure.checks import firewalls
from cloudaccounts.providers.azure.checks.references import cite
from cloudaccounts.providers.azure.checks.values import is_one_of

_WORKSPACE = "azure.databricks.workspace"


def _is_serverless(asset: Asset) -> bool:
    """Such a workspace has no network of the customer's. Workspaces of before the choice have clusters: ``Hybrid``."""
    return is_one_of(asset, "compute_mode", good=("Serverless",), bad=("Hybrid",), absent=False)


@posture_check(
    "azure_databricks_own_network",
    "Databricks runs in a network that is not yours",
    Severity.MEDIUM,
    "analytics",
    _WORKSPACE,
    why="In a network of Databricks' own making nobody can restrict where clusters connect to: data can leave by any "
    "way.",
    console="Make a new workspace with Deploy in your own virtual network, and move to it: it cannot be changed.",
    command="az databricks workspace create --resource-group <group> --name <new-workspace> --location <region> "
    "--sku premium --vnet <network-id> --public-subnet <subnet> --private-subnet <other-subnet>",
    references=cite("databricks/security/network/classic/vnet-inject"),
)
def own_network(asset: Asset) -> Evaluation:
    if _is_serverless(asset):
        return not_applicable("A serverless workspace runs in no network of yours.")
    known(asset, "resource_type")
    return expect(
        bool(value(asset, "virtual_network")),
        "It runs in a network of Databricks' own.",
        "It runs in your own network.",
    )


@posture_check(
    "azure_databricks_subnet_nsg",
    "Databricks' subnets without a network security group",
    Severity.MEDIUM,
    "analytics",
    _WORKSPACE,
    why="Databricks wants a group at both subnets and keeps its own rules in it: without one nothing restricts who "
    "speaks to the clusters.",
    console="Open the virtual network, Subnets, and choose a network security group for both of the workspace's.",
    command="az network vnet subnet update --ids <subnet-id> --network-security-group <nsg-id>",
    references=cite("databricks/security/network/classic/vnet-inject"),
)
def subnet_groups(asset: Asset) -> Evaluation:
    if _is_serverless(asset):
        return not_applicable("A serverless workspace runs in no network of yours.")
    if not value(asset, "virtual_network"):
        return failed("It runs in a network of Databricks' own.")
    known(asset, "subnets")
    groups = {str(row.get("name")).lower(): row.get("network_security_group") for row in mappings(asset, "subnets")}
    names = [text(asset, name) for name in ("public_subnet", "private_subnet")]
    # The names stand in the workspace, the subnets in the network: where they do not meet, nothing is known.
    if not all(names) or any(name.lower() not in groups for name in names):
        raise UnknownFactError("Which subnets it uses was not told.")
    bare = [name for name in names if not groups[name.lower()]]
    return expect(not bare, f"Without a group: {abridge(bare)}.", "Both subnets have a group.")


@posture_check(
    "azure_databricks_logging",
    "What happens in Databricks is not logged",
    Severity.MEDIUM,
    "analytics",
    _WORKSPACE,
    why="Without its logs nobody can tell who read which data, or who made a token, after an identity was stolen.",
    console="Open the workspace, Diagnostic settings, Add diagnostic setting: all logs, sent to a Log Analytics "
    "workspace.",
    command="az monitor diagnostic-settings create --name audit --resource <id> --workspace <workspace-id> "
    '--logs \'[{"categoryGroup":"allLogs","enabled":true}]\'',
    references=cite("databricks/admin/account-settings/audit-log-delivery"),
)
def logging(asset: Asset) -> Evaluation:
    known(asset, "log_exports")
    sent = [
        name
        for export in mappings(asset, "log_exports")
        if export.get("to")
        for name in list_of_texts(export.get("logs"), "log_exports.logs")
    ]
    return expect(bool(sent), "No diagnostic setting exports its logs.", "A diagnostic setting exports its logs.")


@posture_check(
    "azure_databricks_no_public_ip",
    "Databricks' clusters have addresses on the internet",
    Severity.MEDIUM,
    "analytics",
    _WORKSPACE,
    why="With secure cluster connectivity the clusters call out and nobody can call in.",
    console="Open the workspace, Networking, enable No Public IP.",
    command="az databricks workspace update --resource-group <group> --name <workspace> --enable-no-public-ip true",
    references=cite("databricks/security/network/classic/secure-cluster-connectivity"),
    expected={"no_public_ip": True},
)
def no_public_ip(asset: Asset) -> Evaluation:
    if _is_serverless(asset):
        return not_applicable("A serverless workspace has no clusters in a network of yours.")
    # Its default depends on the version of the interface with which the workspace was made.
    on = flag(asset, "no_public_ip", default=None)
    return expect(on, "Clusters have public addresses.", "Clusters have no public address.")


@posture_check(
    "azure_databricks_public_network",
    "Databricks is reachable over the internet",
    Severity.MEDIUM,
    "analytics",
    _WORKSPACE,
    why="With the public network off, a stolen token opens the workspace from your own networks only.",
    console="Open the workspace, Networking, set Allow Public Network Access to Disabled.",
    command="az databricks workspace update --resource-group <group> --name <workspace> "
    "--public-network-access Disabled",
    references=cite("databricks/security/network/classic/private-link"),
    expected={"public_network_access": "Disabled"},
)
def public_network(asset: Asset) -> Evaluation:
    known(asset, "resource_type")
    return firewalls.no_public_network(asset)


@posture_check(
    "azure_databricks_private_endpoint",
    "Databricks without a private endpoint",
    Severity.LOW,
    "analytics",
    _WORKSPACE,
    why="By a private endpoint, what people and programs send to the workspace stays within your networks.",
    console="Open the workspace, Networking, Private endpoint connections, add one.",
    command="az network private-endpoint create --name <endpoint> --resource-group <group> --subnet <subnet-id> "
    "--private-connection-resource-id <id> --group-id databricks_ui_api --connection-name <endpoint>",
    references=cite("databricks/security/network/classic/private-link"),
)
def private_endpoint(asset: Asset) -> Evaluation:
    return firewalls.has_private_endpoint(asset)


CHECKS = (own_network, subnet_groups, logging, no_public_ip, public_network, private_endpoint)
