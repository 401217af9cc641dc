"""The filter of the reports, and the form that answers a manual control."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from django import forms

from cloudaccounts.forms.base import ServiceForm
from scans.compliance.evaluation import ControlState
from scans.compliance.models import AnswerState
from scans.compliance.pages import LABELS


class ScopeForm(forms.Form):
    """What the address says. A value that does not exist narrows nothing, so that old links keep working."""

    use_required_attribute = False

    group = forms.TypedChoiceField(required=False, coerce=UUID, empty_value=None)
    account = forms.UUIDField(required=False, widget=forms.HiddenInput)
    show = forms.ChoiceField(
        required=False, choices=[("", "All"), *((state.value, LABELS[state.value]) for state in ControlState)]
    )

    def values(self) -> dict[str, Any]:
        self.is_valid()  # fields that are not valid are left out of `cleaned_data`, and so narrow nothing
        return self.cleaned_data


class AnswerForm(ServiceForm):
    state = forms.ChoiceField(
        label="Result",
        choices=[("", "Choose …"), *AnswerState.choices],
        error_messages={"required": "Choose passed or failed."},
    )
    note = forms.CharField(
        max_length=1000, widget=forms.Textarea(attrs={"rows": 3}), label="What was looked at",
        help_text="Shown in the report, with your name.",
        error_messages={"required": "Say what you looked at: whoever audits it needs that."},
    )  # fmt: skip
    evidence_file = forms.CharField(
        required=False, max_length=200, label="Evidence file", help_text="Its name: the file itself stays with you.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    until = forms.DateField(
        required=False, label="Until", widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The day on which the control waits for a person again. Empty: no end.",
    )  # fmt: skip

    def clean_until(self) -> datetime | None:
        day = self.cleaned_data["until"]
        # As that day begins, in UTC: on the day itself the control waits for a person again, as the field says.
        return datetime.combine(day, time.min, tzinfo=UTC) if day is not None else None
