"""The filter form of the list of assets."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms

from cloudaccounts import registry
from cloudaccounts.forms.accounts import with_any
from cloudaccounts.templatetags.services import resource_type
from scans.assets.queries import AssetFilter
from scans.filter_choices import region_choices


class AssetFilterForm(forms.Form):
    """What the list's address says. A value that does not exist narrows nothing, so that old links keep working."""

    use_required_attribute = False

    q = forms.CharField(
        required=False,
        max_length=200,
        label="Search",
        widget=forms.SearchInput(attrs={"placeholder": "Name, identifier or account"}),
    )
    provider = forms.ChoiceField(required=False, label="Cloud", choices=lambda: with_any("Any", registry.choices()))
    # A text with a select's widget: its choices are known only after the form was read (`offer_types`).
    type = forms.CharField(required=False, max_length=80, widget=forms.Select)
    region = forms.ChoiceField(required=False)
    group = forms.TypedChoiceField(required=False, coerce=UUID, empty_value=None)
    gone = forms.ChoiceField(required=False, label="Shows", choices=[("", "What is there"), ("1", "What is gone")])
    since = forms.TypedChoiceField(
        required=False, label="Since", coerce=int, empty_value=None,
        choices=[("", "Any time"), ("1", "Yesterday"), ("7", "A week ago"), ("30", "30 days ago")],
    )  # fmt: skip
    account = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        region_field = self.fields["region"]
        assert isinstance(region_field, forms.ChoiceField)
        region_field.choices = [("", "Any"), *region_choices(self.data.get("provider"))]

    def offer_types(self, types: list[str]) -> None:
        """Fills the choices of ``type``, which depend on the account and on whether gone assets are shown.

        They are known only once the other fields were read, and reading them needs this form: hence no ``ChoiceField``.
        """
        widget = self.fields["type"].widget
        assert isinstance(widget, forms.Select)
        widget.choices = [("", "Any"), *((name, resource_type(name)) for name in types)]

    def filters(self) -> AssetFilter:
        self.is_valid()  # fields that are not valid are left out of `cleaned_data`, and so narrow nothing
        values: dict[str, Any] = {name: value for name, value in self.cleaned_data.items() if value}
        values["gone"] = bool(values.get("gone"))
        return AssetFilter(**values)
