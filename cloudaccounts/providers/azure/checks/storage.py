"""Storage accounts as a whole; what they keep of blobs and files, `storage_data` has.

What a missing property stands for is as documented at
https://learn.microsoft.com/rest/api/storagerp/storage-accounts/get-properties; unknown where that depends on the
account's age.
"""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity, Threshold
from cloudaccounts.provider_kit.posture import (
    days_since,
    expect,
    flag,
    known,
    mapping,
    not_applicable,
    number,
    posture_check,
    text,
)
from cloudaccounts.provider_kit.thresholds import limit
from cloudaccounts.providers.azure.checks import firewalls
from cloudaccounts.providers.azure.checks.references import cite
from cloudaccounts.providers.azure.checks.values import is_one_of, modern_tls, new_value

_ACCOUNT = "azure.storage.storage_account"
_UPDATE = "az storage account update --resource-group <group> --name <account>"
KEY_AGE = Threshold("azure_storage_key_age", "Age of an Azure storage key", default=90, least=1, most=365)
# https://learn.microsoft.com/azure/storage/common/storage-redundancy
_GEO = tuple(f"{prefix}_{kind}" for prefix in ("Standard", "StandardV2") for kind in ("GRS", "GZRS", "RAGRS", "RAGZRS"))
_ONE_REGION = tuple(
    f"{prefix}_{kind}" for prefix in ("Standard", "StandardV2", "Premium", "PremiumV2") for kind in ("LRS", "ZRS")
)


@posture_check(
    "azure_storage_public_access",
    "Blobs may be made public",
    Severity.HIGH,
    "storage",
    _ACCOUNT,
    why="While the account allows it, anybody who may write a container can publish it to the whole internet, by "
    "mistake as well: the commonest leak of data in the cloud.",
    console="Open the storage account, Configuration, set Allow Blob anonymous access to Disabled.",
    command=f"{_UPDATE} --allow-blob-public-access false",
    references=cite("storage/blobs/anonymous-read-access-prevent"),
)
def public_access(asset: Asset) -> Evaluation:
    # Where nobody ever set it, old accounts allow it and those since November 2023 do not.
    allowed = flag(asset, "allow_blob_public_access", default=None)
    return expect(not allowed, "Containers may be opened to anonymous readers.", "Anonymous access is switched off.")


@posture_check(
    "azure_storage_https_only",
    "Storage account answers without encryption",
    Severity.HIGH,
    "storage",
    _ACCOUNT,
    why="Over plain HTTP, everybody on the way reads the data and the access signature that opens it.",
    console="Open the storage account, Configuration, set Secure transfer required to Enabled.",
    command=f"{_UPDATE} --https-only true",
    references=cite("storage/common/storage-require-secure-transfer"),
)
def https_only(asset: Asset) -> Evaluation:
    # Its default depends on the version of the interface with which the account was made.
    return expect(flag(asset, "https_only", default=None), "Plain HTTP is accepted.", "HTTPS is required.")


@posture_check(
    "azure_storage_minimum_tls",
    "Storage account is set to accept old TLS",
    Severity.MEDIUM,
    "storage",
    _ACCOUNT,
    why="TLS 1.0 and 1.1 have known weaknesses; clients that still use them can be listened to. Microsoft announced "
    "that storage refuses both from 3 February 2026 on, whatever is set; audits ask for the setting.",
    console="Open the storage account, Configuration, set Minimum TLS version to Version 1.2.",
    command=f"{_UPDATE} --min-tls-version TLS1_2",
    references=cite("storage/common/transport-layer-security-configure-minimum-version"),
    expected={"minimum_tls": "TLS1_2"},
)
def minimum_tls(asset: Asset) -> Evaluation:
    return modern_tls(asset, "minimum_tls", absent="TLS1_0")


