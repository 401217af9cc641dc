"""The two sign-in forms: syntax only, no knowledge of other steps; the cleaned values are the credential."""

from __future__ import annotations

from typing import Any

from django import forms

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.providers.aws import identifiers
from cloudaccounts.providers.aws.organization_setup import clean_role_name
from cloudaccounts.providers.aws.setup import ROLE_NAME

# Never filled in by a browser, never sent to a spelling service.
_QUIET = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


def _invalid(error: ProviderError) -> forms.ValidationError:
    return forms.ValidationError(f"{error.cause} {error.remedy}".strip(), code=error.code)


class _CleanedField(forms.CharField):
    """A text field whose syntax is checked by a function of `identifiers`, which raises `ProviderError`."""

    def __init__(self, *, secret: bool = False, placeholder: str = "", **kwargs: Any) -> None:
        attributes = _QUIET | ({"placeholder": placeholder} if placeholder else {})
        widget = (
            forms.PasswordInput(attrs=attributes, render_value=False) if secret else forms.TextInput(attrs=attributes)
        )
        super().__init__(widget=widget, **kwargs)

    def _clean_with(self, value: str) -> str:
        return value

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if not text:
            return ""
        try:
            return self._clean_with(text)
        except ProviderError as error:
            raise _invalid(error) from None


class _RoleArnField(_CleanedField):
    def _clean_with(self, value: str) -> str:
        return identifiers.parse_role_arn(value).arn


class _AccessKeyIdField(_CleanedField):
    def _clean_with(self, value: str) -> str:
        return identifiers.clean_access_key_id(value)


class _SecretField(_CleanedField):
    def _clean_with(self, value: str) -> str:
        return identifiers.clean_secret_access_key(value)


class _TokenField(_CleanedField):
    def _clean_with(self, value: str) -> str:
        return identifiers.clean_session_token(value)


class _RoleNameField(_CleanedField):
    def _clean_with(self, value: str) -> str:
        return clean_role_name(value)


class OrganizationForm(forms.Form):
    role_name = _RoleNameField(
        label="Name of the role in each member",
        required=False,
        placeholder=ROLE_NAME,
        help_text=f"Left empty: {ROLE_NAME}, as the StackSet of the set-up guides makes it. A read-only role; never "
        "OrganizationAccountAccessRole.",
    )


class CrossAccountRoleForm(forms.Form):
    role_arn = _RoleArnField(
        label="Role ARN",
        placeholder="arn:aws:iam::111122223333:role/cloud-accounts-reader",
        help_text="Shown by each of the guides when the role is made, and on the role's page in the IAM console.",
        error_messages={"required": "Paste the ARN of the role that you made with one of the guides."},
    )


class AccessKeysForm(forms.Form):
    access_key_id = _AccessKeyIdField(
        label="Access key ID",
        placeholder="AKIA…",
        help_text="20 characters. Begins with AKIA, or with ASIA where the key is temporary.",
        error_messages={"required": "Enter the access key ID."},
    )
    secret_access_key = _SecretField(
        secret=True,
        label="Secret access key",
        help_text="40 characters. AWS shows it only once, when the key is made.",
        error_messages={"required": "Enter the secret access key."},
    )
    session_token = _TokenField(
        secret=True,
        required=False,
        label="Session token",
        help_text="Only for temporary keys (ASIA…). They expire within hours or days, and so will this connection.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "access_key_id" in cleaned and "session_token" in cleaned:
            try:
                identifiers.check_token_fits(cleaned["access_key_id"], cleaned["session_token"])
            except ProviderError as error:
                self.add_error("session_token", _invalid(error))
        return cleaned
