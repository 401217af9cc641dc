"""allauth's forms of second factors: codes count once, secrets lie nowhere in clear, forged keys crash nothing."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.totp.internal import auth as totp_auth
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.db import transaction

from cloudaccounts.crypto.fields import KeyringError

_PENDING = "second_factor_pending"
_CODE = {"autocomplete": "one-time-code", "inputmode": "text", "autocapitalize": "none", "autofocus": True}
_HELP = "Six digits from your authenticator app, or one of your recovery codes."
# What a response that no browser made can raise in the library that reads it.
_FORGED = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError)


def _code_field(help_text: str) -> forms.CharField:
    widget = forms.TextInput(attrs=_CODE)
    return forms.CharField(label="Code", max_length=40, help_text=help_text, widget=widget)


class _Code(base.BaseAuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = _code_field(_HELP)

    def clean_code(self) -> str:
        try:
            code = str(super().clean_code())
        except KeyringError as error:
            raise forms.ValidationError(f"{error.cause} Ask the operator of this server.") from error
        # allauth remembers used codes in a cache that each process has for itself.
        if self.authenticator.type == Authenticator.Type.TOTP and not _is_first_use(self.authenticator, code):
            self._emit_authentication_failed(self.authenticator)
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(_Code, base.AuthenticateForm):
    """At the login."""


class CodeAgainForm(_Code, base.ReauthenticateForm):
    """Before a sensitive act."""


class NewAppForm(totp.ActivateTOTPForm):
    """Until a first code has come allauth keeps the new secret in the session, in clear: here it is encrypted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user = kwargs.pop("user")
        forms.Form.__init__(self, *args, **kwargs)
        self.fields["code"] = _code_field("Six digits that the app shows now.")
        session, adapter = context.request.session, get_adapter()
        pending = session.get(_PENDING) if self.is_bound else None
        self.secret = adapter.decrypt(pending) if pending else totp_auth.generate_totp_secret()
        if not pending:
            session[_PENDING] = adapter.encrypt(self.secret)

    @staticmethod
    def forget_secret() -> None:
        context.request.session.pop(_PENDING, None)


class NewPasskeyForm(webauthn.AddWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Every key can sign in by itself here, and is asked for accordingly (`config.signin.factor_views`).
        self.fields.pop("passwordless", None)
        help_text = "To tell it from others: the device, or the password manager that keeps it."
        self.fields["name"] = forms.CharField(label="Name", max_length=60, required=False, help_text=help_text)

    def clean(self) -> dict[str, Any]:
        try:
            return dict(super().clean() or {})
        except _FORGED as error:
            raise get_adapter().validation_error("incorrect_code") from error


class _Passkey(webauthn.AuthenticateWebAuthnForm):
    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()
        except _FORGED as error:
            raise get_adapter().validation_error("incorrect_code") from error


class PasskeyLoginForm(_Passkey, webauthn.LoginWebAuthnForm):
    pass


class PasskeyForm(_Passkey):
    """As the second step of a login."""


class PasskeyAgainForm(_Passkey, webauthn.ReauthenticateWebAuthnForm):
    """Before a sensitive act."""


def _is_first_use(authenticator: Authenticator, code: str) -> bool:
    """A code counts once, and none that is older than the last (RFC 6238, 5.2): in the row, for all processes."""
    with transaction.atomic(using=Authenticator.objects.db):
        row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
        secret = totp_auth.decrypt(row.data["secret"])
        match = [
            counter
            for counter in totp_auth.yield_hotp_counters_from_time()
            if totp_auth.compare_user_code(
                actual=code, expected=totp_auth.format_hotp_value(totp_auth.hotp_value(secret, counter))
            )
        ]
        last = max(match, default=None)
        if last is None or last <= row.data.get("last_counter", -1):
            return False
        row.data["last_counter"] = last
        row.save(update_fields=["data"])
    return True
