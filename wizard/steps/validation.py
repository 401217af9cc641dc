from __future__ import annotations

from wizard.models import Step
from wizard.steps.base import StepForm


class ValidationForm(StepForm):
    """Nothing to fill in: whether the draft is proven is decided by `services.finish_draft`, on the draft's own row."""

    step = Step.VALIDATION
