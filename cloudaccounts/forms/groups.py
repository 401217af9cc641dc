from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms

from cloudaccounts.forms.base import ServiceForm
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import AccountGroup, Environment
from teams.scope import Scope


class GroupForm(ServiceForm):
    """Offers as parent every group but the group itself and those below it, which would close a circle."""

    name = forms.CharField(max_length=80, label="Name")
    description = forms.CharField(max_length=300, required=False, label="Description")
    parent = forms.TypedChoiceField(
        required=False, coerce=UUID, empty_value=None, label="Part of", help_text="Groups may be nested."
    )

    def __init__(self, *args: Any, scope: Scope, group: AccountGroup | None = None, **kwargs: Any) -> None:
        if group is not None:
            present = {"name": group.name, "description": group.description, "parent": str(group.parent or "")}
            kwargs.setdefault("initial", present)
        super().__init__(*args, **kwargs)
        # Left out of the choices; the service checks once more, since two moves at the same moment each look fine.
        below = {str(key) for key in group_queries.with_descendants(group)} if group is not None else set()
        field = self.fields["parent"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "No other group"), *(c for c in group_queries.choices(scope) if c[0] not in below)]


class EnvironmentForm(forms.Form):
    """Options of the bulk action "Set environment"."""

    environment = forms.ChoiceField(choices=Environment.choices, label="Environment", widget=forms.RadioSelect)
