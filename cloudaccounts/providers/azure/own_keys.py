"""An app's own client secrets and certificates, by Microsoft Graph. No Django.

Neither can be deactivated: removing one is final, so the old one works until the grace time is over. A certificate is
added and removed only with a proof that is signed by a valid one.

- https://learn.microsoft.com/graph/api/application-addpassword and application-removepassword
- https://learn.microsoft.com/graph/api/application-addkey and application-removekey
- https://learn.microsoft.com/graph/application-rollkey-prooftoken (aud, iss, ten minutes)
- https://learn.microsoft.com/graph/api/resources/passwordcredential (hint: the first three characters)
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from abc import abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials, Target
from cloudaccounts.contract.own_keys import KeyRequest, LastUse, NewKey, Origin, OwnKey, OwnKeys
from cloudaccounts.dates import parse_aware
from cloudaccounts.provider_kit.jwt import unverified_claims
from cloudaccounts.provider_kit.private_keys import load_rsa_key
from cloudaccounts.providers.azure import certificate
from cloudaccounts.providers.azure.own_key_texts import MARK, OWNED, PERMISSION
from cloudaccounts.providers.azure.plan import CERTIFICATE
from cloudaccounts.providers.azure.setup_texts import APP_NAME
from cloudaccounts.providers.azure.signin import Access, call_azure, sign_in

T = TypeVar("T")
LIFETIME = timedelta(days=180)  # of a new secret or certificate; it is replaced long before
# An app has no small limit of its own; a list as long as this one is not ours to add to.
MOST = 100
PROOF_AUDIENCE = "00000002-0000-0000-c000-000000000000"
PROOF_SECONDS = 600
_NO_LAST_USE = "Microsoft Graph does not tell when a secret or a certificate was last used (v1.0)."


def open_own_keys(credentials: Credentials, target: Target) -> OwnKeys:
    """Signs in. Raises `ProviderError`."""
    access = sign_in(credentials, target)
    kind = _Certificates if credentials.method == CERTIFICATE else _Secrets
    return kind(access, credentials)


class _AppKeys(OwnKeys):
    limit = MOST
    can_deactivate = False

    def __init__(self, access: Access, credentials: Credentials) -> None:
        self._access, self._credentials = access, credentials
        self._path = f"applications(appId='{credentials['client_id']}')"

    def missing(self) -> tuple[str, ...]:
        """By the app roles in the token, and by whether the app owns itself: one without the other allows nothing."""
        connection = self._access.connection
        claims = unverified_claims(self._ask(connection.graph_token)) or {}
        roles = claims.get("roles") or ()
        # More than is asked for, and enough: of any app, whoever owns it.
        if "Application.ReadWrite.All" in roles:
            return ()
        if PERMISSION not in roles:
            return (PERMISSION,)
        try:
            owners = self._ask(lambda: list(connection.graph_pages(f"{self._path}/owners", **{"$select": "id"})))
        except ProviderError as error:
            # With this role an app reads only what it owns, so the refusal is the answer.
            if error.code != "permission_denied":
                raise
            owners = []
        return () if any(owner.get("id") == self._access.principal_id for owner in owners) else (OWNED,)

    def in_use(self) -> str:
        return self._credentials.get("key_id") or self._own_id(self._read())

    def last_use(self, key_id: str) -> LastUse:
        return LastUse(is_known=False, why=_NO_LAST_USE)

    def origin(self, key: OwnKey, *, mark: str, since: datetime) -> Origin:
        return Origin.OURS if mark and key.mark == mark else Origin.NOT_OURS

    def deactivate(self, key_id: str) -> None:
        raise ProviderError("not_supported", "Azure knows no inactive secrets.", "Delete it instead.")

    def delete(self, key_id: str) -> None:
        # Asked first: Graph answers a key that is gone with an error that says too little to be told from others.
        if any(key.id == key_id for key in self.keys()):
            self._remove(key_id)

    def close(self) -> None:
        self._access.connection.close()

    def _read(self) -> dict[str, Any]:
        select = {"$select": "id,passwordCredentials,keyCredentials"}
        return self._ask(lambda: self._access.connection.graph_get(self._path, **select))

    def _post(self, action: str, body: dict[str, Any], *, once: bool = False) -> dict[str, Any]:
        connection = self._access.connection
        return self._ask(lambda: connection.graph_post(f"{self._path}/{action}", body, once=once))

    def _ask(self, call: Callable[[], T]) -> T:
        return call_azure(call, PERMISSION)

    @abstractmethod
    def _own_id(self, application: dict[str, Any]) -> str: ...

    @abstractmethod
    def _remove(self, key_id: str) -> None: ...


class _Secrets(_AppKeys):
    def keys(self) -> tuple[OwnKey, ...]:
        return tuple(
            OwnKey(str(item.get("keyId", "")), parse_aware(str(item.get("startDateTime") or "")), True,
                   str(item.get("displayName") or ""))
            for item in self._read().get("passwordCredentials") or ()
        )  # fmt: skip

    def prepare(self, run: str) -> KeyRequest:
        return KeyRequest(f"{MARK} {run}")

    def create(self, request: KeyRequest) -> NewKey:
        last_day = (datetime.now(UTC) + LIFETIME).date().isoformat()
        credential = {"displayName": request.mark, "endDateTime": f"{last_day}T23:59:59Z"}
        made = self._post("addPassword", {"passwordCredential": credential}, once=True)
        key_id, secret = str(made.get("keyId") or ""), str(made.get("secretText") or "")
        if not key_id or not secret:
            raise _incomplete()
        own = {name: self._credentials[name] for name in ("tenant_id", "client_id")}
        values = {**own, "client_secret": secret, "expires_on": last_day, "key_id": key_id}
        created = parse_aware(str(made.get("startDateTime") or ""))
        return NewKey(key_id, Credentials(self._credentials.method, values), created)

    def _own_id(self, application: dict[str, Any]) -> str:
        """By the first three characters, which Graph shows; and only where no other secret begins with them."""
        hint = self._credentials["client_secret"][:3]
        fitting = [item for item in application.get("passwordCredentials") or () if item.get("hint") == hint]
        return str(fitting[0].get("keyId", "")) if len(fitting) == 1 else ""

    def _remove(self, key_id: str) -> None:
        self._post("removePassword", {"keyId": key_id})


class _Certificates(_AppKeys):
    def keys(self) -> tuple[OwnKey, ...]:
        return tuple(
            OwnKey(str(item.get("keyId", "")), parse_aware(str(item.get("startDateTime") or "")), True,
                   _thumbprint(item))
            for item in self._read().get("keyCredentials") or ()
        )  # fmt: skip

    def prepare(self, run: str) -> KeyRequest:
        pem = make_certificate(datetime.now(UTC))
        # The thumbprint is known before the call: by it the certificate is found, whatever came of the answer.
        return KeyRequest(certificate.parse(pem).thumbprint, pem)

    def create(self, request: KeyRequest) -> NewKey:
        key = base64.b64encode(_der(request.material)).decode()
        credential = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": key}
        body = {"keyCredential": credential, "passwordCredential": None, "proof": self._proof()}
        made = self._post("addKey", body, once=True)
        key_id = str(made.get("keyId") or "")
        if not key_id:
            raise _incomplete()
        own = {name: self._credentials[name] for name in ("tenant_id", "client_id")}
        values = {**own, "certificate_pem": request.material, "key_id": key_id}
        return NewKey(key_id, Credentials(CERTIFICATE, values))

    def _own_id(self, application: dict[str, Any]) -> str:
        own = self._parsed().thumbprint
        return next(
            (str(item["keyId"]) for item in application.get("keyCredentials") or () if _thumbprint(item) == own), ""
        )

    def _remove(self, key_id: str) -> None:
        self._post("removeKey", {"keyId": key_id, "proof": self._proof()})

    def _parsed(self) -> certificate.Certificate:
        return certificate.parse(self._credentials["certificate_pem"], self._credentials.get("password"))

    def _proof(self) -> str:
        """That we hold a certificate of the app: signed with the one in use, which has to be valid still."""
        if self._parsed().not_after <= datetime.now(UTC):
            cause = "The certificate in use has expired, so it cannot sign what Azure asks for."
            raise ProviderError("certificate_expired", cause, "Replace it by hand once.")
        now = int(time.time())
        claims = {"aud": PROOF_AUDIENCE, "iss": str(self._read().get("id", "")), "nbf": now, "exp": now + PROOF_SECONDS}
        return sign(claims, self._credentials["certificate_pem"], self._credentials.get("password"))


def make_certificate(now: datetime) -> str:
    """A key and its self-signed certificate, as PEM. The key never leaves this server."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, APP_NAME)])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(minutes=10))
    signed = builder.not_valid_after(now + LIFETIME).sign(key, hashes.SHA256())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem.decode() + signed.public_bytes(serialization.Encoding.PEM).decode()


