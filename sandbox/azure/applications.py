"""Microsoft Graph's applications: an app's own secrets and certificates, read, added and removed.

- https://learn.microsoft.com/graph/api/application-get, application-list-owners
- https://learn.microsoft.com/graph/api/application-addpassword, application-removepassword
- https://learn.microsoft.com/graph/api/application-addkey, application-removekey
- https://learn.microsoft.com/graph/application-rollkey-prooftoken
"""

import base64
import re
import secrets
import time
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from sandbox.azure.directory import App, Certificate, Directory, Secret
from sandbox.azure.errors import ArmError
from sandbox.azure.query import Query
from sandbox.azure.state import State
from sandbox.journal import Journal

ROLE, ROLE_OF_ALL = "Application.ReadWrite.OwnedBy", "Application.ReadWrite.All"
PROOF_AUDIENCE = "00000002-0000-0000-c000-000000000000"
PROOF_SECONDS = 600
NEW_IS_UNKNOWN_FOR = 1.0  # seconds: the directory is replicated, so a new secret is refused for a moment
_PATH = re.compile(r"/v1\.0/applications\(appId='([0-9a-f-]{36})'\)(?:/(\w+))?")
_CHANGES = ("addPassword", "removePassword", "addKey", "removeKey")


def action_of(query: Query) -> str:
    """`addPassword`, or `application` for its reads; empty for other paths."""
    match = _PATH.fullmatch(unquote(query.path))
    return (match[2] or "application") if match else ""


class Applications:
    def __init__(self, directory: Directory, state: State, journal: Journal) -> None:
        self._directory = directory
        self._state = state
        self._journal = journal

    def answer(self, query: Query, method: str, body: dict[str, Any], caller: App) -> dict[str, Any]:
        """Raises ArmError as Graph would refuse; LookupError for what is not simulated."""
        match = _PATH.fullmatch(unquote(query.path))
        app = self._directory.apps.get((caller.tenant.id, match[1])) if match else None
        action = action_of(query)
        _authorize(caller, app, action)
        if app is None:
            raise ArmError("Request_ResourceNotFound", "Resource does not exist.", 404)
        if method == "GET" and action == "application":
            return _application(app)
        if method == "GET" and action == "owners":
            return {"value": [{"id": app.object_id}] if app.owns_itself else []}
        if method != "POST" or action not in _CHANGES:
            raise LookupError(query.path)
        work = {
            "addPassword": self._add_password, "removePassword": self._remove_password,
            "addKey": self._add_key, "removeKey": self._remove_key,
        }  # fmt: skip
        result = work[action](app, body, query)
        self._keep(app)
        return result

    def _add_password(self, app: App, body: dict[str, Any], query: Query) -> dict[str, Any]:
        asked = body.get("passwordCredential") or {}
        ends = _moment(asked.get("endDateTime")) or time.time() + 2 * 365 * 86_400
        value = f"{secrets.token_urlsafe(2)[:3]}8Q~{secrets.token_urlsafe(40)[:34]}".replace("-", ".")
        new = Secret(value, ends, str(uuid.uuid4()), str(asked.get("displayName") or ""), time.time(),
                     time.monotonic() + NEW_IS_UNKNOWN_FOR)  # fmt: skip
        app.secrets.append(new)
        self._journal.key("azure", "addPassword", app.client_id, new.key_id)
        return {**_password(new), "secretText": new.value}

    def _remove_password(self, app: App, body: dict[str, Any], query: Query) -> dict[str, Any]:
        old = next((secret for secret in app.secrets if secret.key_id == body.get("keyId")), None)
        if old is None:
            raise ArmError("Request_BadRequest", "No password credential found with keyId.", 400)
        app.secrets.remove(old)
        self._journal.key("azure", "removePassword", app.client_id, old.key_id)
        return {}

    def _add_key(self, app: App, body: dict[str, Any], query: Query) -> dict[str, Any]:
        _check_proof(app, str(body.get("proof") or ""))
        asked = body.get("keyCredential") or {}
        if (asked.get("type"), asked.get("usage")) != ("AsymmetricX509Cert", "Verify"):
            raise ArmError("Request_BadRequest", "Key credential type and usage do not fit.", 400)
        try:
            certificate = x509.load_der_x509_certificate(base64.b64decode(str(asked.get("key") or ""), validate=True))
        except ValueError:
            raise ArmError("KeyCredentialsInvalidValue", "New value for key credential is invalid.", 400) from None
        new = _certificate(certificate)
        new.key_id, new.known_from = str(uuid.uuid4()), time.monotonic() + NEW_IS_UNKNOWN_FOR
        app.certificates.append(new)
        self._journal.key("azure", "addKey", app.client_id, new.key_id)
        return _key(new)

    def _remove_key(self, app: App, body: dict[str, Any], query: Query) -> dict[str, Any]:
        _check_proof(app, str(body.get("proof") or ""))
        old = next((certificate for certificate in app.certificates if certificate.key_id == body.get("keyId")), None)
        if old is None:
            raise ArmError("Request_BadRequest", "No key credential found with keyId.", 400)
        app.certificates.remove(old)
        self._journal.key("azure", "removeKey", app.client_id, old.key_id)
        return {}

    def _keep(self, app: App) -> None:
        """So that a credential that the product rotated works after a restart of the sandbox as well."""
        self._state.app_secrets[app.client_id] = [[s.value, s.expires, s.key_id, s.name, s.starts] for s in app.secrets]
        self._state.save()


