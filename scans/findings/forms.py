"""The form that suppresses findings, and the filter form of their list."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from django import forms

from cloudaccounts import registry
from cloudaccounts.contract.rules import Severity
from cloudaccounts.forms.accounts import with_any
from cloudaccounts.forms.base import ServiceForm
from scans.filter_choices import region_choices
from scans.findings.queries import FindingFilter

AGES = [("", "Any"), ("7", "7 days and more"), ("30", "30 days and more"), ("90", "90 days and more")]
STATUSES = [("", "Open"), ("suppressed", "Suppressed"), ("resolved", "Resolved")]
FINDING_SORTS = [("", "Worst first"), ("newest", "Newest first"), ("oldest", "Oldest first")]


class SuppressForm(ServiceForm):
    """Why findings are suppressed, and until when."""

    reason = forms.CharField(
        max_length=500, label="Reason", widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Shown with the finding, with your name.",
        error_messages={"required": "Give a reason: whoever reviews it next year needs it."},
    )  # fmt: skip
    until = forms.DateField(
        required=False, label="Until", widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The day on which it counts again. Empty: until somebody takes it back.",
    )  # fmt: skip

    def clean_until(self) -> datetime | None:
        day = self.cleaned_data["until"]
        # The suppression ends as the day begins, in UTC.
        return datetime.combine(day, time.min, tzinfo=UTC) if day is not None else None


class FindingFilterForm(forms.Form):
    """What the list's address says. A value that does not exist narrows nothing, so that old links keep working."""

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
    # Texts with a select's widget, so that an address with a value that is not offered any more still narrows.
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
        widget.choices = [("", "Any"), *region_choices(self.data.get("provider"))]

    def offer_services(self, services: list[str]) -> None:
        widget = self.fields["service"].widget
        assert isinstance(widget, forms.Select)
        widget.choices = [("", "Any"), *((name, name) for name in services)]

    def filters(self) -> FindingFilter:
        self.is_valid()  # fields that are not valid are left out of `cleaned_data`, and so narrow nothing
        values: dict[str, Any] = {name: value for name, value in self.cleaned_data.items() if value}
        values["age"] = int(values.get("age", 0))
        return FindingFilter(**values)
