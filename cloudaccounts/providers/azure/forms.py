"""The sign-in forms: syntax only, no knowledge of other steps. The cleaned values are the credential."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.forms import (
    QUIET,
    CleanedField,
    PastedFileField,
    PastedFileInput,
    secret_input,
    text_input,
    validation_error,
)
from cloudaccounts.providers.azure import certificate, identifiers
from cloudaccounts.providers.azure.organization_setup import clean_group

_EXAMPLE = "11111111-2222-3333-4444-555555555555"


class OrganizationForm(forms.Form):
    root = CleanedField(
        clean_group,
        widget=text_input(),
        required=False,
        label="Management group",
        help_text="Its ID, from Management groups in the Azure portal. Left empty: the tenant's root group.",
    )


class FederatedForm(forms.Form):
    tenant_id = CleanedField(
        identifiers.clean_tenant_id,
        widget=text_input(_EXAMPLE),
        label="Tenant ID",
        help_text="Directory (tenant) ID, on the overview page of Microsoft Entra ID.",
        error_messages={"required": "Enter the ID of the tenant that the subscription belongs to."},
    )
    client_id = CleanedField(
        identifiers.clean_client_id,
        widget=text_input(_EXAMPLE),
        label="Application (client) ID",
        help_text="On the overview page of the app registration; not its object ID, nor that of the enterprise app.",
        error_messages={"required": "Enter the client ID of the app registration."},
    )


class CertificateForm(FederatedForm):
    certificate_pem = PastedFileField(
        lambda text: text,  # cleaned below, together with the password
        longest=certificate.MAX_PEM,
        too_long=certificate.too_long,
        no_text=certificate.not_pem(),
        widget=PastedFileInput(
            accept=".pem,.crt,.cer,.key,application/x-pem-file",
            attrs={
                **QUIET,
                "rows": "8",
                "placeholder": "-----BEGIN PRIVATE KEY-----\n…\n-----BEGIN CERTIFICATE-----\n…",
            },
        ),
        label="Certificate and private key (PEM)",
        help_text="Both parts in one text or file. Its public part must be registered with the app in Azure.",
        error_messages={
            "required": "Paste the certificate and its private key, or choose their file.",
        },
    )
    password = CleanedField(
        lambda text: text,
        widget=secret_input(),
        required=False,
        strip=False,  # a password may begin or end with a space
        max_length=certificate.MAX_PASSWORD,
        label="Password of the private key",
        help_text="Only where the key is encrypted.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        # Only where both fields are valid on their own: each has its own message otherwise.
        if "certificate_pem" in cleaned and "password" in cleaned:
            try:
                parsed = certificate.parse(cleaned["certificate_pem"], cleaned["password"])
            except ProviderError as error:
                # The message stands at the field that can be corrected.
                field = "password" if error.code == "certificate_password_wrong" else "certificate_pem"
                self.add_error(field, validation_error(error))
            else:
                # What is stored is the rebuilt text, with nothing of what else was pasted.
                cleaned["certificate_pem"] = parsed.pem
                self._check_dates(parsed)
        return cleaned

    def _check_dates(self, parsed: certificate.Certificate) -> None:
        try:
            identifiers.check_certificate_dates(parsed.not_before, parsed.not_after, datetime.now(UTC))
        except ProviderError as error:
            self.add_error("certificate_pem", validation_error(error))


class ClientSecretForm(FederatedForm):
    client_secret = CleanedField(
        identifiers.clean_client_secret,
        widget=secret_input(),
        label="Client secret",
        help_text="The column Value, which Azure shows only once, when the secret is made; not the Secret ID.",
        error_messages={"required": "Enter the client secret."},
    )
    expires_on = CleanedField(
        identifiers.clean_expires_on,
        widget=forms.DateInput(attrs={"type": "date"}),
        required=False,
        label="Expires on",
        help_text="The column Expires. Azure does not tell it to us, so only with it can we warn you in time.",
    )
