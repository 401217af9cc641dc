"""The form that offers accounts to another team."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms


class OfferForm(forms.Form):
    to = forms.RegexField(
        r"^[A-Za-z0-9-]{1,64}$", label="The other team’s ID", help_text="Its owners find it on their team’s page."
    )
    accounts = forms.TypedMultipleChoiceField(coerce=UUID, widget=forms.CheckboxSelectMultiple, label="Accounts")

    def __init__(self, *args: Any, accounts: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["accounts"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = accounts
