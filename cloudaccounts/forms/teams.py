"""Forms of the team's pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms

from teams.errors import TeamError
from teams.models import NAME_LIMIT
from teams.roles import Role

ALL, SOME = "all", "groups"


class TeamForm(forms.Form):
    """A form whose values `teams.services` may refuse."""

    def refuse(self, error: TeamError) -> None:
        self.add_error(error.field if error.field in self.fields else None, f"{error.cause} {error.remedy}".strip())


class NewTeamForm(TeamForm):
    name = forms.CharField(max_length=NAME_LIMIT, label="Name", help_text="As its members know it: Platform, Payments.")


class AccessForm(TeamForm):
    """A role, and where it holds."""

    role = forms.ChoiceField(choices=Role.choices, label="Role", initial=Role.VIEWER)
    access = forms.ChoiceField(
        choices=[(ALL, "All accounts"), (SOME, "Chosen groups")],
        label="Access",
        initial=ALL,
        help_text="Groups nested in a chosen one are part of it.",
    )
    groups = forms.TypedMultipleChoiceField(
        required=False, coerce=UUID, widget=forms.CheckboxSelectMultiple, label="Groups"
    )

    def __init__(self, *args: Any, group_choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if group_choices:
            field = self.fields["groups"]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = group_choices
        else:
            del self.fields["groups"]
            del self.fields["access"]

    def limit(self) -> list[UUID] | None:
        """The chosen groups; None for all accounts, and an empty list for none."""
        if self.cleaned_data.get("access", ALL) == ALL:
            return None
        groups: list[UUID] = self.cleaned_data.get("groups", [])
        return groups

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("access") == SOME and not data.get("groups"):
            self.add_error("groups", "Choose at least one group, or all accounts.")
        return data


class InvitationForm(AccessForm):
    email = forms.EmailField(required=False, label="E-mail", max_length=254)
    field_order = ["email", "role", "access", "groups"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "access" in self.fields:
            self.fields["access"].help_text = ""  # the fields stand in a row, and the page says it below
