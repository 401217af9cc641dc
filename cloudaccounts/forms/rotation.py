from __future__ import annotations

from django import forms

from cloudaccounts.forms.base import ServiceForm
from cloudaccounts.rotation.automatic.requests import MOST_DAYS

CHOICES = [("team", "As the team's policy says"), ("on", "On"), ("off", "Off")]
WISHES: dict[str, bool | None] = {"team": None, "on": True, "off": False}


class RotationForm(ServiceForm):
    automatic = forms.ChoiceField(label="Automatic rotation", choices=CHOICES)
    max_age_days = forms.IntegerField(
        label="At the latest after (days)", min_value=1, max_value=MOST_DAYS, required=False,
        help_text="Empty: the team's number.",
    )  # fmt: skip

    @property
    def wish(self) -> bool | None:
        return WISHES[self.cleaned_data["automatic"]]


class PolicyForm(ServiceForm):
    automatic = forms.BooleanField(label="Rotate credentials automatically", required=False)
    max_age_days = forms.IntegerField(label="At the latest after (days)", min_value=1, max_value=MOST_DAYS)
    keys_forbidden = forms.BooleanField(
        label="No new keys", required=False,
        help_text="Wizard, API, import and apply then refuse methods that store a secret. Keys that are there stay, "
        "and can be rotated.",
    )  # fmt: skip
    unused_days = forms.IntegerField(
        label="Tell of keys that nothing has used for (days)", min_value=1, max_value=MOST_DAYS, required=False,
        help_text="No check and no scan: suspended and forgotten accounts keep a key that serves nobody.",
    )  # fmt: skip
