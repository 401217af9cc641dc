"""The form of a new channel, made from its kind's settings."""

from __future__ import annotations

from typing import Any

from django import forms

from cloudaccounts.channels.queries import allowed_groups
from cloudaccounts.channels.services import ChannelInput
from cloudaccounts.contract.rules import Severity
from cloudaccounts.forms.base import ServiceForm
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.notifications.channels.base import ChannelKind, Setting
from cloudaccounts.notifications.channels.registry import event_labels, events_of
from teams.scope import Scope

PREFIX = "settings."


class ChannelForm(ServiceForm):
    name = forms.CharField(max_length=80, label="Name")
    events = forms.MultipleChoiceField(label="Events", widget=forms.CheckboxSelectMultiple)
    min_severity = forms.ChoiceField(
        label="Findings from", choices=[(severity.value, severity.value.capitalize()) for severity in Severity]
    )
    groups = forms.MultipleChoiceField(
        label="Groups",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: all accounts of the team.",
    )

    def __init__(self, data: Any = None, *, kind: ChannelKind, scope: Scope) -> None:
        usual = {
            "name": kind.label,
            "events": list(kind.usual_events or events_of(kind)),
            "min_severity": kind.usual_severity,
            "digest_minutes": kind.usual_digest,
        }
        super().__init__(data, initial=usual)
        self.kind = kind
        labels = event_labels()
        self._choices("events", [(event, labels[event].capitalize()) for event in events_of(kind)])
        allowed = allowed_groups(scope)
        self._choices("groups", [choice for choice in group_queries.choices(scope) if choice[0] in allowed])
        if not kind.keeps_incidents:
            self.fields["digest_minutes"] = forms.IntegerField(
                label="Gather for", min_value=kind.least_digest, max_value=1440, help_text="Minutes, for one message."
            )
        for setting in kind.settings:
            self.fields[f"{PREFIX}{setting.name}"] = _field(setting)

    @property
    def setting_fields(self) -> list[forms.BoundField]:
        return [self[f"{PREFIX}{setting.name}"] for setting in self.kind.settings]

    def channel_input(self) -> ChannelInput:
        values = self.cleaned_data
        return ChannelInput(
            kind=self.kind.key,
            name=values["name"],
            settings={setting.name: values[f"{PREFIX}{setting.name}"] for setting in self.kind.settings},
            events=values["events"],
            min_severity=values["min_severity"],
            groups=values["groups"] or None,
            digest_minutes=values.get("digest_minutes"),
        )

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = choices


def _field(setting: Setting) -> forms.Field:
    required = setting.required and not setting.default
    if setting.choices:
        return forms.ChoiceField(
            label=setting.label, help_text=setting.help, choices=setting.choices, initial=setting.default
        )
    # A password's widget writes no value back into the page.
    widget = forms.PasswordInput if setting.secret else forms.TextInput
    attributes = {"placeholder": setting.example, "autocomplete": "off", "spellcheck": "false"}
    longest = (setting.longest + 2) * (setting.most if setting.is_list else 1)
    return forms.CharField(
        label=setting.label, help_text=setting.help, required=required, max_length=longest, initial=setting.default,
        widget=widget(attrs=attributes),
    )  # fmt: skip
