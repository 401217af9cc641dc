"""What forms share whose values go to a service."""

from __future__ import annotations

from django import forms

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import InputError


class ServiceForm(forms.Form):
    """A form whose values go to a service that may refuse them."""

    def refuse(self, error: ProviderError) -> None:
        """Shows a service's refusal at the fields that it names, else above the form."""
        messages = error.fields if isinstance(error, InputError) else {}
        for name, message in messages.items():
            # A service may name a field that this form does not show: its message must not be lost.
            self.add_error(name if name in self.fields else None, message)
        if not messages:
            self.add_error(None, f"{error.cause} {error.remedy}".strip())
