"""A service account's own keys: ten at most. The key pair is made here and its public half uploaded. No Django.

So no private key ever travels, and a key whose answer was lost is found by its public half. What the last use is, Cloud
Monitoring tells within minutes, where that may be read.

- https://cloud.google.com/iam/docs/keys-upload
- https://cloud.google.com/iam/quotas (10 keys a service account)
- https://cloud.google.com/iam/docs/keys-disable-enable
- https://cloud.google.com/iam/docs/service-account-monitoring
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from google.api_core import exceptions as api

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.own_keys import KeyRequest, LastUse, NewKey, Origin, OwnKey, OwnKeys
from cloudaccounts.dates import parse_aware
from cloudaccounts.providers.gcp import check_results
from cloudaccounts.providers.gcp.errors import SDK_ERRORS, disabled_api, explain, is_denied
from cloudaccounts.providers.gcp.identity import Identity, sign_in
from cloudaccounts.providers.gcp.own_key_texts import PERMISSIONS
from cloudaccounts.providers.gcp.plan import SERVICE_ACCOUNT_KEY

T = TypeVar("T")
LIFETIME = timedelta(days=180)  # of the certificate, and so of the key; it is replaced long before
FORBIDS = "iam.disableServiceAccountKeyUpload"
# Monitoring keeps the metric for six weeks; a watch asks for the time since the swap at most.
LOOK_BACK = timedelta(days=14)


def open_own_keys(credentials: Credentials, target: Target) -> OwnKeys:
    """Signs in. Raises `ProviderError`."""
    return GcpOwnKeys(sign_in(credentials, target))


class GcpOwnKeys(OwnKeys):
    limit = 10
    can_deactivate = True

    def __init__(self, identity: Identity) -> None:
        self._identity, self._connection, self._host = identity, identity.connection, identity.host_project

    def missing(self) -> tuple[str, ...]:
        """By testIamPermissions on the service account itself.

        Raises `ProviderError` (``key_upload_forbidden``) where an organization policy forbids new keys.
        """
        names = list(PERMISSIONS)
        granted = self._ask(lambda: self._connection.own_permissions(self._host, names), PERMISSIONS[0])
        missing = tuple(name for name in PERMISSIONS if name not in granted)
        if not missing and self._is_forbidden():
            raise ProviderError(
                "key_upload_forbidden",
                f"The organization policy {FORBIDS} forbids new keys in the project {self._host}.",
                "Use impersonation or workload identity federation instead: they need no key.",
            )
        return missing

    def _is_forbidden(self) -> bool:
        try:
            return check_results.is_enforced(self._connection.effective_policy(self._host, FORBIDS))
        except SDK_ERRORS:
            # The policy may not be readable, or its API off, as in most projects: then the upload itself tells.
            return False

    def in_use(self) -> str:
        return self._identity.key_id

    def keys(self) -> tuple[OwnKey, ...]:
        listed = self._ask(lambda: self._connection.keys(self._host), "iam.serviceAccountKeys.list")
        return tuple(
            OwnKey(str(key.get("name", "")).rsplit("/", 1)[-1], parse_aware(str(key.get("validAfterTime") or "")),
                   not key.get("disabled", False))
            for key in listed
        )  # fmt: skip

    def prepare(self, run: str) -> KeyRequest:
        pem, certificate = make_pair(datetime.now(UTC))
        return KeyRequest(fingerprint(certificate), (pem, certificate))

    def create(self, request: KeyRequest) -> NewKey:
        pem, certificate = request.material
        encoded = base64.b64encode(certificate.encode()).decode()
        made = self._ask(lambda: self._connection.upload_key(self._host, encoded), "iam.serviceAccountKeys.create")
        key_id = str(made.get("name", "")).rsplit("/", 1)[-1]
        if not key_id:
            cause = "Google answered without the key that it made."
            raise ProviderError("answer_incomplete", cause, "It is looked for and deleted.", permanent=False)
        content = {
            "client_email": self._identity.email, "private_key": pem, "private_key_id": key_id,
            "project_id": self._host, "type": "service_account",
        }  # fmt: skip
        values = {"service_account_json": json.dumps(content, sort_keys=True)}
        return NewKey(key_id, Credentials(SERVICE_ACCOUNT_KEY, values))

    def origin(self, key: OwnKey, *, mark: str, since: datetime) -> Origin:
        encoded = self._ask(lambda: self._connection.key_certificate(self._host, key.id), "iam.serviceAccountKeys.get")
        try:
            certificate = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, ValueError):
            return Origin.UNKNOWN
        return Origin.OURS if mark and fingerprint(certificate) == mark else Origin.NOT_OURS

    def last_use(self, key_id: str) -> LastUse:
        now = datetime.now(UTC)
        try:
            points = self._connection.key_uses(self._host, key_id, now - LOOK_BACK, now)
        except SDK_ERRORS as error:
            if off := disabled_api(error):
                return LastUse(is_known=False, why=f"{off} is not enabled, which would tell a key's last use.")
            if is_denied(error):
                return LastUse(is_known=False, why="monitoring.timeSeries.list is not granted, which would tell it.")
            raise explain(error, permission="monitoring.timeSeries.list") from None
        used = [at for point in points if _counts(point) and (at := _end_of(point)) is not None]
        return LastUse(max(used, default=None), "Google APIs" if used else "")

    def deactivate(self, key_id: str) -> None:
        self._unless_gone(lambda: self._connection.disable_key(self._host, key_id), "iam.serviceAccountKeys.disable")

    def delete(self, key_id: str) -> None:
        self._unless_gone(lambda: self._connection.delete_key(self._host, key_id), "iam.serviceAccountKeys.delete")

    def close(self) -> None:
        self._connection.close()

    def _unless_gone(self, call: Callable[[], None], permission: str) -> None:
        try:
            call()
        except api.NotFound:
            return
        except SDK_ERRORS as error:
            raise explain(error, permission=permission) from None

    def _ask(self, call: Callable[[], T], permission: str) -> T:
        try:
            return call()
        except SDK_ERRORS as error:
            # FAILED_PRECONDITION: over REST the SDK keeps only that it was a 400.
            if isinstance(error, api.BadRequest) and permission == "iam.serviceAccountKeys.create":
                cause = f"Google makes no further key: there are ten, or the organization policy {FORBIDS} forbids it."
                raise ProviderError("key_refused", cause, "Delete keys that nothing uses, or use a role.") from None
            raise explain(error, permission=permission) from None


def make_pair(now: datetime) -> tuple[str, str]:
    """A private key, and the certificate that its public half is wrapped in, as PEM.

    Google asks for a generic subject without anything private in it.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "unused")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(minutes=10))
    signed = builder.not_valid_after(now + LIFETIME).sign(key, hashes.SHA256())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem.decode(), signed.public_bytes(serialization.Encoding.PEM).decode()


def fingerprint(certificate: str) -> str:
    """SHA-256 of the public key in a PEM certificate, in hexadecimal digits; empty for what is none."""
    from hashlib import sha256

    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        public = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    except ValueError:
        return ""
    return sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _counts(point: dict[str, Any]) -> bool:
    value = (point.get("value") or {}).get("int64Value", 0)
    return str(value).isdigit() and int(value) > 0


def _end_of(point: dict[str, Any]) -> datetime | None:
    return parse_aware(str((point.get("interval") or {}).get("endTime") or ""))
