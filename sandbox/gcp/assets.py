"""Cloud Asset's view of a project: the envelope of every asset, what the directory itself knows, and IAM policies.

Shapes: the resources' own APIs, held against Google's discovery documents by a test.
"""

from collections.abc import Iterable
from typing import Any

from sandbox.gcp.directory import Directory, Project

Asset = dict[str, Any]
# Where a schema is named otherwise than the asset type.
DISCOVERY_NAMES = {
    "sqladmin.googleapis.com/Instance": "DatabaseInstance",
    "cloudfunctions.googleapis.com/Function": "Function",
    "run.googleapis.com/Service": "Service",
    "serviceusage.googleapis.com/Service": "GoogleApiServiceusageV1Service",
    "apikeys.googleapis.com/Key": "V2Key",
}
# Cloud Asset tells policies apart from resources, so who may read a bucket is not in the bucket's own data.
PUBLIC_BUCKETS: dict[str, dict[str, set[str]]] = {
    "meadowlark-public-docs": {"roles/storage.objectViewer": {"allUsers"}},
    "meadowlark-legacy-dumps": {"roles/storage.objectAdmin": {"allAuthenticatedUsers"}},
}


def asset(
    project: Project, kind: str, path: str, version: str, data: dict[str, Any], location: str = "global"
) -> Asset:
    """`kind` as in `compute.googleapis.com/Instance`; `path` is what follows the host in the full resource name."""
    service, _, name = kind.partition("/")
    api = service.split(".")[0]
    return {
        "name": f"//{service}/{path}",
        "assetType": kind,
        # By number here and by id in `path`, as Google mixes them: whoever matches on one spelling misses half
        # (docs/decisions/0020).
        "ancestors": [f"projects/{project.number}", *([project.parent] if project.parent else [])],
        "updateTime": project.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "resource": {
            "version": version,
            "discoveryDocumentUri": f"https://{service}/$discovery/rest?version={version}"
            if api not in ("compute", "storage", "sqladmin")
            else f"https://www.googleapis.com/discovery/v1/apis/{api}/{version}/rest",
            "discoveryName": DISCOVERY_NAMES.get(kind, name),
            "parent": f"//cloudresourcemanager.googleapis.com/projects/{project.number}",
            "data": data,
            "location": location,
        },
    }


def directory_assets(directory: Directory, project: Project) -> Iterable[Asset]:
    """What the directory itself knows: the project, its service accounts with their keys, its enabled APIs."""
    above = directory.places_above(project.parent)
    itself = asset(
        project,
        "cloudresourcemanager.googleapis.com/Project",
        f"projects/{project.number}",
        "v3",
        {
            "name": f"projects/{project.number}",
            "projectId": project.id,
            "displayName": project.name,
            "parent": project.parent,
            "state": project.state,
            "labels": dict(project.labels),
            "createTime": project.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
    )
    yield {**itself, "ancestors": [f"projects/{project.number}", *above]}
    for account in [account for account in directory.accounts.values() if account.project_id == project.id]:
        name = f"projects/{project.id}/serviceAccounts/{account.unique_id}"
        data = {
            "name": f"projects/{project.id}/serviceAccounts/{account.email}",
            "projectId": project.id,
            "uniqueId": account.unique_id,
            "email": account.email,
            "displayName": account.display_name,
            "oauth2ClientId": account.unique_id,
            "disabled": account.disabled,
        }
        yield asset(project, "iam.googleapis.com/ServiceAccount", name, "v1", data)
        for key in account.keys.values():
            details = {
                "name": f"{data['name']}/keys/{key.id}",
                "keyType": "USER_MANAGED",
                "keyOrigin": "GOOGLE_PROVIDED",
                "keyAlgorithm": "KEY_ALG_RSA_2048",
                "validAfterTime": key.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
                # Google's way to say that a key does not expire.
                "validBeforeTime": "9999-12-31T23:59:59Z",
                "disabled": key.disabled,
            }
            yield asset(project, "iam.googleapis.com/ServiceAccountKey", f"{name}/keys/{key.id}", "v1", details)
    for api in sorted(project.apis):
        own = f"projects/{project.number}"
        data = {"name": f"{own}/services/{api}", "parent": own, "state": "ENABLED"}
        yield asset(project, "serviceusage.googleapis.com/Service", f"{own}/services/{api}", "v1", data)


def iam_policies(directory: Directory, project: Project) -> list[dict[str, Any]]:
    """The policies of the project, its service accounts and its public buckets."""
    own = f"projects/{project.number}"
    policies = [_policy(own, "cloudresourcemanager.googleapis.com/Project", own, project.bindings)]
    policies[0]["policy"]["bindings"] += project.conditional
    for account in directory.accounts.values():
        if account.project_id == project.id and account.bindings:
            path = f"projects/{project.id}/serviceAccounts/{account.unique_id}"
            policies.append(_policy(own, "iam.googleapis.com/ServiceAccount", path, account.bindings))
    functions = [listed for listed in project.assets if listed["assetType"].endswith("/CloudFunction")]
    for function in functions:  # of the first generation: open to everybody, as many are
        path = str(function["resource"]["data"]["name"])
        invoker = {"roles/cloudfunctions.invoker": {"allUsers"}}
        policies.append(_policy(own, "cloudfunctions.googleapis.com/CloudFunction", path, invoker))
    buckets = [listed for listed in project.assets if listed["assetType"] == "storage.googleapis.com/Bucket"]
    names = [str(bucket["resource"]["data"]["name"]) for bucket in buckets]
    kind = "storage.googleapis.com/Bucket"
    return policies + [_policy(own, kind, name, PUBLIC_BUCKETS[name]) for name in names if name in PUBLIC_BUCKETS]


def _policy(project: str, kind: str, path: str, bindings: dict[str, set[str]]) -> dict[str, Any]:
    # In a fixed order, since two scans of an unchanged project must not differ.
    granted = [{"role": role, "members": sorted(members)} for role, members in sorted(bindings.items()) if members]
    return {
        "resource": f"//{kind.split('/')[0]}/{path}",
        "assetType": kind,
        "project": project,
        "policy": {"bindings": granted},
    }
