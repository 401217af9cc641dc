from __future__ import annotations

import unicodedata
from typing import Any, Self
from uuid import UUID

from django import forms
from django.utils.html import format_html

from cloudaccounts import registry
from cloudaccounts.accounts.queries import AccountFilter
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.credentials.age import RotationState
from cloudaccounts.errors import InputError
from cloudaccounts.models import CloudAccount, CloudAccountStatus, Environment
from cloudaccounts.rotation.report import RotationFilter

SORT_CHOICES = [
    ("name", "A to Z"),
    ("-name", "Z to A"),
    ("newest", "Newest first"),
    ("checked", "Unchecked first"),
    ("age", "Oldest credential first"),
]


def with_any(word: str, choices: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [("", word), *((value, str(label)[:1].upper() + str(label)[1:]) for value, label in choices)]


class AccountFilterForm(forms.Form):
    """What the list's address says. A value that does not exist narrows nothing, so that old links keep working."""

    use_required_attribute = False

    q = forms.CharField(
        required=False,
        max_length=120,
        label="Search",
        widget=forms.SearchInput(attrs={"placeholder": "Name or account ID"}),
    )
    provider = forms.ChoiceField(required=False, label="Cloud", choices=lambda: with_any("Any", registry.choices()))
    status = forms.ChoiceField(required=False, choices=with_any("Any", CloudAccountStatus.choices))
    environment = forms.ChoiceField(required=False, choices=with_any("Any", Environment.choices))
    rotation = forms.ChoiceField(required=False, label="Credential", choices=with_any("Any", RotationState.choices))
    group = forms.TypedChoiceField(required=False, coerce=UUID, empty_value=None)
    sort = forms.ChoiceField(required=False, label="Order", choices=SORT_CHOICES)

    def offer_groups(self, choices: list[tuple[str, str]]) -> Self:
        """The owner's, which only a request knows. Where there are none, nothing is offered."""
        offer_groups(self.fields["group"], choices)
        return self

    def wanted(self) -> AccountFilter:
        self.is_valid()
        values = {name: value for name, value in self.cleaned_data.items() if value}
        return AccountFilter(**values)


class RotationFilterForm(forms.Form):
    """What the address of the ages' page says. A value that does not exist narrows nothing."""

    use_required_attribute = False

    state = forms.ChoiceField(required=False, label="Credential", choices=with_any("Any", RotationState.choices))
    provider = forms.ChoiceField(required=False, label="Cloud", choices=lambda: with_any("Any", registry.choices()))
    group = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, groups: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["group"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = with_any("Any", groups)
        if not groups:
            del self.fields["group"]

    def wanted(self, owner: str) -> RotationFilter:
        self.is_valid()
        return RotationFilter(owner=owner, **{name: value for name, value in self.cleaned_data.items() if value})


def offer_groups(field: forms.Field, choices: list[tuple[str, str]]) -> None:
    assert isinstance(field, forms.ChoiceField)
    field.choices = [("", "Any"), *choices] if choices else []


class ServiceForm(forms.Form):
    """A form whose values go to a service that may refuse them."""

    def refuse(self, error: ProviderError) -> None:
        """Puts a service's refusal beside the fields that it is about."""
        messages = error.fields if isinstance(error, InputError) else {}
        for name, message in messages.items():
            self.add_error(name if name in self.fields else None, message)
        if not messages:
            self.add_error(None, f"{error.cause} {error.remedy}".strip())


class AccountForm(ServiceForm):
    """What may change of a connected account. The service decides; here stands only what the page offers."""

    name = forms.CharField(max_length=120, label="Name", help_text="People look for it in lists.")
    environment = forms.ChoiceField(choices=Environment.choices, label="Environment")
    regions = forms.MultipleChoiceField(
        label="Regions", widget=forms.CheckboxSelectMultiple, help_text="Scans look there, and in the global services."
    )

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
        kwargs.setdefault("initial", {**initial, "groups": groups})
        super().__init__(*args, **kwargs)
        field = self.fields["regions"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = region_choices(account)
        if not group_choices:
            del self.fields["groups"]
            return
        field = self.fields["groups"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = group_choices


class TokenForm(ServiceForm):
    """A token for the HTTP API. It reads unless a person says otherwise, and it ends."""

    name = forms.CharField(max_length=80, label="Name", help_text="Says what uses it.")
    scope = forms.ChoiceField(
        choices=[("read", "Read only"), ("write", "Read and write")],
        initial="read",
        label="It may",
        help_text="Writing connects, changes and deletes accounts, and starts scans.",
    )
    days = forms.TypedChoiceField(
        choices=[("30", "30 days"), ("90", "90 days"), ("365", "a year")], coerce=int, initial="90", label="Ends after"
    )


class DeleteForm(forms.Form):
    """Typing the name is slow on purpose: what follows cannot be taken back."""

    confirm = forms.CharField(
        label="Name of the account",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, account: CloudAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.fields["confirm"].help_text = format_html("Type <b>{}</b> to go on.", account.name)

    def clean_confirm(self) -> str:
        typed = " ".join(unicodedata.normalize("NFC", self.cleaned_data["confirm"]).split())
        if typed != self.account.name:
            raise forms.ValidationError(f"Type the name exactly as it is: {self.account.name}")
        return typed


def region_choices(account: CloudAccount) -> list[tuple[str, list[tuple[str, str]]]]:
    """The regions of the account's partition by geography, as a select or a group of boxes takes them."""
    try:
        known = account.spec.regions(account.partition)
    except registry.UnknownProviderError:
        return [("Chosen", [(name, name) for name in account.regions])]
    groups: dict[str, list[tuple[str, str]]] = {}
    for region in known:
        label = region.name if region.label == region.name else f"{region.name} · {region.label}"
        groups.setdefault(region.geography, []).append((region.name, label))
    return list(groups.items())