@posture_check(
    "azure_storage_shared_keys",
    "Storage account opens with its shared keys",
    Severity.MEDIUM,
    "storage",
    _ACCOUNT,
    why="An account key gives everything, to whoever holds it, without a trace of who that was. With Microsoft Entra "
    "ID each access has a name and a role.",
    console="Open the storage account, Configuration, set Allow storage account key access to Disabled, once its "
    "metrics show no request with a key.",
    command=f"{_UPDATE} --allow-shared-key-access false",
    references=cite("storage/common/shared-key-authorization-prevent"),
)
def shared_keys(asset: Asset) -> Evaluation:
    return expect(
        not _opens_with_keys(asset), "Access by account key is allowed.", "Access by account key is switched off."
    )


def _opens_with_keys(asset: Asset) -> bool:
    # Where nobody ever set it, Azure allows it.
    return flag(asset, "allow_shared_key_access", default=True)


@posture_check(
    "azure_storage_network_open",
    "Storage account is reachable from every network",
    Severity.MEDIUM,
    "storage",
    _ACCOUNT,
    why="With the network closed by default, a leaked key or signature is of no use from outside.",
    console="Open the storage account, Networking, choose Enabled from selected networks (or Disabled) and add your "
    "networks.",
    command=f"{_UPDATE} --default-action Deny",
    references=cite("storage/common/storage-network-security"),
)
def network_open(asset: Asset) -> Evaluation:
    return firewalls.of_networks(asset)


@posture_check(
    "azure_storage_public_network",
    "Storage account has an address on the internet",
    Severity.LOW,
    "storage",
    _ACCOUNT,
    why="Without the public network, data is reached by private endpoints in your own networks alone, whatever a "
    "firewall's list says.",
    console="Open the storage account, Networking, set Public network access to Disabled, once private endpoints serve "
    "all who use it.",
    command=f"{_UPDATE} --public-network-access Disabled",
    references=cite("storage/common/storage-network-security-set-default-access"),
    expected={"public_network_access": "Disabled"},
)
def public_network(asset: Asset) -> Evaluation:
    return firewalls.no_public_network(asset)


@posture_check(
    "azure_storage_private_endpoint",
    "Storage account without a private endpoint",
    Severity.LOW,
    "storage",
    _ACCOUNT,
    why="By a private endpoint traffic stays within your networks: nobody outside of them sees or reaches it.",
    console="Open the storage account, Networking, Private endpoints, add one for each service that is used.",
    command="az network private-endpoint create --name <endpoint> --resource-group <group> --subnet <subnet-id> "
    "--private-connection-resource-id <id> --group-id blob --connection-name <endpoint>",
    references=cite("storage/common/storage-private-endpoints"),
)
def private_endpoint(asset: Asset) -> Evaluation:
    return firewalls.has_private_endpoint(asset)


@posture_check(
    "azure_storage_trusted_services",
    "Storage account's firewall keeps Azure's own services out",
    Severity.LOW,
    "storage",
    _ACCOUNT,
    why="Backup, logs and the like come from addresses that no rule can name. Without the exception they stop, or "
    "somebody opens the account to everybody to make them work.",
    console="Open the storage account, Networking, Exceptions, allow trusted Microsoft services.",
    command=f"{_UPDATE} --bypass AzureServices",
    references=cite("storage/common/storage-network-security-trusted-azure-services"),
    expected={"network_bypass": "AzureServices"},
)
def trusted_services(asset: Asset) -> Evaluation:
    if is_one_of(asset, "network_default_action", good=("Allow",), bad=("Deny",)):
        return not_applicable("Its firewall is off, so that it needs no exceptions.")
    words = {word.strip().lower() for word in str(known(asset, "network_bypass")).split(",")}
    if new := words - {"none", "logging", "metrics", "azureservices"}:
        raise new_value("network_bypass", min(new))
    return expect(
        "azureservices" in words, "Azure's own services are kept out as well.", "Trusted services may connect."
    )


@posture_check(
    "azure_storage_entra_default",
    "Azure's portal opens storage with account keys",
    Severity.LOW,
    "storage",
    _ACCOUNT,
    why="With the key, the portal shows everything to whoever may list keys. With Microsoft Entra ID it shows what the "
    "person may see, and the log has a name.",
    console="Open the storage account, Configuration, set Default to Microsoft Entra authorization in the Azure portal "
    "to Enabled.",
    command=f"{_UPDATE} --set defaultToOAuthAuthentication=true",
    references=cite("storage/blobs/authorize-data-operations-portal"),
)
def entra_default(asset: Asset) -> Evaluation:
    return expect(
        flag(asset, "default_to_entra"),
        "The portal uses the account's key where it can.",
        "The portal uses Microsoft Entra ID.",
    )


