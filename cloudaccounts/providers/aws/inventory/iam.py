"""IAM: the account's own settings, users with keys and MFA devices, groups, roles, customer-managed policies.

One paged GetAccountAuthorizationDetails replaces what would be five calls for each user. When passwords and keys were
last used is in the `credential_report`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.inventory import OBSERVED, Asset
from cloudaccounts.provider_kit.normalization import ordered, plain
from cloudaccounts.providers.aws.inventory.common import (
    Properties,
    Scope,
    chain_lists,
    each,
    held_back,
    one_by_one,
    paged,
    tags,
)
from cloudaccounts.providers.aws.policy import escalation
from cloudaccounts.providers.aws.policy.administrator import matters
from cloudaccounts.providers.aws.policy.document import PolicyError, parse_identity_policy
from cloudaccounts.providers.aws.policy.managed import OF_AWS

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iam.literals import EntityTypeType
    from mypy_boto3_iam.type_defs import (
        AttachedPolicyTypeDef,
        GetAccountAuthorizationDetailsResponseTypeDef,
        GroupDetailTypeDef,
        ManagedPolicyDetailTypeDef,
        RoleDetailTypeDef,
        ServerCertificateMetadataTypeDef,
        UserDetailTypeDef,
    )

THREADS = 4  # users read at once: each takes two small calls
# Of GetAccountSummary's numbers: those about the root user, and counts that change with every user. The rest are
# quotas.
_ROOT = {"AccountMFAEnabled", "AccountAccessKeysPresent", "AccountSigningCertificatesPresent", "AccountPasswordPresent"}
_COUNTS = ("Users", "Groups", "Roles", "Policies", "Providers", "MFADevices", "MFADevicesInUse", "ServerCertificates")
# None for a state that is not known here.
_KEY_STATES = {"Active": True, "Inactive": False, "Expired": False}
# Two passes over one operation, because documents have to be known before the identities that refer to them are
# told. AWS's own are told of as far as they are in use: what they say changes, and no list of names is complete.
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
_POLICIES: list[EntityTypeType] = ["LocalManagedPolicy", "AWSManagedPolicy"]
_IDENTITIES: list[EntityTypeType] = ["User", "Group", "Role"]
# What is kept with each identity of an attached policy that makes nobody an administrator, and limits none.
_OF_NO_WEIGHT: Mapping[str, Any] = MappingProxyType({"Statement": []})


def collect(scope: Scope) -> Iterator[Asset]:
    client = scope.connection.client("iam")
    yield _account(scope, client)
    yield from chain_lists(
        scope,
        {
            "iam:GetAccountAuthorizationDetails": _identities(scope, client),
            "iam:ListServerCertificates": _certificates(client),
        },
    )


def _identities(scope: Scope, client: IAMClient) -> Iterator[Asset]:
    """The policies first: what they say is told with the identities that hold them, in whichever page those are."""
    documents: dict[str, Any] = {}
    policies = (policy for page in _details(client, _POLICIES) for policy in page.get("Policies", ()))
    odd: list[ProviderError] = []
    for asset in held_back(odd, one_by_one(_policy, policies)):
        documents[asset.native_id] = _weighty(asset.properties["document"])
        if OF_AWS not in asset.native_id:  # AWS's are nobody's here to change: they count with who holds them
            yield asset
    members: dict[str, list[str]] = {}
    groups: list[GroupDetailTypeDef] = []
    read_user = partial(_user, scope, client, documents)
    for page in _details(client, _IDENTITIES):
        users = page.get("UserDetailList", [])
        for user in users:
            for group in user.get("GroupList", ()):
                members.setdefault(group, []).append(user.get("UserName", ""))
        # Keys and MFA devices are the two things about users that the details lack.
        yield from held_back(odd, each(read_user, users, threads=THREADS))
        yield from held_back(odd, one_by_one(partial(_role, documents), page.get("RoleDetailList", ())))
        groups += page.get("GroupDetailList", [])
    # Last: a group's members stand with the users, on any page.
    yield from held_back(odd, one_by_one(partial(_group, documents, members), groups))
    if odd:
        raise odd[0]


def _details(client: IAMClient, kinds: list[EntityTypeType]) -> Iterator[GetAccountAuthorizationDetailsResponseTypeDef]:
    pages = client.get_paginator("get_account_authorization_details")
    yield from pages.paginate(Filter=kinds, PaginationConfig={"PageSize": 500})


def _weighty(document: Any) -> Any:
    """The document where `administrator` needs it, so that thousands of roles do not each repeat what they share."""
    try:
        policy = parse_identity_policy(document)
        return document if matters(policy) or escalation.matters(policy) else dict(_OF_NO_WEIGHT)
    except PolicyError:
        return document


def _asset(kind: str, arn: str, name: str, item_tags: Any, properties: dict[str, Any]) -> Asset:
    return Asset(
        type=f"aws.iam.{kind}",
        service="iam",
        region="global",
        native_id=arn,
        name=name,
        tags=tags(item_tags),
        properties=properties,
    )


def _account(scope: Scope, client: IAMClient) -> Asset:
    settings = Properties(scope.connection)
    settings.read("summary", lambda: client.get_account_summary()["SummaryMap"], permission="iam:GetAccountSummary")
    settings.read(
        "password_policy",
        lambda: plain(client.get_account_password_policy()["PasswordPolicy"]),
        permission="iam:GetAccountPasswordPolicy",
        # IAM's way to say that there is no password policy.
        absent=("NoSuchEntity",),
    )
    settings.read(
        "support_roles",
        lambda: _holders(client, scope.connection.partition.name),
        permission="iam:ListEntitiesForPolicy",
        absent=("NoSuchEntity",),
        default=[],
    )
    # The summary says that root has a device, and not of which kind: a hardware key is what is in no list.
    settings.read("root_virtual_mfa", lambda: _root_has_virtual_mfa(client), permission="iam:ListVirtualMFADevices")
    summary = settings.values.pop("summary") or {}
    if "summary" in settings.refused:
        settings.refused["root"] = settings.refused.pop("summary")
    properties = settings.to_dict()
    # None where the summary could not be read: false for each would read as "has no second factor".
    properties["root"] = {key: bool(value) for key, value in sorted(summary.items()) if key in _ROOT} or None
    properties[OBSERVED] = {"counts": {key: summary[key] for key in _COUNTS if key in summary}}
    return _asset("account", scope.arn("iam", "root", region=""), scope.account_id, (), properties)


def _root_has_virtual_mfa(client: IAMClient) -> bool:
    """Of its devices only the virtual ones are listed anywhere."""
    pages = client.get_paginator("list_virtual_mfa_devices").paginate(AssignmentStatus="Assigned")
    return any(
        str(device.get("User", {}).get("Arn", "")).endswith(":root")
        for page in pages
        for device in page["VirtualMFADevices"]
    )


def _certificates(client: IAMClient) -> Iterator[Asset]:
    """TLS certificates that people uploaded to IAM, before there was ACM."""
    yield from one_by_one(_certificate, paged(client, "list_server_certificates", "ServerCertificateMetadataList"))


def _certificate(item: ServerCertificateMetadataTypeDef) -> Asset:
    properties = {"path": item.get("Path"), "expires_at": plain(item.get("Expiration"))}
    return _asset("server_certificate", item["Arn"], item["ServerCertificateName"], (), properties)


def _holders(client: IAMClient, partition: str) -> list[str]:
    """The roles that may manage cases with AWS Support (CIS AWS 1.17)."""
    pages = client.get_paginator("list_entities_for_policy").paginate(
        PolicyArn=f"arn:{partition}:iam::aws:policy/AWSSupportAccess", EntityFilter="Role"
    )
    return sorted(role["RoleName"] for page in pages for role in page["PolicyRoles"])


def _user(scope: Scope, client: IAMClient, documents: Mapping[str, Any], user: UserDetailTypeDef) -> Asset:
    name = user["UserName"]
    properties = Properties(scope.connection)
    properties.values |= {
        "id": user.get("UserId"),
        "path": user.get("Path"),
        "created_at": plain(user.get("CreateDate")),
        "groups": sorted(user.get("GroupList", ())),
        **_attached(user.get("AttachedManagedPolicies", ()), documents),
        "inline_policies": _documents(user.get("UserPolicyList", ())),
        **_boundary(user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"), documents),
    }
    properties.read("access_keys", lambda: _keys(client, name), permission="iam:ListAccessKeys")
    properties.read("mfa_devices", lambda: _mfa(client, name), permission="iam:ListMFADevices")
    return _asset("user", user["Arn"], name, user.get("Tags"), properties.to_dict())


def _keys(client: IAMClient, name: str) -> list[Any]:
    pages = client.get_paginator("list_access_keys").paginate(UserName=name)
    return ordered(
        {
            "id": key["AccessKeyId"],
            "active": _KEY_STATES.get(key.get("Status", "")),
            "created_at": plain(key.get("CreateDate")),
        }
        for page in pages
        for key in page["AccessKeyMetadata"]
    )


def _mfa(client: IAMClient, name: str) -> list[str]:
    pages = client.get_paginator("list_mfa_devices").paginate(UserName=name)
    return sorted(device["SerialNumber"] for page in pages for device in page["MFADevices"])


def _role(documents: Mapping[str, Any], role: RoleDetailTypeDef) -> Asset:
    used = role.get("RoleLastUsed", {})
    properties = {
        "id": role.get("RoleId"),
        "path": role.get("Path"),
        "created_at": plain(role.get("CreateDate")),
        "trust_policy": plain(role.get("AssumeRolePolicyDocument")),
        **_attached(role.get("AttachedManagedPolicies", ()), documents),
        "inline_policies": _documents(role.get("RolePolicyList", ())),
        **_boundary(role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"), documents),
        "instance_profiles": sorted(profile["Arn"] for profile in role.get("InstanceProfileList", ())),
        OBSERVED: {"last_used_at": plain(used.get("LastUsedDate")), "last_used_region": used.get("Region")},
    }
    return _asset("role", role["Arn"], role["RoleName"], role.get("Tags"), properties)


def _group(documents: Mapping[str, Any], members: Mapping[str, list[str]], group: GroupDetailTypeDef) -> Asset:
    properties = {
        "id": group.get("GroupId"),
        "path": group.get("Path"),
        "created_at": plain(group.get("CreateDate")),
        "members": sorted(members.get(group["GroupName"], ())),
        **_attached(group.get("AttachedManagedPolicies", ()), documents),
        "inline_policies": _documents(group.get("GroupPolicyList", ())),
    }
    return _asset("group", group["Arn"], group["GroupName"], (), properties)


def _policy(policy: ManagedPolicyDetailTypeDef) -> Asset:
    # Only the default version is in force; up to four others may be kept.
    default = next((item for item in policy.get("PolicyVersionList", ()) if item.get("IsDefaultVersion")), None)
    properties = {
        "id": policy.get("PolicyId"),
        "path": policy.get("Path"),
        "created_at": plain(policy.get("CreateDate")),
        "attachment_count": policy.get("AttachmentCount"),
        "default_version": policy.get("DefaultVersionId"),
        "document": plain(default.get("Document")) if default else None,
    }
    return _asset("policy", policy["Arn"], policy["PolicyName"], (), properties)


def _documents(policies: Any) -> dict[str, Any]:
    """Inline policies by name. botocore has decoded the documents from JSON already."""
    return {
        policy["PolicyName"]: plain(policy.get("PolicyDocument"))
        for policy in sorted(policies, key=lambda policy: policy["PolicyName"])
    }


def _attached(policies: Iterable[AttachedPolicyTypeDef], documents: Mapping[str, Any]) -> dict[str, Any]:
    """ARNs of all attached policies, and by ARN what those say that the account told of."""
    arns = sorted(policy["PolicyArn"] for policy in policies)
    return {
        "attached_policies": arns,
        "attached_documents": {arn: documents[arn] for arn in arns if arn in documents},
    }


def _boundary(arn: str | None, documents: Mapping[str, Any]) -> dict[str, Any]:
    return {"permissions_boundary": arn, "boundary_document": documents.get(arn or "")}
