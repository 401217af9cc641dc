"""The sign-in forms: syntax only, no knowledge of other steps. The cleaned values are the credential."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.forms import CleanedField, secret_input, text_input, validation_error
from cloudaccounts.providers.aws import identifiers
from cloudaccounts.providers.aws.organization_setup import clean_role_name
from cloudaccounts.providers.aws.setup import ROLE_NAME


class OrganizationForm(forms.Form):
    role_name = CleanedField(
        clean_role_name,
        widget=text_input(ROLE_NAME),
        label="Name of the role in each member",
        required=False,
        help_text=f"Left empty: {ROLE_NAME}, as the StackSet of the set-up guides makes it. A read-only role; never "
        "OrganizationAccountAccessRole.",
    )


class CrossAccountRoleForm(forms.Form):
    role_arn = CleanedField(
        lambda text: identifiers.parse_role_arn(text).arn,
        widget=text_input("arn:aws:iam::111122223333:role/cloud-accounts-reader"),
        label="Role ARN",
        help_text="Shown by each of the guides when the role is made, and on the role's page in the IAM console.",
        error_messages={"required": "Paste the ARN of the role that you made with one of the guides."},
    )


class AccessKeysForm(forms.Form):
    access_key_id = CleanedField(
        identifiers.clean_access_key_id,
        widget=text_input("AKIA…"),
        label="Access key ID",
        help_text="20 characters. Begins with AKIA, or with ASIA where the key is temporary.",
        error_messages={"required": "Enter the access key ID."},
    )
    secret_access_key = CleanedField(
        identifiers.clean_secret_access_key,
        widget=secret_input(),
        label="Secret access key",
        help_text="40 characters. AWS shows it only once, when the key is made.",
        error_messages={"required": "Enter the secret access key."},
    )
    session_token = CleanedField(
        identifiers.clean_session_token,
        widget=secret_input(),
        required=False,
        label="Session token",
        help_text="Only for temporary keys (ASIA…). They expire within hours or days, and so will this connection.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("access_key_id", "secret_access_key"):
            # The file that AWS offers for download, pasted whole into one of the two.
            if key := identifiers.split_key_file(str(self.data.get(self.add_prefix(name)) or "")):
                data = MultiValueDict({field: [value] for field, value in self.data.items()})
                for part, value in key.items():
                    data[self.add_prefix(part)] = value
                self.data = data
                return

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        # Only where both fields are valid on their own: else their own errors say what is wrong.
        if "access_key_id" in cleaned and "session_token" in cleaned:
            try:
                identifiers.check_token_fits(cleaned["access_key_id"], cleaned["session_token"])
            except ProviderError as error:
                self.add_error("session_token", validation_error(error))
        return cleaned
