"""Key vaults."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, PostureCheck, Severity
from cloudaccounts.provider_kit.posture import (
    abridge,
    expect,
    failed,
    flag,
    known,
    list_of_texts,
    mappings,
    not_applicable,
    passed,
    posture_check,
    unknown,
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
    # The property does not take false: Azure leaves it out where it is off.
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
    # Its default depends on the version of the interface with which the vault was made.
    roles = flag(asset, "rbac_authorization", default=None)
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


@posture_check(
    "azure_keyvault_public_network",
    "Key vault has an address on the internet",
    Severity.MEDIUM,
    "keyvault",
    _VAULT,
    why="Without the public network, the vault is reached by private endpoints in your own networks alone.",
    console="Open the key vault, Networking, choose Disable public access, once private endpoints serve its users.",
    command="az keyvault update --resource-group <group> --name <vault> --public-network-access Disabled",
    references=cite("key-vault/general/network-security"),
    expected={"public_network_access": "Disabled"},
)
def public_network(asset: Asset) -> Evaluation:
    return firewalls.no_public_network(asset)


@posture_check(
    "azure_keyvault_private_endpoint",
    "Key vault without a private endpoint",
    Severity.LOW,
    "keyvault",
    _VAULT,
    why="By a private endpoint, requests for keys and secrets stay within your networks.",
    console="Open the key vault, Networking, Private endpoint connections, Create.",
    command="az network private-endpoint create --name <endpoint> --resource-group <group> --subnet <subnet-id> "
    "--private-connection-resource-id <id> --group-id vault --connection-name <endpoint>",
    references=cite("key-vault/general/private-link-service"),
)
def private_endpoint(asset: Asset) -> Evaluation:
    return firewalls.has_private_endpoint(asset)


@posture_check(
    "azure_keyvault_key_rotation",
    "Keys of the vault are not renewed automatically",
    Severity.LOW,
    "keyvault",
    _VAULT,
    why="A key that is used for years protects more with each day, and whoever copied it once has all of that. A "
    "policy of rotation makes a new version in time, without anybody having to remember.",
    console="Open the key vault, Keys, the key, Rotation policy, enable auto rotation.",
    command="az keyvault key rotation-policy update --vault-name <vault> --name <key> --value <policy-file>",
    references=cite("key-vault/keys/how-to-configure-key-rotation"),
)
def key_rotation(asset: Asset) -> Evaluation:
    known(asset, "keys")
    # Not told counts as in use: a key that may be used must not be passed over.
    live = [key for key in mappings(asset, "keys") if key.get("enabled") is not False]
    if not live:
        return not_applicable("It holds no key that is in use.")
    still = [str(key.get("name")) for key in live if key.get("rotates") is False]
    # Before what could not be read: one key without a rotation is enough.
    if still:
        return failed(f"No rotation: {abridge(still)}.")
    if any(key.get("rotates") is not True for key in live):
        return unknown("The policy of a key could not be read.")
    return passed("Each key has a policy that renews it.")


def _expiry(kind: str, *, by_roles: bool) -> PostureCheck:
    """Of keys or secrets, in vaults that are governed by roles or by access policies: two controls of one benchmark."""
    noun = kind.removesuffix("s")
    which = "roles" if by_roles else "access policies"

    def evaluate(asset: Asset) -> Evaluation:
        # The benchmark has a control for each of both ways, so each vault is evaluated by one of them.
        if flag(asset, "rbac_authorization", default=None) is not by_roles:
            return not_applicable(f"This vault is not governed by {which}.")
        known(asset, kind)
        live = [item for item in mappings(asset, kind) if item.get("enabled") is not False]
        endless = [item for item in live if item.get("expires") is None]
        if any(item.get("enabled") is True for item in endless):
            return failed(f"Without an end: {abridge(str(item.get('name')) for item in endless)}.")
        if endless:
            return unknown(f"Whether a {noun} without an end is in use was not told.")
        if not live:
            return not_applicable(f"It holds no {noun} that is in use.")
        return passed(f"Each {noun} has an end.")

    return posture_check(
        f"azure_keyvault_{noun}_expiry_{'rbac' if by_roles else 'policies'}",
        f"{kind.capitalize()} without an end, in a vault governed by {which}",
        Severity.MEDIUM,
        "keyvault",
        _VAULT,
        why=f"A {noun} without an end works for ever, for whoever got hold of it as well. A date of expiry makes sure "
        "that somebody renews it.",
        console=f"Open the key vault, {kind.capitalize()}, the {noun}, its current version, and set an expiry date.",
        command=f"az keyvault {noun} set-attributes --vault-name <vault> --name <{noun}> --expires <date>",
        references=cite(f"key-vault/{kind}/about-{kind}"),
    )(evaluate)


EXPIRIES = tuple(_expiry(kind, by_roles=by_roles) for kind in ("keys", "secrets") for by_roles in (True, False))
CHECKS = (recoverable, network_open, rbac, logging, public_network, private_endpoint, key_rotation, *EXPIRIES)
