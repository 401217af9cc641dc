"""Step 1: which cloud the account is in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.boundfield import BoundWidget

from cloudaccounts import registry
from cloudaccounts.contract.provider import Provider
from wizard.models import Step
from wizard.steps.base import StepForm


class ProviderForm(StepForm):
    step = Step.PROVIDER
    provider = forms.ChoiceField(
        label="Cloud provider",
        widget=forms.RadioSelect,
        choices=registry.choices,
        error_messages={
            "required": "Choose the cloud that the account is in.",
            "invalid_choice": "Choose one of the providers offered.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        providers = registry.all_providers()
        # Where there is one cloud only, it is chosen already; with several, none is suggested.
        if len(providers) == 1:
            self.fields["provider"].initial = providers[0].key

    @property
    def cards(self) -> list[tuple[BoundWidget, Provider]]:
        return list(zip(self["provider"], registry.all_providers(), strict=True))
