"""What the forms of the four steps have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django import forms

from teams.scope import Scope
from wizard.drafts.draft_data import DraftContent, Value, Values
from wizard.models import Step

# Entries that no form has accepted are kept up to these limits, so that nobody fills the row with them.
TYPED_LIMIT = 2000  # characters of one entry
TYPED_ITEMS = 100  # of a list


@dataclass(frozen=True, slots=True)
class StepContext:
    """What a step knows of its draft: who works on it, the id and the data of all steps."""

    scope: Scope
    draft_id: UUID
    content: DraftContent


class StepForm(forms.Form):
    """A step's form, without ``required`` attributes: our own messages are shown, not the browser's."""

    step: ClassVar[Step]
    use_required_attribute = False

    def __init__(self, *args: Any, context: StepContext, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.context = context

    def values_to_store(self) -> Values:
        """The accepted values, in JSON types, under the names that `DraftStorage.get_step_data` gives back."""
        return {name: as_stored(self.cleaned_data.get(name)) for name in self.fields}

    def typed_values(self) -> Values:
        """Everything that was entered, accepted or not, without secrets."""
        return {name: self._typed(name) for name in self.fields if self.add_prefix(name) in self.data}

    def _typed(self, name: str) -> Value:
        raw = self[name].data
        if isinstance(raw, list):
            return [str(item)[:TYPED_LIMIT] for item in raw[:TYPED_ITEMS]]
        return str(raw or "")[:TYPED_LIMIT]


def initial_values(content: DraftContent, step: str) -> dict[str, Any]:
    """The initial values of an unbound form. Entries that were not accepted are newer, and replace accepted ones."""
    return {**content.step(step), **content.typed.get(step, {})}


def as_stored(value: Any) -> Value:
    if value is None:
        return ""
    return [str(item) for item in value] if isinstance(value, list | tuple) else str(value)
