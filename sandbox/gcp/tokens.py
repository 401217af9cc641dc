"""The three ways to an access token: a signed assertion, another issuer's token, impersonation."""

import base64
import json
import secrets
import time
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from sandbox.gcp.directory import TOKEN_URI, Directory, Key, Pool
from sandbox.gcp.errors import GoogleError, OAuthError

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"
SUBJECT_TYPES = ("urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token")
LIFETIME = 3600
SKEW = 300  # seconds that two clocks may differ
_BAD_TIME = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp "
    "values in the JWT claim."
)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Header, claims, signed bytes, signature; raises ValueError."""
    head, body, signature = token.split(".")
    header, claims = json.loads(_unb64(head)), json.loads(_unb64(body))
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise ValueError("no JWT")
    return header, claims, f"{head}.{body}".encode(), _unb64(signature)


def _new(prefix: str) -> str:
    return prefix + secrets.token_urlsafe(60)


def key_id(assertion: str) -> str:
    """The key that an assertion says it is signed with; empty where it is none."""
    try:
        return str(_parts(assertion)[0].get("kid", ""))
    except ValueError:
        return ""


def grant(directory: Directory, form: dict[str, str]) -> dict[str, Any]:
    """The token endpoint's answer to a service account's assertion (RFC 7523)."""
    if form.get("grant_type") != JWT_GRANT:
        raise OAuthError("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
    try:
        header, claims, signed, signature = _parts(form.get("assertion", ""))
    except ValueError:
        raise OAuthError("invalid_grant", "Invalid JWT: Failed to parse.") from None
    # Looked up by unverified claims: they say which key the signature is checked with.
    email = str(claims.get("iss", ""))
    account = directory.accounts.get(email)
    if account is None:
        raise OAuthError("invalid_grant", "Invalid grant: account not found")
    key = account.keys.get(str(header.get("kid", "")))
    # One answer for a key that is disabled, deleted or forged, as Google has it.
    if key is None or not _usable(key) or not _rsa_matches(directory, key, signed, signature):
        raise OAuthError("invalid_grant", "Invalid JWT Signature.")
    if account.disabled:
        raise OAuthError("invalid_grant", "Invalid grant: account disabled")
    if claims.get("aud") != TOKEN_URI:
        raise OAuthError("invalid_grant", "Invalid JWT: The aud claim is not this server's token endpoint.")
    now = time.time()
    issued, expires = float(claims.get("iat", 0)), float(claims.get("exp", 0))
    # An assertion lives an hour at most, by Google's page on service accounts:
    # https://developers.google.com/identity/protocols/oauth2/service-account
    if issued > now + SKEW or expires < now - SKEW or expires - issued > LIFETIME + 1:
        raise OAuthError("invalid_grant", _BAD_TIME)
    if not claims.get("scope"):
        raise OAuthError("invalid_scope", "Empty or missing scope not allowed.")
    key.used = datetime.now(UTC)
    token = _new("ya29.c.")
    directory.issue(f"serviceAccount:{email}", token, LIFETIME, str(claims["scope"]).split())
    return {"access_token": token, "expires_in": LIFETIME - 1, "token_type": "Bearer"}


def _usable(key: Key) -> bool:
    return (
        key.known_from <= time.monotonic()
        and not key.disabled
        and (key.expires is None or key.expires.timestamp() > time.time())
    )


def _rsa_matches(directory: Directory, key: Key, signed: bytes, signature: bytes) -> bool:
    if key.certificate:
        public = load_pem_x509_certificate(key.certificate.encode()).public_key()
    else:
        public = _first_key(directory.state.key_pem)
    assert isinstance(public, rsa.RSAPublicKey)
    try:
        public.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


@cache  # each load tests its primes: 40 ms of the processor
def _first_key(pem: str) -> rsa.RSAPublicKey:
    """Of the key that all service accounts of the seed have."""
    private = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(private, rsa.RSAPrivateKey)
    return private.public_key()


def exchange(directory: Directory, form: dict[str, str]) -> dict[str, Any]:
    """Security Token Service (RFC 8693): another issuer's token for a federated one."""
    if form.get("grant_type") != EXCHANGE_GRANT or form.get("requested_token_type") != ACCESS_TOKEN_TYPE:
        raise OAuthError("invalid_request", "Invalid value for grant_type or requested_token_type.")
    if form.get("subject_token_type") not in SUBJECT_TYPES:
        raise OAuthError("invalid_request", "Invalid value for subject_token_type.")
    pool = directory.pools.get(form.get("audience", ""))
    if pool is None or pool.disabled:
        raise OAuthError(
            "invalid_target",
            'The target service indicated by the "audience" parameters is invalid. This might either be because the '
            "pool or provider is disabled or deleted or because it doesn't exist.",
        )
    subject = _subject(directory, pool, form.get("subject_token", ""))
    token = _new("ya29.d.")
    directory.issue(pool.principal + subject, token, LIFETIME)
    return {
        "access_token": token,
        "issued_token_type": ACCESS_TOKEN_TYPE,
        "token_type": "Bearer",
        "expires_in": LIFETIME,
    }


