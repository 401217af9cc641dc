"""The sign-in forms: syntax only, no knowledge of other steps. The cleaned values are the credential."""

from __future__ import annotations

from django import forms

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.forms import QUIET, CleanedField, PastedFileField, PastedFileInput, text_input
from cloudaccounts.providers.gcp import identifiers, keyfile
from cloudaccounts.providers.gcp.organization_setup import clean_root


class OrganizationForm(forms.Form):
    root = CleanedField(
        clean_root,
        widget=text_input("organizations/123456789"),
        required=False,
        label="Organization or folder",
        help_text="Left empty: the highest place above the connected project that its service account may read.",
    )


_EMAIL_PLACEHOLDER = "cloud-accounts-reader@my-project.iam.gserviceaccount.com"


class ImpersonationForm(forms.Form):
    service_account_email = CleanedField(
        identifiers.clean_email,
        widget=text_input(_EMAIL_PLACEHOLDER),
        label="Service account",
        help_text="The e-mail address of the service account that we may impersonate. The guides print it.",
        error_messages={"required": "Enter the e-mail address of the service account."},
    )


class WorkloadIdentityForm(forms.Form):
    audience = CleanedField(
        identifiers.clean_audience,
        widget=text_input(
            "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/…/providers/…"
        ),
        label="Workload identity provider",
        help_text="The provider's full resource name, with the project's number. The guides print it.",
        error_messages={"required": "Enter the resource name of the workload identity provider."},
    )
    service_account_email = CleanedField(
        identifiers.clean_email,
        widget=text_input(_EMAIL_PLACEHOLDER),
        label="Service account",
        help_text="The e-mail address of the service account that the pool's identity may impersonate.",
        error_messages={"required": "Enter the e-mail address of the service account."},
    )


class ServiceAccountKeyForm(forms.Form):
    service_account_json = PastedFileField(
        keyfile.clean,
        longest=keyfile.LONGEST,
        too_long=keyfile.too_large,
        no_text=ProviderError(
            keyfile.CODE, "This file is not text.", "Choose the JSON file of the key (not the .p12 file)."
        ),
        label="Service account key (JSON)",
        widget=PastedFileInput(accept=".json,application/json", attrs=QUIET | {"rows": 6}),
        help_text="Paste the file's content, or choose the file. It is read at once and kept only encrypted.",
        error_messages={"required": "Paste the key's JSON, or choose its file."},
    )
