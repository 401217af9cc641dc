from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django import forms

from wizard.drafts.draft_data import DraftContent, Value, Values
from wizard.models import Step

TYPED_LIMIT = 2000  # characters that are kept of an entry that was not accepted
TYPED_ITEMS = 100


@dataclass(frozen=True, slots=True)
class StepContext:
    """What a step may know of the rest: whose draft it is and what is in it."""

    owner: str
    draft_id: UUID
    content: DraftContent


class StepForm(forms.Form):
    """A step's form. Our own messages speak, not the browser's: hence no ``required`` attributes."""

    step: ClassVar[Step]
    use_required_attribute = False

    def __init__(self, *args: Any, context: StepContext, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.context = context

    def values_to_store(self) -> Values:
        """The accepted values, in JSON types, named as `get_step_data` of the storage gives them back."""
        return {name: as_stored(self.cleaned_data.get(name)) for name in self.fields}

    def typed_values(self) -> Values:
        """What was entered, accepted or not, without secrets."""
        return {name: self._typed(name) for name in self.fields if self.add_prefix(name) in self.data}

    def _typed(self, name: str) -> Value:
        raw = self[name].data
        if isinstance(raw, list):
            return [str(item)[:TYPED_LIMIT] for item in raw[:TYPED_ITEMS]]
        return str(raw or "")[:TYPED_LIMIT]


def initial_values(content: DraftContent, step: str) -> dict[str, Any]:
    """What an unbound form of this step begins with: entries that were not accepted go over accepted ones."""
    return {**content.step(step), **content.typed.get(step, {})}


def as_stored(value: Any) -> Value:
    if value is None:
        return ""
    return [str(item) for item in value] if isinstance(value, list | tuple) else str(value)
