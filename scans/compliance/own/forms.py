"""The form by which a team gives a framework: a file, or the text itself."""

from __future__ import annotations

from typing import Any

from django import forms

from cloudaccounts.forms.base import ServiceForm
from scans.compliance.own.schema import LARGEST


class FrameworkForm(ServiceForm):
    """One of both; the file counts where both are given. ``revision`` is what the page showed when it was opened."""

    file = forms.FileField(
        required=False, label="File", help_text=f"YAML, up to {LARGEST // 1000} KB.",
        widget=forms.ClearableFileInput(attrs={"accept": ".yaml,.yml"}),
    )  # fmt: skip
    text = forms.CharField(
        required=False, label="Or its text", strip=False,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "class": "mono", "autocomplete": "off"}),
    )  # fmt: skip
    revision = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        file = cleaned.get("file")
        if file is not None and file.size > LARGEST:
            self.add_error("file", f"This is too long: {LARGEST // 1000} KB at most.")
        elif file is not None:
            try:
                cleaned["text"] = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("file", "The file is not UTF-8.")
        # Browsers send line breaks as CR LF; the text is to be the same however it came.
        cleaned["text"] = (cleaned.get("text") or "").replace("\r\n", "\n")
        if not self.errors and not cleaned["text"].strip():
            self.add_error("file", "Choose a file, or paste its text below.")
        return cleaned
