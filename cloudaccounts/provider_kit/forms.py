"""Form fields of sign-in forms. The one module of the kit that knows Django, as `forms` is in each provider."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms

from cloudaccounts.contract.errors import ProviderError

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


def text_input(placeholder: str = "") -> forms.TextInput:
    return forms.TextInput(attrs=QUIET | ({"placeholder": placeholder} if placeholder else {}))


def secret_input() -> forms.PasswordInput:
    """Never shows what was entered before: a secret must not go back into a page."""
    return forms.PasswordInput(attrs=QUIET, render_value=False)