def restore(directory: Directory, state: State) -> None:
    for app in directory.apps.values():
        if app.client_id in state.app_secrets:
            app.secrets[:] = [Secret(*stored) for stored in state.app_secrets[app.client_id]]


def _authorize(caller: App, app: App | None, action: str) -> None:
    if ROLE_OF_ALL in caller.graph_roles:
        return
    # "An application does not need any specific permission to roll its own keys" (application-addkey).
    own = app is caller
    if own and action in ("addKey", "removeKey"):
        return
    if not (ROLE in caller.graph_roles and own and caller.owns_itself):
        raise ArmError("Authorization_RequestDenied", "Insufficient privileges to complete the operation.", 403)


def _check_proof(app: App, proof: str) -> None:
    refusal = ArmError(
        "Authentication_MissingOrMalformed", "The token that shows possession of a key is missing or malformed.", 401
    )
    for certificate in app.certificates:
        if certificate.expires < time.time():
            continue
        try:
            claims = jwt.decode(proof, certificate.public_key, algorithms=["RS256"], audience=PROOF_AUDIENCE)
        except jwt.InvalidTokenError:
            continue
        if claims.get("iss") != app.application_id or claims["exp"] - claims.get("nbf", 0) > PROOF_SECONDS:
            raise refusal
        return
    raise refusal


def _application(app: App) -> dict[str, Any]:
    return {
        "id": app.application_id,
        "passwordCredentials": [_password(secret) for secret in app.secrets],
        "keyCredentials": [_key(certificate) for certificate in app.certificates],
    }


def _password(secret: Secret) -> dict[str, Any]:
    return {
        "customKeyIdentifier": None,
        "displayName": secret.name or None,
        "endDateTime": _text(secret.expires),
        "hint": secret.value[:3],
        "keyId": secret.key_id,
        "secretText": None,
        "startDateTime": _text(secret.starts),
    }


def _key(certificate: Certificate) -> dict[str, Any]:
    return {
        "customKeyIdentifier": base64.b64encode(certificate.thumbprint).decode(),
        "displayName": None,
        "endDateTime": _text(certificate.expires),
        "key": None,
        "keyId": certificate.key_id,
        "startDateTime": _text(certificate.expires),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    }


def _certificate(certificate: x509.Certificate) -> Certificate:
    return Certificate(
        certificate.fingerprint(hashes.SHA1()),  # noqa: S303 - a name, as Azure uses it
        certificate.fingerprint(hashes.SHA256()),
        certificate.public_key(),
        certificate.not_valid_after_utc.timestamp(),
    )


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: Any) -> float | None:
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp() if text else None
    except ValueError:
        raise ArmError("Request_BadRequest", "Invalid date.", 400) from None
