"""Key vaults."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    expect,
    failed,
    flag,
    known,
    list_of_texts,
    mappings,
    posture_check,
)
from cloudaccounts.providers.azure.checks import firewalls
from cloudaccounts.providers.azure.checks.references import cite

_VAULT = "azure.keyvault.vault"


@posture_check(
    "azure_keyvault_recoverable",
    "Key vault can be destroyed for good",
    Severity.HIGH,
    "keyvault",
    _VAULT,
    why="Without purge protection, one person or one stolen session can delete keys for ever: all that is encrypted "
    "with them is lost. It cannot be switched off again, which is its point.",
    console="Open the key vault, Properties, choose Enable purge protection.",
    command="az keyvault update --resource-group <group> --name <vault> --enable-purge-protection true",
    references=cite("key-vault/general/soft-delete-overview"),
)
def recoverable(asset: Asset) -> Evaluation:
    # Azure switches it on for every new vault; only old ones can lack it.
    if not flag(asset, "soft_delete", default=True):
        return failed("Soft delete is off: what is deleted is gone at once.")
    purged = flag(asset, "purge_protection")
    return expect(purged, "Purge protection is off.", "Soft delete and purge protection are on.")


@posture_check(
    "azure_keyvault_network_open",
    "Key vault is reachable from every network",
    Severity.MEDIUM,
    "keyvault",
    _VAULT,
    why="With the network closed, a stolen identity opens the vault from your own networks only.",
    console="Open the key vault, Networking, choose Allow public access from specific networks, or Disable public "
    "access and use a private endpoint.",
    command="az keyvault update --resource-group <group> --name <vault> --default-action Deny --bypass AzureServices",
    references=cite("key-vault/general/network-security"),
)
def network_open(asset: Asset) -> Evaluation:
    return firewalls.of_networks(asset)


@posture_check(
    "azure_keyvault_rbac",
    "Key vault is governed by access policies",
    Severity.LOW,
    "keyvault",
    _VAULT,
    why="Access policies are for all keys or none, and whoever may write the vault may add themselves. Roles are "
    "assigned for one key, for a time, and only by who may assign roles.",
    console="Open the key vault, Access configuration, choose Azure role-based access control, after the roles that "
    "replace the policies have been assigned.",
    command="az keyvault update --resource-group <group> --name <vault> --enable-rbac-authorization true",
    references=cite("key-vault/general/rbac-migration"),
)
def rbac(asset: Asset) -> Evaluation:
    roles = flag(asset, "rbac_authorization")
    return expect(roles, "Access is by access policies.", "Access is by roles.")


@posture_check(
    "azure_keyvault_logging",
    "Uses of the key vault are not logged",
    Severity.MEDIUM,
    "keyvault",
    _VAULT,
    why="Without the audit log nobody can tell who read which secret after an identity was stolen.",
    console="Open the key vault, Diagnostic settings, Add diagnostic setting: the category group audit, sent to a Log "
    "Analytics workspace.",
    command="az monitor diagnostic-settings create --name audit --resource <vault-id> --workspace <workspace-id> "
    '--logs \'[{"categoryGroup":"audit","enabled":true}]\'',
    references=cite("key-vault/general/howto-logging"),
)
def logging(asset: Asset) -> Evaluation:
    known(asset, "log_exports")
    sent = {
        name.lower()
        for export in mappings(asset, "log_exports")
        if export.get("to")
        for name in list_of_texts(export.get("logs"), "log_exports.logs")
    }
    # AuditEvent is the category; audit and allLogs are groups that contain it.
    good = bool(sent & {"auditevent", "audit", "alllogs"})
    return expect(good, "No diagnostic setting exports its audit events.", "Its audit events are exported.")


CHECKS = (recoverable, network_open, rbac, logging)
