"""The sign-in forms: syntax only, no knowledge of other steps. The cleaned values are the credential."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.forms import QUIET, CleanedField, text_input
from cloudaccounts.provider_kit.pasted_text import text_encoding
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


class KeyFileInput(forms.Textarea):
    """Paste or upload; a chosen file takes precedence. An upload is read into text and never stored.

    The file's input has a name of its own: a browser sends an empty part for a file that was not chosen, and under the
    same name that would count as an empty text.
    """

    needs_multipart_form = True

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        upload = files.get(f"{name}-file")
        return upload if upload is not None else super().value_from_datadict(data, files, name)

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return name not in data and f"{name}-file" not in files

    def format_value(self, value: Any) -> str:
        """Empty: a secret never goes back into a page."""
        return ""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        own_id = (attrs or {}).get("id") or f"id_{name}"
        file_input = forms.FileInput(attrs={"accept": ".json,application/json"})
        return format_html(
            '{}<label for="{}">or choose the file</label>{}',
            super().render(name, value, attrs, renderer),
            f"{own_id}-file",
            file_input.render(f"{name}-file", None, {"id": f"{own_id}-file"}, renderer),
        )


class _KeyFileField(CleanedField):
    def to_python(self, value: Any) -> str:
        if isinstance(value, UploadedFile):
            value = _read(value)
        # Before CharField strips and scans it, since the length is whatever somebody sends.
        if isinstance(value, str) and len(value) > keyfile.LONGEST:
            raise keyfile.too_large(len(value))
        # Django refuses it too, with a message that says nothing of files.
        if isinstance(value, str) and "\x00" in value:
            raise ProviderError(keyfile.CODE, "There is a NUL character in it: this is not a text file.", "")
        return super().to_python(value) or ""


def _read(upload: UploadedFile[bytes]) -> str:
    # By the size that the upload says; `to_python` looks at what was read.
    if upload.size is None or upload.size > keyfile.LONGEST:
        raise keyfile.too_large(upload.size or 0)
    try:
        content = bytes(upload.read(keyfile.LONGEST + 1))
        return content.decode(text_encoding(content))
    except UnicodeDecodeError:
        raise ProviderError(
            keyfile.CODE, "This file is not text.", "Choose the JSON file of the key (not the .p12 file)."
        ) from None


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
    service_account_json = _KeyFileField(
        keyfile.clean,
        label="Service account key (JSON)",
        widget=KeyFileInput(attrs=QUIET | {"rows": 6}),
        help_text="Paste the file's content, or choose the file. It is read at once and kept only encrypted.",
        error_messages={"required": "Paste the key's JSON, or choose its file."},
    )
