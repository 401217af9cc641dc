"""The wizard's four steps, as forms.

They check syntax and what our own databases know. No form asks the network, because formtools validates each of them
again at the end, within one request.
"""

from django import forms

from wizard.models import Step
from wizard.steps.authentication import AuthenticationForm
from wizard.steps.base import StepContext, StepForm, initial_values
from wizard.steps.environment import EnvironmentForm
from wizard.steps.provider import ProviderForm
from wizard.steps.validation import ValidationForm

FORMS: tuple[tuple[str, type[forms.Form]], ...] = (
    (Step.PROVIDER.value, ProviderForm),
    (Step.ENVIRONMENT.value, EnvironmentForm),
    (Step.AUTHENTICATION.value, AuthenticationForm),
    (Step.VALIDATION.value, ValidationForm),
)

__all__ = [
    "FORMS",
    "AuthenticationForm",
    "EnvironmentForm",
    "ProviderForm",
    "StepContext",
    "StepForm",
    "ValidationForm",
    "initial_values",
]
