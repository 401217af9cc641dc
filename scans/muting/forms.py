"""The forms of mute rules, severities and thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from django import forms

from cloudaccounts import registry
from cloudaccounts.contract.rules import Severity, Threshold
from cloudaccounts.forms.base import ServiceForm
from cloudaccounts.models import Environment
from scans.findings.checks import all_checks
from teams.names import name_order

ANY = ("", "Any")


def _by_label(choice: tuple[str, str]) -> tuple[str, str]:
    return name_order(choice[1])


class MuteRuleForm(ServiceForm):
    """All that is filled in has to fit; at least one has to be."""

    check_id = forms.ChoiceField(required=False, label="Rule")
    severity = forms.ChoiceField(required=False, choices=[ANY, *((word, word.capitalize()) for word in Severity)])
    environment = forms.ChoiceField(required=False, choices=[ANY, *Environment.choices])
    account = forms.TypedChoiceField(required=False, coerce=UUID, empty_value=None)
    group = forms.TypedChoiceField(required=False, coerce=UUID, empty_value=None)
    region = forms.CharField(required=False, max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    resource = forms.CharField(
        required=False, max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "sandbox-*"}),
        help_text="A pattern over the name and the identifier: * stands for anything, ? for one character.",
    )  # fmt: skip
    tag = forms.CharField(
        required=False, max_length=400, widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "env=dev"}),
        help_text="A cloud tag: key, or key=value.",
    )  # fmt: skip
    reason = forms.CharField(
        max_length=500, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Shown with each finding that it mutes, with your name.",
        error_messages={"required": "Give a reason: whoever reviews it next year needs it."},
    )  # fmt: skip
    until = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The day on which its findings count again. Empty: until somebody ends it.",
    )  # fmt: skip

    def __init__(
        self, *args: Any, accounts: Iterable[tuple[str, str]], groups: Iterable[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        checks = sorted([(check.id, f"{check.title} ({check.id})") for check in all_checks()], key=_by_label)
        for name, choices in {"check_id": checks, "account": accounts, "group": groups}.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [ANY, *choices]

    def clean_until(self) -> datetime | None:
        day = self.cleaned_data["until"]
        return datetime.combine(day, time.min, tzinfo=UTC) if day is not None else None

    @property
    def match(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in {"reason", "until"} and value}


class SeverityForm(ServiceForm):
    check_id = forms.ChoiceField(label="Rule")
    severity = forms.ChoiceField(choices=[(word, word.capitalize()) for word in Severity])
    reason = forms.CharField(max_length=500, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["check_id"]
        assert isinstance(field, forms.ChoiceField)
        checks = [(check.id, f"{check.title} ({check.severity})") for check in all_checks()]
        ordered: list[tuple[str, str]] = sorted(checks, key=_by_label)
        field.choices = ordered


class ThresholdsForm(ServiceForm):
    """One number for each threshold; an empty one is the usual number."""

    def __init__(self, *args: Any, known: Mapping[str, Threshold], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, threshold in known.items():
            way = "at most" if threshold.stricter == "lower" else "at least"
            self.fields[key] = forms.IntegerField(
                label=threshold.label, required=False, min_value=threshold.least, max_value=threshold.most,
                help_text=f"{threshold.unit.capitalize()}, {way}; usually {threshold.default}.",
                widget=forms.NumberInput(attrs={"placeholder": threshold.default}),
            )  # fmt: skip


class SwitchForm(ServiceForm):
    reason = forms.CharField(
        max_length=500, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Shown in reports wherever a control is not covered because of it, with your name.",
        error_messages={"required": "Give a reason: an auditor asks for it."},
    )  # fmt: skip


class CheckFilterForm(forms.Form):
    q = forms.CharField(required=False, max_length=200, label="Search")
    provider = forms.ChoiceField(required=False)
    state = forms.ChoiceField(required=False, choices=[("", "All"), ("on", "On"), ("off", "Switched off")])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["provider"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "All"), *((spec.key, spec.short_label) for spec in registry.all_providers())]
