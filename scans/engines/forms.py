from __future__ import annotations

from django import forms

from scans.engines.models import EngineRelation


class EngineFilterForm(forms.Form):
    """Filters of the list, from the address: what does not fit is left out."""

    relation = forms.ChoiceField(
        label="How it stands to ours", required=False, choices=[("", "All"), *EngineRelation.choices]
    )
    account = forms.UUIDField(required=False, widget=forms.HiddenInput)
    resolved = forms.BooleanField(label="Resolved", required=False)


class TeamEngineForm(forms.Form):
    enabled = forms.BooleanField(
        label="Run it after full scans of this team's accounts",
        required=False,
        help_text="It gets the accounts' credentials. An account may choose otherwise for itself.",
    )


class AccountEngineForm(forms.Form):
    choice = forms.ChoiceField(
        label="Second engine",
        choices=[("team", "As the team chooses"), ("on", "After each full scan"), ("off", "Never")],
        widget=forms.RadioSelect,
    )

    @property
    def enabled(self) -> bool | None:
        return {"on": True, "off": False}.get(self.cleaned_data["choice"])
