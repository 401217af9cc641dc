"""The form of a team's service token."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms

from cloudaccounts.forms.base import ServiceForm
from cloudaccounts.tokens.scopes import AREAS, READ, WRITE

CHOSEN = "chosen"
NEVER = ""


def _days(text: str) -> int | None:
    return int(text) if text else None


class ServiceTokenForm(ServiceForm):
    """The defaults are the safer ones: read only, and it ends."""

    name = forms.CharField(max_length=80, label="Name", help_text="Says what uses it.")
    may = forms.ChoiceField(
        choices=[(READ, "Read everything"), (WRITE, "Read and write everything"), (CHOSEN, "Chosen scopes")],
        initial=READ, label="It may",
    )  # fmt: skip
    chosen = forms.MultipleChoiceField(
        required=False, label="Scopes", widget=forms.CheckboxSelectMultiple,
        choices=[(f"{area}:{verb}", f"{area}:{verb}") for area in AREAS for verb in (READ, WRITE)],
        help_text="Counted where “Chosen scopes” is chosen above. Writing includes reading.",
    )  # fmt: skip
    groups = forms.TypedMultipleChoiceField(
        required=False, coerce=UUID, widget=forms.CheckboxSelectMultiple, label="Groups",
        help_text="None: all of the team’s accounts. Groups nested in a chosen one are part of it.",
    )  # fmt: skip
    days = forms.TypedChoiceField(
        choices=[("30", "30 days"), ("90", "90 days"), ("365", "a year"), (NEVER, "never")],
        coerce=_days, empty_value=None, required=False, initial="90", label="Expires after",
    )  # fmt: skip

    def __init__(self, *args: Any, group_choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["groups"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = group_choices
        if not group_choices:
            del self.fields["groups"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("may") == CHOSEN and not data.get("chosen"):
            self.add_error("chosen", "Choose at least one scope.")
        return data

    def scopes(self) -> list[str]:
        data = self.cleaned_data
        return list(data["chosen"]) if data["may"] == CHOSEN else [str(data["may"])]

    def limit(self) -> list[UUID] | None:
        """The chosen groups; None for all accounts."""
        groups: list[UUID] = self.cleaned_data.get("groups", [])
        return groups or None
