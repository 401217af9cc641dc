from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from cloudaccounts.audit.queries import SUBJECTS, AuditFilter
from cloudaccounts.forms.accounts import with_any


class AuditFilterForm(forms.Form):
    """The filters in the address of the audit. A value that makes no sense is ignored."""

    use_required_attribute = False

    subject = forms.ChoiceField(required=False, label="About", choices=with_any("Anything", list(SUBJECTS.items())))
    actor = forms.CharField(required=False, max_length=160, label="By", widget=forms.SearchInput)
    first = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))
    account = forms.UUIDField(required=False, widget=forms.HiddenInput)
    # Links of an account's page carry it; typed by nobody, so it is hidden and only narrow words pass.
    action = forms.RegexField(r"^[a-z_.]+$", required=False, max_length=60, widget=forms.HiddenInput)

    def clean_first(self) -> date | None:
        return _usable(self.cleaned_data["first"])

    def clean_last(self) -> date | None:
        return _usable(self.cleaned_data["last"])

    def filters(self) -> AuditFilter:
        # Only for `cleaned_data`: a field with an error is missing there, and so narrows nothing.
        self.is_valid()
        values: dict[str, Any] = {name: value for name, value in self.cleaned_data.items() if value}
        return AuditFilter(**values)


def _usable(day: date | None) -> date | None:
    """None for days at the ends of the calendar, which overflow once a day or a time zone is added."""
    return day if day is None or 1970 <= day.year <= 9000 else None
