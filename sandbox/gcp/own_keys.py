"""IAM's calls that change a service account's keys, and what Cloud Monitoring tells of their use.

Shapes: Google's discovery documents of iam v1 and monitoring v3. Ten keys a service account:
https://cloud.google.com/iam/quotas. Uploading: https://cloud.google.com/iam/docs/keys-upload.
"""

import base64
import hashlib
import json
import re
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import load_pem_x509_certificate

from sandbox.gcp.directory import Account, Directory, Key, Project
from sandbox.gcp.errors import GoogleError, denied
from sandbox.gcp.roles import ROLES
from sandbox.journal import Journal

LIMIT = 10
NEW_IS_UNKNOWN_FOR = 1.0  # seconds
FORBIDS = "iam.disableServiceAccountKeyUpload"
FOREVER = "9999-12-31T23:59:59Z"
# By the call's name in the discovery document, behind "projects.serviceAccounts.".
PERMISSIONS = {
    "keys.list": "iam.serviceAccountKeys.list",
    "keys.get": "iam.serviceAccountKeys.get",
    "keys.upload": "iam.serviceAccountKeys.create",
    "keys.disable": "iam.serviceAccountKeys.disable",
    "keys.delete": "iam.serviceAccountKeys.delete",
    "testIamPermissions": "",
}
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_METRIC_KEY = re.compile(r'metric\.labels\.key_id="([0-9a-f]{40})"')


def permission_of(action: str) -> str:
    return PERMISSIONS.get(action.removeprefix("projects.serviceAccounts."), "")


def granted(directory: Directory, project: Project, account: Account, member: str) -> frozenset[str]:
    """On the service account as a resource: by roles on it, on its project and above."""
    roles = {**ROLES, **project.custom_roles}
    own = [roles.get(role, frozenset()) for role, members in account.bindings.items() if member in members]
    return frozenset().union(directory.permissions(project, member), *own)


def answer(
    directory: Directory, journal: Journal, action: str, named: dict[str, str], member: str, body: bytes, query: Any
) -> dict[str, Any]:
    """Raises GoogleError as IAM would refuse."""
    short = action.removeprefix("projects.serviceAccounts.")
    try:
        project = directory.project(named["projectsId"])
    except LookupError:
        raise denied(PERMISSIONS[short], f"iam.googleapis.com/projects/{named['projectsId']}") from None
    email = named["serviceAccountsId"]
    account = directory.accounts.get(email)
    # A service account is found only below its own project.
    if account is None or account.project_id != project.id:
        raise GoogleError("NOT_FOUND", f"Service account projects/{project.id}/serviceAccounts/{email} does not exist.")
    has = granted(directory, project, account, member)
    asked = json.loads(body or b"{}")
    if short == "testIamPermissions":
        return {"permissions": [name for name in asked.get("permissions", ()) if name in has]}
    if PERMISSIONS[short] not in has:
        raise denied(PERMISSIONS[short], f"iam.googleapis.com/projects/{project.id}/serviceAccounts/{email}")
    if short == "keys.list":
        return {"keys": [_shape(project, account, key) for key in account.keys.values()]}
    if short == "keys.upload":
        return _upload(directory, journal, project, account, asked)
    key = account.keys.get(named["keysId"])
    if key is None:
        raise GoogleError("NOT_FOUND", f"Service account key {named['keysId']} does not exist.")
    if short == "keys.get":
        shape = _shape(project, account, key)
        if query.get("publicKeyType", [""])[-1] == "TYPE_X509_PEM_FILE":
            shape["publicKeyData"] = base64.b64encode(key.certificate.encode()).decode()
        return shape
    journal.key("gcp", short.removeprefix("keys."), email, key.id)
    if short == "keys.disable":
        key.disabled = True
        _remember(directory, "set_key_disabled", key_id=key.id, disabled=True)
    else:
        del account.keys[key.id]
        _remember(directory, "delete_key", key_id=key.id)
    return {}


def _upload(
    directory: Directory, journal: Journal, project: Project, account: Account, asked: dict[str, Any]
) -> dict[str, Any]:
    if project.policies.get(FORBIDS) or len(account.keys) >= LIMIT:
        raise GoogleError("FAILED_PRECONDITION", "Precondition check failed.")
    try:
        pem = base64.b64decode(str(asked.get("publicKeyData") or ""), validate=True).decode()
        certificate = load_pem_x509_certificate(pem.encode())
        public = certificate.public_key()
        if not isinstance(public, rsa.RSAPublicKey):
            raise ValueError("not an RSA key")
    except ValueError:
        raise GoogleError("INVALID_ARGUMENT", "Invalid public key data.") from None
    key_id = hashlib.sha1(pem.encode(), usedforsecurity=False).hexdigest()
    put(directory, account.email, key_id, pem, time.monotonic() + NEW_IS_UNKNOWN_FOR)
    _remember(directory, "put_uploaded_key", email=account.email, key_id=key_id, certificate=pem)
    journal.key("gcp", "upload", account.email, key_id)
    return _shape(project, account, account.keys[key_id])


def put(directory: Directory, email: str, key_id: str, pem: str, known_from: float = 0.0) -> None:
    certificate = load_pem_x509_certificate(pem.encode())
    key = Key(key_id, email, certificate.not_valid_before_utc, False, certificate.not_valid_after_utc, pem)
    key.known_from = known_from
    directory.account(email).keys[key_id] = key


def series(project: Project, directory: Directory, filter_text: str, start: str) -> dict[str, Any]:
    """`projects.timeSeries.list` of the one metric that the product asks for: a point for the last use."""
    match = _METRIC_KEY.search(filter_text)
    key = directory.key(match[1]) if match else None
    if key is None or key.used is None or key.used.isoformat() < start:
        return {}
    at = key.used.strftime(_TIME)
    point = {"interval": {"startTime": at, "endTime": at}, "value": {"int64Value": "1"}}
    return {"timeSeries": [{"metric": {"labels": {"key_id": key.id}}, "metricKind": "DELTA", "points": [point]}]}


def _shape(project: Project, account: Account, key: Key) -> dict[str, Any]:
    disabled = {"disabled": True, "disableReason": "SERVICE_ACCOUNT_KEY_DISABLE_REASON_USER_INITIATED"}
    return {
        "name": f"projects/{project.id}/serviceAccounts/{account.email}/keys/{key.id}",
        "validAfterTime": key.created.strftime(_TIME),
        "validBeforeTime": key.expires.strftime(_TIME) if key.expires else FOREVER,
        "keyAlgorithm": "KEY_ALG_RSA_2048",
        "keyOrigin": "USER_PROVIDED" if key.certificate else "GOOGLE_PROVIDED",
        "keyType": "USER_MANAGED",
        **(disabled if key.disabled else {}),
    }


def _remember(directory: Directory, command: str, **arguments: Any) -> None:
    """So that a key that the product rotated works after a restart of the sandbox as well."""
    directory.state.changes.append({"command": command, "arguments": arguments})
    directory.state.save()
