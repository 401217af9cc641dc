from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from cloudaccounts.forms.base import ServiceForm
from cloudaccounts.imports.uploads import LARGEST


class ImportForm(ServiceForm):
    file = forms.FileField(
        label="File",
        help_text="CSV or YAML, up to 2 MB and 2,000 rows. It is kept encrypted for a day and then forgotten.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.yaml,.yml"}),
    )

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST:
            raise forms.ValidationError(f"The file is larger than {LARGEST // 1024 // 1024} MB: split it.")
        return file
