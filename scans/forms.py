from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from django import forms

from cloudaccounts import registry
from cloudaccounts.contract.rules import Severity
from cloudaccounts.forms.accounts import ServiceForm, with_any
from cloudaccounts.models import CloudAccount
from scans.models import ScanEvery, ScanStatus, ScanType
from scans.selectors import AssetFilter, FindingFilter, ScanFilter


class ScanInitiationForm(ServiceForm):
    """How and where to scan: the account's own regions, all that are enabled there unless a person narrows it."""

    scan_type = forms.ChoiceField(
        label="Type",
        widget=forms.RadioSelect,
        choices=[
            (ScanType.INCREMENTAL, "Incremental: what changed since the last scan, where the cloud tells"),
            (ScanType.FULL, "Full: everything, whatever the cloud says"),
        ],
    )
    regions = forms.MultipleChoiceField(
        label="Regions",
        widget=forms.CheckboxSelectMultiple,
        help_text="Global services are always part of it.",
        error_messages={"required": "Choose at least one region."},
    )

    def __init__(self, *args: Any, account: CloudAccount, **kwargs: Any) -> None:
        off = _not_enabled(account)
        on = [name for name in account.regions if name not in off]
        kwargs.setdefault("initial", {"scan_type": ScanType.INCREMENTAL, "regions": on or account.regions})
        super().__init__(*args, **kwargs)
        field = self.fields["regions"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [
            (name, f"{name} (not enabled in this account)" if name in off else name) for name in account.regions
        ]


def _not_enabled(account: CloudAccount) -> set[str]:
    """Regions that the last check of access found switched off."""
    report = account.report
    return {region.name for region in report.regions if not region.enabled} if report else set()


class ScheduleForm(ServiceForm):
    every = forms.ChoiceField(label="By itself", choices=ScanEvery.choices)


class SuppressForm(ServiceForm):
    """Why findings are set aside, and until when."""

    reason = forms.CharField(
        max_length=500, label="Reason", widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Shown beside the finding, with your name.",
        error_messages={"required": "Say why: whoever looks at it next year wants to know."},
    )  # fmt: skip
    until = forms.DateField(
        required=False, label="Until", widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The day on which it counts again. Empty: until somebody takes it back.",
    )  # fmt: skip

    def clean_until(self) -> datetime | None:
        day = self.cleaned_data["until"]
        return datetime.combine(day, time.min, tzinfo=UTC) if day is not None else None


AGES = [("", "Any"), ("7", "7 days and more"), ("30", "30 days and more"), ("90", "90 days and more")]
STATUSES = [("", "Open"), ("suppressed", "Suppressed"), ("resolved", "Resolved")]
FINDING_SORTS = [("", "Worst first"), ("newest", "Newest first"), ("oldest", "Oldest first")]


class FindingFilterForm(forms.Form):
    use_required_attribute = False

    q = forms.CharField(
        required=False,
        max_length=200,
        label="Search",
        widget=forms.SearchInput(attrs={"placeholder": "Asset, identifier, check or account"}),
    )
    severity = forms.ChoiceField(
        required=False, choices=with_any("Any", [(severity.value, severity.value) for severity in Severity])
    )
    status = forms.ChoiceField(required=False, choices=STATUSES)
    service = forms.CharField(required=False, max_length=40, widget=forms.Select)
    provider = forms.ChoiceField(required=False, label="Cloud", choices=lambda: with_any("Any", registry.choices()))
    region = forms.CharField(required=False, max_length=60, widget=forms.Select)
    age = forms.ChoiceField(required=False, label="Open for", choices=AGES)
    sort = forms.ChoiceField(required=False, label="Order", choices=FINDING_SORTS)
    check = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
    account = forms.UUIDField(required=False, widget=forms.HiddenInput)
    group = forms.TypedChoiceField(required=False, coerce=UUID, empty_value=None)
    run = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widget = self.fields["region"].widget
        assert isinstance(widget, forms.Select)
        widget.choices = [("", "Any"), *_regions(self.data.get("provider"))]

    def offer_services(self, services: list[str]) -> None:
        widget = self.fields["service"].widget
        assert isinstance(widget, forms.Select)
        widget.choices = [("", "Any"), *((name, name) for name in services)]

    def wanted(self) -> FindingFilter:
        self.is_valid()
        values: dict[str, Any] = {name: value for name, value in self.cleaned_data.items() if value}
        values["age"] = int(values.get("age", 0))
        return FindingFilter(**values)


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
