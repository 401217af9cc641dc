"""The formtools storage of a draft: its id comes from the URL, its data are encrypted, the session holds nothing.

formtools' own storages keep the whole POST, CSRF token and secrets included, in plain text, under one prefix for all
tabs. This one keeps the values that a step's form names, in the draft's row.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from formtools.wizard.storage.base import BaseStorage

from cloudaccounts.views.common import scope_of
from wizard.drafts import editing
from wizard.drafts.draft_data import DraftContent, Values
from wizard.drafts.editing import open_draft, save_step
from wizard.drafts.errors import DraftChangedError
from wizard.models import Step, WizardSession

PREFIX = "draft-"


def prefix_of(draft_id: UUID) -> str:
    """The wizard's prefix: one for each draft, so that two tabs never share the names of their fields."""
    return f"{PREFIX}{draft_id}"


class DraftStorage(BaseStorage):  # type: ignore[misc]  # formtools ships no types
    """One draft during one request. Its constructor raises as `editing.open_draft` does."""

    def __init__(self, prefix: str, request: HttpRequest, file_storage: object = None) -> None:
        super().__init__(prefix, request, file_storage)
        # The prefix is made of the URL's draft id (`prefix_of`), the scope of the session: `open_draft` lets nobody
        # into another's.
        self._draft_id, self.scope = UUID(prefix.removeprefix(PREFIX)), scope_of(request)
        self.reload()
        # Where the draft was left, until `get` or `post` of the view sets another step.
        self._current: str = self.content.reachable(self.draft.step)
        # The version that the page was rendered at; None where it does not say, then the version read above counts.
        self._seen_version = request.POST.get("seen_version") if request.method == "POST" else None

    @property
    def draft(self) -> WizardSession:
        return self._opened.row

    @property
    def content(self) -> DraftContent:
        return self._opened.content

    # --- what formtools calls ---------------------------------------------------------------------------------------
    def init_data(self) -> None:
        """Nothing to prepare: the row exists before its URL is known."""

    def reset(self) -> None:
        """Nothing: formtools resets on GET and after `done`; a draft is emptied by finishing or discarding only."""

    def _get_current_step(self) -> str:
        return self._current

    def _set_current_step(self, step: str) -> None:
        self._current = step

    def _get_extra_data(self) -> dict[str, Any]:
        return {}

    def get_step_data(self, step: str) -> MultiValueDict[str, str] | None:
        """The accepted values as a form's data, None where there are none yet. The last step has none to accept."""
        # A step without data is invalid when formtools validates all of them before `done`.
        if step == Step.VALIDATION:
            return MultiValueDict()
        if step not in self.content.steps:
            return None
        values = self.content.step(step).items()
        return MultiValueDict({f"{step}-{k}": v if isinstance(v, list) else [v] for k, v in values})

    def set_step_data(self, step: str, cleaned_data: Values) -> None:
        """Saves what `StepForm.values_to_store` gave. Raises `DraftChangedError` and others of `save_step`."""
        # Sending what is stored already is allowed at any version: a form sent twice must not look like a conflict.
        if cleaned_data and dict(self.content.step(step)) != dict(cleaned_data):
            self._require_seen_version()
        if cleaned_data:
            self._opened = save_step(self.draft, self.content, step=step, values=cleaned_data)

    def get_step_files(self, step: str) -> None:
        """No files: an upload is read into text by its form field."""

    def set_step_files(self, step: str, files: object) -> None:
        """See `get_step_files`."""

    def update_response(self, response: object) -> None:
        """No cookie, no temporary file."""

    # --- what only this wizard needs --------------------------------------------------------------------------------
    def reload(self) -> None:
        """Reads the row again, after another tab changed it."""
        self._opened = open_draft(self._draft_id, self.scope)

    def save_incomplete_step(self, step: str, values: Values) -> None:
        """Saves the entries of a step that is not valid yet. Raises as `set_step_data`."""
        self._require_seen_version()
        self._opened = editing.save_incomplete_step(self.draft, self.content, step=step, values=values)

    def remember_step(self) -> None:
        editing.remember_step(self.draft, self._current)

    def _require_seen_version(self) -> None:
        if self._seen_version is not None and self._seen_version != str(self.draft.version):
            raise DraftChangedError
