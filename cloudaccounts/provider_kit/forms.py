"""Form fields of sign-in forms. The one module of the kit that knows Django, as `forms` is in each provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.pasted_text import text_encoding

# Never filled in by a browser, never sent to a spelling service: any of these fields may hold a secret.
QUIET = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


def validation_error(error: ProviderError) -> forms.ValidationError:
    """Cause and remedy in one text, since a form shows one text for each error."""
    return forms.ValidationError(f"{error.cause} {error.remedy}".strip(), code=error.code)


class CleanedField(forms.CharField):
    """A text field that is cleaned by ``clean_with``: it returns the canonical value or raises `ProviderError`.

    A field that may be left empty gives an empty text, without ``clean_with`` being called.
    """

    def __init__(self, clean_with: Callable[[str], str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._clean_with = clean_with

    def clean(self, value: Any) -> str:
        try:
            text = super().clean(value)
            return self._clean_with(text) if text else ""
        except ProviderError as error:
            raise validation_error(error) from None


class PastedFileInput(forms.Textarea):
    """Paste or upload; a chosen file takes precedence. An upload is read into text and never stored.

    The file's input has a name of its own: a browser sends an empty part for a file that was not chosen, and under the
    same name that would count as an empty text.
    """

    needs_multipart_form = True

    def __init__(self, *, accept: str, attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__(dict(attrs or {}))
        self._accept = accept  # as the attribute of an input: a browser offers such files first

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
        file_input = forms.FileInput(attrs={"accept": self._accept})
        return format_html(
            '{}<label for="{}">or choose the file</label>{}',
            super().render(name, value, attrs, renderer),
            f"{own_id}-file",
            file_input.render(f"{name}-file", None, {"id": f"{own_id}-file"}, renderer),
        )


class PastedFileField(CleanedField):
    """A text that is pasted, or read from a file that was chosen, and cleaned by ``clean_with``.

    ``longest`` in characters, and for a file in bytes; ``too_long`` makes the error of a length beyond it, ``no_text``
    is that of a file which holds no text.
    """

    def __init__(
        self,
        clean_with: Callable[[str], str],
        *,
        longest: int,
        too_long: Callable[[int], ProviderError],
        no_text: ProviderError,
        **kwargs: Any,
    ) -> None:
        super().__init__(clean_with, **kwargs)
        self._longest, self._too_long, self._no_text = longest, too_long, no_text

    def to_python(self, value: Any) -> str:
        if isinstance(value, UploadedFile):
            value = self._read(value)
        # Before CharField strips and scans it, since the length is whatever somebody sends.
        if isinstance(value, str) and len(value) > self._longest:
            raise self._too_long(len(value))
        # Django refuses it too, with a message that says nothing of files.
        if isinstance(value, str) and "\x00" in value:
            cause = "There is a NUL character in it: this is not a text file."
            raise ProviderError(self._no_text.code, cause, self._no_text.remedy)
        return super().to_python(value) or ""

    def _read(self, upload: UploadedFile[bytes]) -> str:
        # By the size that the upload says; `to_python` looks at what was read.
        if upload.size is None or upload.size > self._longest:
            raise self._too_long(upload.size or 0)
        try:
            content = bytes(upload.read(self._longest + 1))
            return content.decode(text_encoding(content))
        except UnicodeDecodeError:
            raise self._no_text from None


def text_input(placeholder: str = "") -> forms.TextInput:
    return forms.TextInput(attrs=QUIET | ({"placeholder": placeholder} if placeholder else {}))


def secret_input() -> forms.PasswordInput:
    """Never shows what was entered before: a secret must not go back into a page."""
    return forms.PasswordInput(attrs=QUIET, render_value=False)
