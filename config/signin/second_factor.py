"""allauth's second factors with their secrets encrypted: what it stores as given is a key to the account.

A secret is bound to its user: a row that somebody copies to another user does not open there.
"""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter

from cloudaccounts.crypto.fields import KeyringError, Sealed
from config.site import PRODUCT_NAME

PLACE = "second-factor"
SECRET_NAMES = ("secret", "seed")  # of TOTP and of recovery codes, in the JSON of allauth's rows


class MFAAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        """Raises `KeyringError` where there is no usable key."""
        return Sealed.seal({"text": text}, bound_to=bound_to(_whose()), column=PLACE).text

    def decrypt(self, encrypted_text: str) -> str:
        """Raises `KeyringError` where no key opens it, or where it is another user's."""
        return str(Sealed(encrypted_text).open(bound_to=bound_to(_whose()), column=PLACE)["text"])

    def get_totp_issuer(self) -> str:
        return f"{PRODUCT_NAME} ({context.request.get_host()})"

    def _get_user_identifier(self, user: Any) -> str:
        return str(user.get_username())

    def _get_site_name(self) -> str:
        return PRODUCT_NAME

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # noqa: A002 - allauth's own name
        return "Passkey"


def bound_to(user_key: str) -> str:
    return f"second-factor-of:{user_key}"


def _whose() -> str:
    """Whose secrets this request may open: the signed-in user's, or of who has passed the first step of a login."""
    request = context.request
    if request.user.is_authenticated:
        return str(request.user.pk)
    stage = getattr(request, "_login_stage", None)
    user = stage.login.user if stage is not None else None
    if user is None:
        raise KeyringError("nobody", "Nobody is signing in.", "Log in first.")
    return str(user.pk)
