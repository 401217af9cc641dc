"""Tokens: those that Entra ID issues, assertions that it is given, and this server's own (federation)."""

import base64
import json
import time
import uuid
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from sandbox.azure.clouds import GRAPH_AUDIENCES, STS
from sandbox.azure.directory import App, Certificate
from sandbox.azure.errors import ArmError, EntraError
from sandbox.azure.state import State

LIFE = 3599  # seconds, as Entra ID gives them
ISSUER = "https://oidc.sandbox.invalid/cloud-accounts"
SUBJECT = "system:serviceaccount:cloud-accounts:server"
# Each cloud has its own: https://learn.microsoft.com/entra/workload-id/workload-identity-federation
AUDIENCE = {
    "public": "api://AzureADTokenExchange",
    "usgovernment": "api://AzureADTokenExchangeUSGov",
    "china": "api://AzureADTokenExchangeChina",
}


class Tokens:
    def __init__(self, state: State) -> None:
        self._state = state
        self._key: RSAPrivateKey = state.key("token-signing-key")
        self._issuer_key: RSAPrivateKey = state.key("federation-issuer-key")

    def give(self, app: App, audience: str) -> str:
        now = int(time.time())
        claims = {
            "aud": audience,
            "iss": f"https://{STS[app.tenant.cloud]}/{app.tenant.id}/",
            "iat": now,
            "nbf": now,
            "exp": now + LIFE,
            "appid": app.client_id,
            "idtyp": "app",
            "oid": app.object_id,
            "sub": app.object_id,
            "tid": app.tenant.id,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
        }
        if audience.rstrip("/") in GRAPH_AUDIENCES[app.tenant.cloud] and app.graph_roles:
            claims["roles"] = sorted(app.graph_roles)
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": "sandbox"})

    def accept(self, header: str, audiences: tuple[str, ...]) -> dict[str, Any]:
        """The claims of a bearer token; raises ArmError as Resource Manager words that."""
        token = header.removeprefix("Bearer ")
        if not header.startswith("Bearer ") or not token:
            text = "Authentication failed. The 'Authorization' header is missing."
            raise ArmError("AuthenticationFailed", text, 401)
        # The audience has an error of its own, which is told below.
        options: Any = {"verify_aud": False}
        try:
            claims: dict[str, Any] = jwt.decode(token, self._key.public_key(), algorithms=["RS256"], options=options)
        except jwt.ExpiredSignatureError:
            raise ArmError(
                "ExpiredAuthenticationToken", "The access token expiry UTC time is in the past.", 401
            ) from None
        except jwt.InvalidTokenError:
            raise ArmError("InvalidAuthenticationToken", "The access token is invalid.", 401) from None
        # With and without a slash: libraries write both.
        if claims["aud"].rstrip("/") not in audiences:
            text = "The access token has been obtained for wrong audience or resource."
            raise ArmError("InvalidAuthenticationTokenAudience", text, 401)
        return claims

    def server_token(self, seconds: int = 7 * 24 * 3600, **claims: str) -> str:
        """As the product's own platform would put it into its file; `claims` change iss, sub or aud."""
        now = int(time.time())
        document = {
            "iss": ISSUER,
            "sub": SUBJECT,
            "aud": AUDIENCE["public"],
            "iat": now - 60,
            "exp": now + seconds,
            **claims,
        }
        return jwt.encode(document, self._issuer_key, algorithm="RS256", headers={"kid": "issuer"})

    def check_federation(self, app: App, assertion: str) -> None:
        """Raises EntraError. Entra ID would read the issuer's keys from its address; here they are known."""
        # Unverified at first: issuer, subject and audience each have an error of their own, before the signature's.
        claims = _claims(assertion)
        if not app.federations:
            text = f"The client '{app.client_id}'({app.name}) has no configured federated identity credentials."
            raise EntraError("invalid_client", 70025, text)
        if not any(federation.issuer == claims.get("iss") for federation in app.federations):
            text = f"No matching federated identity record found for presented assertion issuer '{claims.get('iss')}'."
            raise EntraError("invalid_client", 700211, text)
        fitting = [federation for federation in app.federations if federation.issuer == claims.get("iss")]
        if not any(federation.subject == claims.get("sub") for federation in fitting):
            text = f"No matching federated identity record found for presented assertion subject '{claims.get('sub')}'."
            raise EntraError("invalid_client", 700213, text)
        if not any(federation.audience == claims.get("aud") for federation in fitting):
            text = (
                f"No matching federated identity record found for presented assertion audience '{claims.get('aud')}'."
            )
            raise EntraError("invalid_client", 700212, text)
        options: Any = {"verify_aud": False}
        try:
            jwt.decode(assertion, self._issuer_key.public_key(), algorithms=["RS256"], options=options)
        except jwt.ExpiredSignatureError:
            raise EntraError("invalid_client", 700024, "Client assertion is not within its valid time range.") from None
        except jwt.InvalidTokenError:
            text = "Client assertion failed signature validation."
            raise EntraError("invalid_client", 50013, text) from None

    def check_certificate(self, app: App, assertion: str, audiences: tuple[str, ...]) -> None:
        """Raises EntraError."""
        certificate = _certificate_of(app, assertion)
        if certificate.expires < time.time():
            text = "The certificate with identifier used to sign the client assertion is expired on application. "
            text += f"[Reason - The key used is expired., Thumbprint of key: '{certificate.thumbprint.hex().upper()}']"
            raise EntraError("invalid_client", 700027, text, 401)
        try:
            claims = jwt.decode(
                assertion, certificate.public_key, algorithms=["RS256", "PS256"], audience=list(audiences)
            )
        except jwt.ExpiredSignatureError:
            raise EntraError("invalid_client", 700024, "Client assertion is not within its valid time range.") from None
        except jwt.InvalidTokenError:
            text = (
                "Client assertion contains an invalid signature. [Reason - The provided signature value did not match "
            )
            text += "the expected signature value.]"
            raise EntraError("invalid_client", 700027, text, 401) from None
        if not claims.get("iss") == claims.get("sub") == app.client_id:
            raise EntraError("invalid_client", 700021, "Client assertion application identifier does not match.", 401)


def is_own_assertion(assertion: str, client_id: str) -> bool:
    """Signed by the app itself (certificate), not by another issuer (federation)."""
    return _claims(assertion).get("iss") == client_id


def _certificate_of(app: App, assertion: str) -> Certificate:
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.InvalidTokenError:
        raise EntraError("invalid_client", 50027, "JWT token is invalid or malformed.") from None
    thumbprints = {_raw(header.get("x5t")), _raw(header.get("x5t#S256"))} - {b""}
    for certificate in app.certificates:
        is_known = certificate.known_from <= time.monotonic()
        if is_known and thumbprints & {certificate.thumbprint, certificate.thumbprint_256}:
            return certificate
    text = "The certificate with identifier used to sign the client assertion is not registered on application. "
    text += "[Reason - The key was not found.]"
    raise EntraError("invalid_client", 700027, text, 401)


def _raw(text: Any) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) if isinstance(text, str) else b""


def _claims(assertion: str) -> dict[str, Any]:
    try:
        claims = json.loads(_raw(assertion.split(".")[1]))
    except (IndexError, ValueError):
        raise EntraError("invalid_client", 50027, "JWT token is invalid or malformed.") from None
    return claims if isinstance(claims, dict) else {}