@posture_check(
    "azure_storage_cross_tenant",
    "Storage account may copy its objects to other tenants",
    Severity.MEDIUM,
    "storage",
    _ACCOUNT,
    why="A rule for replication, set once, sends each new object to an account of somebody else: a quiet way out.",
    console="Open the storage account, Object replication, Advanced settings, clear Allow cross-tenant replication.",
    command=f"{_UPDATE} --allow-cross-tenant-replication false",
    references=cite("storage/blobs/object-replication-prevent-cross-tenant-policies"),
)
def cross_tenant(asset: Asset) -> Evaluation:
    # Where nobody ever set it, old accounts allow it and those since December 2023 do not.
    allowed = flag(asset, "allow_cross_tenant_replication", default=None)
    return expect(not allowed, "Replication to other tenants is allowed.", "Replication stays within the tenant.")


@posture_check(
    "azure_storage_redundancy",
    "Storage account lies in one region only",
    Severity.LOW,
    "storage",
    _ACCOUNT,
    why="When a region is lost, for days or for good, so is what has no copy in another one.",
    console="Open the storage account, Redundancy, choose geo-redundant storage where the data is critical.",
    command=f"{_UPDATE} --sku Standard_GRS",
    references=cite("storage/common/storage-redundancy"),
    expected={"sku": "Standard_GRS or another one that copies to a second region"},
)
def redundancy(asset: Asset) -> Evaluation:
    if text(asset, "sku").lower().startswith("premium"):
        return not_applicable("Premium accounts cannot be copied to a second region.")
    copied = is_one_of(asset, "sku", good=_GEO, bad=_ONE_REGION)
    return expect(copied, f"Its redundancy is {text(asset, 'sku')}.", f"Its redundancy is {text(asset, 'sku')}.")


@posture_check(
    "azure_storage_key_reminder",
    "Nobody is reminded to renew the storage account's keys",
    Severity.LOW,
    "storage",
    _ACCOUNT,
    why="Keys have no end of their own. The reminder is what lets Azure tell which ones are overdue.",
    console="Open the storage account, Access keys, Set rotation reminder.",
    command=f"{_UPDATE} --key-exp-days {KEY_AGE.default}",
    references=cite("storage/common/storage-account-keys-manage"),
)
def key_reminder(asset: Asset) -> Evaluation:
    # Where keys are switched off, neither their age nor a reminder matters.
    if not _opens_with_keys(asset):
        return not_applicable("Its keys open nothing.")
    days = number(asset, "key_expiration_days")
    return expect(days > 0, "No reminder is set.", f"Keys are due after {days} days.")


@posture_check(
    "azure_storage_key_age",
    "Storage account's keys are old",
    Severity.MEDIUM,
    "storage",
    _ACCOUNT,
    why="A key that was copied once, into a script or a ticket, opens everything until it is made anew.",
    console="Open the storage account, Access keys, Rotate key: first the one that is not in use.",
    command="az storage account keys renew --resource-group <group> --account-name <account> --key secondary",
    references=cite("storage/common/storage-account-keys-manage"),
    time_dependent=True,
    thresholds=(KEY_AGE,),
)
def key_age(asset: Asset) -> Evaluation:
    if not _opens_with_keys(asset):
        return not_applicable("Its keys open nothing.")
    known(asset, "key_created")
    dates = mapping(asset, "key_created")
    # The older of both, since either opens the account.
    oldest = max(days_since(asset, dates.get(key)) for key in ("key1", "key2"))
    sentence = f"The older key is {oldest} days old."
    return expect(oldest <= limit(KEY_AGE), sentence, sentence)


CHECKS = (
    public_access,
    https_only,
    minimum_tls,
    shared_keys,
    network_open,
    public_network,
    private_endpoint,
    trusted_services,
    entra_default,
    cross_tenant,
    redundancy,
    key_reminder,
    key_age,
)
