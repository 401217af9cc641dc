"""This server's own identity for federated credentials: a signed token (JWT) in a file. No Django, no SDK.

The operator names the file in ``AZURE_FEDERATED_TOKEN_FILE``, as Azure's own workload identity does. Whatever issued
the token (Kubernetes, a cloud, a CI system) renews the file, so it is read for each sign-in. No form or call names a
file. https://learn.microsoft.com/entra/workload-id/workload-identity-federation
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import ServerIdentity
from cloudaccounts.provider_kit.jwt import unverified_claims

VARIABLE = "AZURE_FEDERATED_TOKEN_FILE"
MAX_TOKEN = 64 * 1024  # bytes


def token_file() -> str:
    """The operator's setting; empty where there is none."""
    return os.environ.get(VARIABLE, "").strip()


def assertion() -> str:
    """The token as it is now. Raises `ProviderError` (``server_identity_missing``, ``server_identity_invalid``)."""
    # Checked before it is sent: a customer could not tell a broken file of ours from an error in the app.
    token = _read(token_file())
    claims = unverified_claims(token)
    if claims is None:
        raise _invalid("does not hold a signed token (JWT)")
    # Azure would refuse it as well, with an error that the customer could take for one of the app's.
    expires = claims.get("exp")
    if isinstance(expires, int | float) and expires <= time.time():
        raise _invalid("holds a token that has expired")
    return token


def server_identity(timeout: float) -> ServerIdentity:
    """Issuer and subject of the token, which a customer's federated credential must name. Never raises.

    Reads a file of this server and calls no network, so ``timeout`` is not needed.
    """
    try:
        claims = unverified_claims(assertion()) or {}
    except ProviderError as error:
        return ServerIdentity.missing(error)
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not (isinstance(issuer, str) and issuer.startswith("https://") and isinstance(subject, str) and subject):
        return ServerIdentity.missing(_invalid("holds a token without issuer (iss) or subject (sub)"))
    return ServerIdentity(principal=subject, issuer=issuer)


def _read(path: str) -> str:
    if not path:
        raise ProviderError(
            "server_identity_missing",
            "This server has no identity for federated credentials.",
            f"The operator must point {VARIABLE} at a file with a signed token of this server. Until then, use a "
            "certificate or a client secret.",
        )
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_TOKEN + 1)  # one more than allowed, so that a larger file is noticed
    except OSError:
        raise _invalid("cannot be read") from None
    if len(content) > MAX_TOKEN or not content.isascii():
        raise _invalid("does not hold a signed token (JWT)")
    return content.decode().strip()


def _invalid(what: str) -> ProviderError:
    return ProviderError(
        "server_identity_invalid",
        f"The file with this server's own token {what}.",
        f"The operator must fix the file that {VARIABLE} names; nothing is wrong with what you entered.",
    )
