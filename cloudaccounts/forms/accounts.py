"""Forms about accounts and tokens. They check what a person types; the services decide."""

from __future__ import annotations

import unicodedata
from typing import Any, Self
from uuid import UUID

from django import forms
from django.utils.html import format_html

from cloudaccounts import registry
from cloudaccounts.accounts.details import ALL_REGIONS
from cloudaccounts.accounts.queries import AccountFilter, CoverageState
from cloudaccounts.credentials.age import RotationState
from cloudaccounts.forms.base import ServiceForm
from cloudaccounts.forms.regions import LIST, RegionForm
from cloudaccounts.models import CloudAccount, CloudAccountStatus, Environment
from cloudaccounts.rotation.report import RotationFilter
from teams.scope import Scope

SORT_CHOICES = [
    ("name", "A to Z"),
    ("-name", "Z to A"),
    ("newest", "Newest first"),
    ("checked", "Unchecked first"),
    ("age", "Oldest credential first"),
    ("critical", "Most critical first"),
    ("score", "Lowest score first"),
    ("coverage", "Least covered first"),
    ("scanned", "Longest not scanned first"),
]


def with_any(any_label: str, choices: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [("", any_label), *((value, str(label)[:1].upper() + str(label)[1:]) for value, label in choices)]


class AccountFilterForm(forms.Form):
    """The filters in the list's address. A value that does not exist is ignored, so that old links keep working."""

    use_required_attribute = False

    q = forms.CharField(
        required=False,
        max_length=120,
        label="Search",
        widget=forms.SearchInput(attrs={"placeholder": "Name or account ID"}),
    )
    # A callable: providers of other distributions are known only when the registry has been asked.
    provider = forms.ChoiceField(required=False, label="Cloud", choices=lambda: with_any("Any", registry.choices()))
    status = forms.ChoiceField(required=False, choices=with_any("Any", CloudAccountStatus.choices))
    environment = forms.ChoiceField(required=False, choices=with_any("Any", Environment.choices))
    rotation = forms.ChoiceField(required=False, label="Credential", choices=with_any("Any", RotationState.choices))
    coverage = forms.ChoiceField(required=False, choices=with_any("Any", CoverageState.choices))
    group = forms.TypedChoiceField(required=False, coerce=UUID, empty_value=None)
    sort = forms.ChoiceField(required=False, label="Order", choices=SORT_CHOICES)

    def offer_groups(self, choices: list[tuple[str, str]]) -> Self:
        """Sets the owner's groups as choices, which only a request knows. Without groups the field has none."""
        offer_groups(self.fields["group"], choices)
        return self

    def filters(self) -> AccountFilter:
        # Only for cleaned_data: fields with errors are missing there, and so narrow nothing.
        self.is_valid()
        values = {name: value for name, value in self.cleaned_data.items() if value}
        return AccountFilter(**values)


class RotationFilterForm(forms.Form):
    """The filters in the address of the page of credential ages. A value that does not exist is ignored."""

    use_required_attribute = False

    state = forms.ChoiceField(required=False, label="Credential", choices=with_any("Any", RotationState.choices))
    provider = forms.ChoiceField(required=False, label="Cloud", choices=lambda: with_any("Any", registry.choices()))
    group = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, groups: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["group"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = with_any("Any", groups)
        # An empty select would ask a question that has no answer.
        if not groups:
            del self.fields["group"]

    def filters(self, scope: Scope) -> RotationFilter:
        self.is_valid()
        return RotationFilter(scope=scope, **{name: value for name, value in self.cleaned_data.items() if value})


def offer_groups(field: forms.Field, choices: list[tuple[str, str]]) -> None:
    assert isinstance(field, forms.ChoiceField)
    field.choices = [("", "Any"), *choices] if choices else []


class AccountForm(RegionForm):
    """What may change of a connected account."""

    name = forms.CharField(max_length=120, label="Name", help_text="Shown in lists and notices.")
    environment = forms.ChoiceField(choices=Environment.choices, label="Environment")
    groups = forms.TypedMultipleChoiceField(
        required=False, coerce=UUID, widget=forms.CheckboxSelectMultiple, help_text="An account may be in several."
    )

    def __init__(
        self,
        *args: Any,
        account: CloudAccount,
        group_choices: list[tuple[str, str]],
        groups: list[str],
        **kwargs: Any,
    ) -> None:
        initial = {"name": account.name, "environment": account.environment, "regions": account.regions}
        scope = ALL_REGIONS if account.all_regions else LIST
        kwargs.setdefault("initial", {**initial, "groups": groups, "region_scope": scope})
        super().__init__(*args, **kwargs)
        self.offer_regions(account)
        if not group_choices:
            del self.fields["groups"]
            return
        field = self.fields["groups"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = group_choices


class TokenForm(ServiceForm):
    """A token for the HTTP API. The defaults are the safer ones: read only, and it expires."""

    name = forms.CharField(max_length=80, label="Name", help_text="Says what uses it.")
    scope = forms.ChoiceField(
        choices=[("read", "Read only"), ("write", "Read and write")],
        initial="read",
        label="It may",
        help_text="Writing connects, changes and deletes accounts, and starts scans.",
    )
    days = forms.TypedChoiceField(
        choices=[("30", "30 days"), ("90", "90 days"), ("365", "a year")],
        coerce=int,
        initial="90",
        label="Expires after",
    )


class DeleteForm(forms.Form):
    """Asks for the account's name: slow on purpose, because deleting cannot be undone."""

    confirm = forms.CharField(
        label="Name of the account",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, account: CloudAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        # Escaped by `format_html`: the name is what somebody typed.
        self.fields["confirm"].help_text = format_html("Type <b>{}</b> to go on.", account.name)

    def clean_confirm(self) -> str:
        # Keyboards send accents composed or decomposed, and names are stored as NFC with single blanks.
        typed = " ".join(unicodedata.normalize("NFC", self.cleaned_data["confirm"]).split())
        if typed != self.account.name:
            raise forms.ValidationError(f"Type the name exactly as it is: {self.account.name}")
        return typed
