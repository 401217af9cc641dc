from __future__ import annotations

from typing import Any

from django import forms

from cloudaccounts import registry
from cloudaccounts.contract import ProviderError
from cloudaccounts.errors import InputError
from cloudaccounts.forms import with_any
from cloudaccounts.models import CloudAccount
from scans.models import ScanStatus
from scans.selectors import AssetFilter, ScanFilter


class ScanInitiationForm(forms.Form):
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

    def refuse(self, error: ProviderError) -> None:
        """Puts a service's refusal beside the fields that it is about."""
        messages = error.fields if isinstance(error, InputError) else {}
        for name, message in messages.items():
            self.add_error(name if name in self.fields else None, message)
        if not messages:
            self.add_error(None, f"{error.cause} {error.remedy}".strip())


class ScanFilterForm(forms.Form):
    """What the list's address says. A value that does not exist narrows nothing, so that old links keep working."""

    use_required_attribute = False

    provider = forms.ChoiceField(required=False, label="Cloud", choices=lambda: with_any("Any", registry.choices()))
    status = forms.ChoiceField(required=False, choices=with_any("Any", ScanStatus.choices))
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
    type = forms.ChoiceField(required=False)
    region = forms.ChoiceField(required=False)
    gone = forms.ChoiceField(required=False, label="Shows", choices=[("", "What is there"), ("1", "What is gone")])
    account = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, types: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        type_field, region_field = self.fields["type"], self.fields["region"]
        assert isinstance(type_field, forms.ChoiceField)
        assert isinstance(region_field, forms.ChoiceField)
        type_field.choices = [("", "Any"), *((name, name) for name in types)]
        region_field.choices = [("", "Any"), *_regions(self.data.get("provider"))]

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
