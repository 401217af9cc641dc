"""The form that suppresses findings, and the filter form of their list."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict

from cloudaccounts import registry
from cloudaccounts.contract.rules import Severity
from cloudaccounts.forms.base import ServiceForm
from cloudaccounts.models import Environment
from scans.findings.filters import BANDS, STATES, FindingFilter
from scans.findings.queries import SORTS

MOST_VALUES = 50  # of one filter
MOST_CHARACTERS = 400  # of one value: as long as a tag
GROUPINGS = ("check", "resource", "account", "none")
KEYS = ("account", "group")
# Filters with values that can be told from outside; others name what only the data knows.
CLOSED: dict[str, Callable[[], Collection[str]]] = {
    "severity": lambda: list(Severity),
    "status": lambda: STATES,
    "environment": lambda: Environment.values,
    "provider": lambda: dict(registry.choices()),
    "open_for": lambda: BANDS,
}
MANY = (
    "severity", "status", "provider", "environment", "account", "group", "service", "region", "check", "control",
    "assignee", "tag", "open_for",
)  # fmt: skip


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


class AssignForm(ServiceForm):
    """Whose a finding is, and until when it is to be resolved."""

    assignee = forms.ChoiceField(required=False, label="Assignee", widget=forms.Select(attrs={"class": "in"}))
    due = forms.DateField(required=False, label="Due", widget=forms.DateInput(attrs={"type": "date", "class": "in"}))

    def __init__(self, *args: Any, people: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field, current = self.fields["assignee"], str(self.initial.get("assignee") or "")
        assert isinstance(field, forms.ChoiceField)
        # Whoever has left the team stays named, until somebody chooses another.
        field.choices = [("", "Unassigned"), *((name, name) for name in dict.fromkeys([*people, current]) if name)]


class BulkAssignForm(AssignForm):
    due = None  # type: ignore[assignment]


class DueForm(ServiceForm):
    due = forms.DateField(
        required=False, label="Due", widget=forms.DateInput(attrs={"type": "date"}), help_text="Empty: on no day."
    )


class CommentForm(ServiceForm):
    text = forms.CharField(
        max_length=2000, label="Comment", widget=forms.Textarea(attrs={"rows": 2, "class": "in"}),
        error_messages={"required": "Write something first."},
    )  # fmt: skip


class FindingFilterForm(forms.Form):
    """What the list's address says. A value that does not exist narrows nothing, so that old links keep working.

    Names may be repeated (`?severity=critical&severity=high`); see `FindingFilter`.
    """

    use_required_attribute = False

    q = forms.CharField(
        required=False,
        max_length=200,
        label="Search",
        widget=forms.SearchInput(attrs={"placeholder": "Resource, rule or identifier"}),
    )
    age = forms.IntegerField(required=False, min_value=0, max_value=36_500)
    resolved_for = forms.IntegerField(required=False, min_value=0, max_value=36_500)
    due = forms.ChoiceField(required=False, choices=[("overdue", "Overdue")])
    run = forms.UUIDField(required=False)
    mute_rule = forms.UUIDField(required=False)
    sort = forms.ChoiceField(required=False, choices=[(name, name) for name in SORTS])
    group_by = forms.ChoiceField(required=False, choices=[(name, name) for name in GROUPINGS])

    def filters(self) -> FindingFilter:
        self.is_valid()  # fields that are not valid are left out of `cleaned_data`, and so narrow nothing
        single = ("q", "age", "resolved_for", "due", "run", "mute_rule", "sort")
        values: dict[str, Any] = {name: self.cleaned_data[name] for name in single if self.cleaned_data.get(name)}
        for name in MANY:
            if many := self._many(name):
                values[name] = many
        return FindingFilter(**values)

    @property
    def grouping(self) -> str:
        return str(self.cleaned_data.get("group_by") or GROUPINGS[0])

    def _many(self, name: str) -> tuple[Any, ...]:
        data = self.data
        texts = data.getlist(name) if isinstance(data, QueryDict) else [data[name]] if name in data else []
        # No row holds a NUL, and PostgreSQL refuses a question with one.
        given = [text.strip()[:MOST_CHARACTERS] for text in texts[:MOST_VALUES] if text.strip() and "\x00" not in text]
        if name in KEYS:
            return self.keys_of(given)
        allowed = CLOSED.get(name)
        return tuple(dict.fromkeys(text for text in given if allowed is None or text in allowed()))

    @staticmethod
    def keys_of(texts: Iterable[str]) -> tuple[UUID, ...]:
        """Those that are UUIDs; anything else names nothing."""
        return tuple(key for text in texts if (key := _key(text)) is not None)


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
