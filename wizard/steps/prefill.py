"""Starting a draft with entries in it, as if a person had gone through the steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast
from uuid import uuid4

from django.utils.datastructures import MultiValueDict

from teams.scope import Scope
from wizard.drafts.draft_data import DraftContent, Value
from wizard.drafts.editing import OpenDraft, create_wizard_session, remember_step
from wizard.models import Step
from wizard.steps import FORMS, StepContext, StepForm

Entries = Mapping[str, Mapping[str, Value]]  # by step: values by the names that its form's fields have


def create_prefilled_draft(scope: Scope, entries: Entries) -> OpenDraft:
    """Accepts the entries by each step's own form. The draft resumes at the first refused or missing step.

    Raises `DraftUnreadableError` as `create_wizard_session` does.
    """
    # The id before the row: the forms need it, and the row is created with everything in it.
    draft_id, content = uuid4(), DraftContent()
    for name, form_class in FORMS:
        values = entries.get(name)
        # A step without entries is a person's: later ones may depend on it, so filling ends here.
        if values is None:
            break
        step_form = cast("type[StepForm]", form_class)
        data = MultiValueDict(
            {f"{name}-{field}": value if isinstance(value, list) else [value] for field, value in values.items()}
        )
        form = step_form(data, prefix=name, context=StepContext(scope, draft_id, content))
        if not form.is_valid():
            content = content.with_typed(name, form.typed_values())
            break
        content = content.with_step(name, form.values_to_store())
    draft = create_wizard_session(scope, content, key=draft_id)
    step = content.reachable(Step.VALIDATION)
    remember_step(draft, step)
    draft.step = step
    return OpenDraft(draft, content)