def sign(claims: dict[str, Any], pem: str, password: str = "") -> str:
    """A JSON Web Token (RS256) that names its certificate by ``x5t``."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    parsed = certificate.parse(pem, password)
    header = {"alg": "RS256", "typ": "JWT", "x5t": _encoded(binascii.unhexlify(parsed.thumbprint))}
    signed = ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
    key_pem = parsed.pem.partition("-----BEGIN CERTIFICATE-----")[0]
    signature = load_rsa_key(key_pem, password).sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_encoded(signature)}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _der(pem: str) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    return x509.load_pem_x509_certificate(pem[pem.index("-----BEGIN CERTIFICATE-----") :].encode()).public_bytes(
        Encoding.DER
    )


def _thumbprint(item: dict[str, Any]) -> str:
    """Graph gives the SHA-1 in base64, and for some that were uploaded in hexadecimal digits. In capital digits."""
    text = str(item.get("customKeyIdentifier") or "")
    if len(text) == 40:
        return text.upper()
    try:
        return base64.b64decode(text, validate=True).hex().upper()
    except (binascii.Error, ValueError):
        return ""


def _incomplete() -> ProviderError:
    return ProviderError(
        "answer_incomplete", "Azure answered without what it made.", "It is looked for and deleted.", permanent=False
    )
