"""Reading JSON Web Tokens that others verify."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any


def unverified_claims(token: str) -> dict[str, Any] | None:
    """The claims of a JWT; None for anything else.

    The signature is not verified. That is enough where the token is this server's own, or came straight from the cloud
    over TLS: the cloud that receives a token verifies it, and here only its texts are shown or compared.
    """
    parts = token.split(".")
    if len(parts) != 3:
        return None
    payload = parts[1]
    try:
        # JWTs leave base64's padding out (RFC 7515, section 2), and Python's decoder wants it.
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    # RecursionError: JSON that is nested deeply enough comes from a stranger at no cost.
    except (binascii.Error, ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None