def _subject(directory: Directory, pool: Pool, token: str) -> str:
    try:
        _, claims, signed, signature = _parts(token)
    except ValueError:
        raise OAuthError("invalid_request", "Unable to parse the ID Token.") from None
    if claims.get("iss") != pool.issuer:
        raise OAuthError("invalid_grant", "The issuer in ID Token does not match the expected ones.")
    private = load_pem_private_key(directory.state.issuer_pem.encode(), password=None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    try:
        # JWT writes an ES256 signature as two numbers of 32 bytes (RFC 7518, section 3.4); cryptography wants ASN.1.
        der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        private.public_key().verify(der, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise OAuthError("invalid_grant", "Invalid JWT signature of the ID Token.") from None
    if float(claims.get("exp", 0)) <= time.time():
        raise OAuthError("invalid_grant", "ID Token is stale to sign-in or has expired.")
    if claims.get("aud") not in pool.audiences:
        raise OAuthError(
            "invalid_grant",
            "The audience in ID Token does not match the expected audience.",
        )
    subject = str(claims.get("sub", ""))
    if pool.subjects and subject not in pool.subjects:
        raise OAuthError("unauthorized_client", "The given credential is rejected by the attribute condition.")
    return subject


def impersonate(directory: Directory, member: str, email: str, body: dict[str, Any]) -> dict[str, Any]:
    """iamcredentials: generateAccessToken."""
    account = directory.accounts.get(email)
    # One answer for both: who may not act as an account does not learn whether it exists.
    if account is None or not directory.may_act_as(member, account):
        raise GoogleError(
            "PERMISSION_DENIED",
            "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
            "IAM_PERMISSION_DENIED",
            {"permission": "iam.serviceAccounts.getAccessToken"},
            domain="iam.googleapis.com",
        )
    if account.disabled:
        raise GoogleError("FAILED_PRECONDITION", "Service account is disabled.")
    seconds = int(str(body.get("lifetime") or f"{LIFETIME}s").removesuffix("s"))
    if not body.get("scope") or not 0 < seconds <= LIFETIME:
        raise GoogleError("INVALID_ARGUMENT", "Request contains an invalid argument.")
    token = _new("ya29.c.")
    expires = directory.issue(f"serviceAccount:{email}", token, seconds, body["scope"])
    return {"accessToken": token, "expireTime": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}


def sign_identity(directory: Directory, *, issuer: str, subject: str, audience: str, seconds: int) -> str:
    """A token of the sandbox's own issuer (ES256): what an operator's platform gives this server."""
    private = load_pem_private_key(directory.state.issuer_pem.encode(), password=None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    now = int(time.time())
    claims = {"iss": issuer, "sub": subject, "aud": audience, "iat": now, "exp": now + seconds}
    signed = f"{_b64(json.dumps({'alg': 'ES256', 'typ': 'JWT'}).encode())}.{_b64(json.dumps(claims).encode())}"
    r, s = decode_dss_signature(private.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{_b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
