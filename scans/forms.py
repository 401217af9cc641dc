from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms

from cloudaccounts import registry
from cloudaccounts.forms import ServiceForm, with_any
from cloudaccounts.models import CloudAccount
from scans.models import ScanStatus
from scans.selectors import AssetFilter, ScanFilter


class ScanInitiationForm(ServiceForm):
    """Where to scan: the account's own regions, all of them unless a person narrows it.

    Offers full scans only: an incremental one would look at everything too, until collectors can skip what is the same.
    """

    regions = forms.MultipleChoiceField(
        label="Regions",
        widget=forms.CheckboxSelectMultiple,
        help_text="Global services are always part of it.",
        error_messages={"required": "Choose at least one region."},
    )

    def __init__(self, *args: Any, account: CloudAccount, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"regions": account.regions})
        super().__init__(*args, **kwargs)
        field = self.fields["regions"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(name, name) for name in account.regions]


class ScanFilterForm(forms.Form):
    """What the list's address says. A value that does not exist narrows nothing, so that old links keep working."""

    use_required_attribute = False

    provider = forms.ChoiceField(required=False, label="Cloud", choices=lambda: with_any("Any", registry.choices()))
    status = forms.ChoiceField(required=False, choices=with_any("Any", ScanStatus.choices))
    group = forms.TypedChoiceField(required=False, coerce=UUID, empty_value=None)
    account = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def wanted(self) -> ScanFilter:
        self.is_valid()
        return ScanFilter(**{name: value for name, value in self.cleaned_data.items() if value})


class AssetFilterForm(forms.Form):
    use_required_attribute = False

    q = forms.CharField(
        required=False,
        max_length=200,
        label="Search",
        widget=forms.SearchInput(attrs={"placeholder": "Name, identifier or account"}),
    )
    provider = forms.ChoiceField(required=False, label="Cloud", choices=lambda: with_any("Any", registry.choices()))
    type = forms.CharField(required=False, max_length=80, widget=forms.Select)
    region = forms.ChoiceField(required=False)
    group = forms.TypedChoiceField(required=False, coerce=UUID, empty_value=None)
    gone = forms.ChoiceField(required=False, label="Shows", choices=[("", "What is there"), ("1", "What is gone")])
    account = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        region_field = self.fields["region"]
        assert isinstance(region_field, forms.ChoiceField)
        region_field.choices = [("", "Any"), *_regions(self.data.get("provider"))]

    def offer_types(self, types: list[str]) -> None:
        """What there is depends on the account and on what is shown: so it is known only once those are read."""
        widget = self.fields["type"].widget
        assert isinstance(widget, forms.Select)
        widget.choices = [("", "Any"), *((name, name) for name in types)]

    def wanted(self) -> AssetFilter:
        self.is_valid()
        values: dict[str, Any] = {name: value for name, value in self.cleaned_data.items() if value}
        values["gone"] = bool(values.get("gone"))
        return AssetFilter(**values)


def _regions(provider: str | None) -> list[tuple[str, list[tuple[str, str]]]]:
    """From what the clouds have, not from what was found: a list of the latter would read every asset."""
    groups = []
    for spec in registry.all_providers():
        if provider in {None, "", spec.key}:
            names = {region.name for partition in spec.partitions() for region in spec.regions(partition.value)}
            groups.append((spec.label, [(name, name) for name in ("global", *sorted(names))]))
    return groups or [("Regions", [("global", "global")])]
