"""The forms that start and schedule scans, and the filter form of their list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms

from cloudaccounts import registry
from cloudaccounts.forms.accounts import with_any
from cloudaccounts.forms.base import ServiceForm
from cloudaccounts.models import CloudAccount
from scans.models import ScanEvery, ScanStatus, ScanType
from scans.runs.queries import ScanFilter


class ScanInitiationForm(ServiceForm):
    """How and where to scan. All regions of the account are chosen at first, except those that it has not enabled."""

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
        disabled = _disabled_regions(account)
        enabled = [name for name in account.regions if name not in disabled]
        # Where a report calls all of them disabled, they are chosen all the same: the scan then says why it failed.
        kwargs.setdefault("initial", {"scan_type": ScanType.INCREMENTAL, "regions": enabled or account.regions})
        super().__init__(*args, **kwargs)
        field = self.fields["regions"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.required = not account.all_regions  # none: whatever is enabled by then
        field.choices = [
            (name, f"{name} (not enabled in this account)" if name in disabled else name) for name in account.regions
        ]


def _disabled_regions(account: CloudAccount) -> set[str]:
    """Regions that the last validation found disabled in the account; none where it did not look."""
    report = account.report
    return {region.name for region in report.regions if not region.enabled} if report else set()


class ScheduleForm(ServiceForm):
    every = forms.ChoiceField(label="Schedule", choices=ScanEvery.choices)
    cron = forms.CharField(
        required=False,
        max_length=100,
        label="Cron line",
        help_text="With “By a cron line”: minute, hour, day, month, weekday in UTC, as in 30 4 * * mon-fri.",
    )


class ScanFilterForm(forms.Form):
    """What the list's address says. A value that does not exist narrows nothing, so that old links keep working."""

    use_required_attribute = False

    provider = forms.ChoiceField(required=False, label="Cloud", choices=lambda: with_any("Any", registry.choices()))
    status = forms.ChoiceField(required=False, choices=with_any("Any", ScanStatus.choices))
    group = forms.TypedChoiceField(required=False, coerce=UUID, empty_value=None)
    account = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def filters(self) -> ScanFilter:
        self.is_valid()  # fields that are not valid are left out of `cleaned_data`, and so narrow nothing
        return ScanFilter(**{name: value for name, value in self.cleaned_data.items() if value})
