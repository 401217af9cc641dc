"""Step 4: the validation and its result."""

from __future__ import annotations

from wizard.models import Step
from wizard.steps.base import StepForm


class ValidationForm(StepForm):
    """Has no fields: whether the draft is proven, `completion.finish_draft` decides by the draft's own row."""

    step = Step.VALIDATION
