"""The page of the four steps: formtools' wizard, over a draft instead of the browser session."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.debug import sensitive_post_parameters
from formtools.wizard.views import SessionWizardView

from cloudaccounts.accounts.rate_limits import TooManyAttemptsError, check_rate_limits, owner_rate_limit
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import DuplicateAccountError
from cloudaccounts.forms.method import MethodForm
from cloudaccounts.views.common import scope_of
from wizard.drafts.completion import finish_draft
from wizard.drafts.draft_data import Values
from wizard.drafts.errors import DraftChangedError
from wizard.drafts.queries import existing_account
from wizard.drafts.related_accounts import connect_related_accounts
from wizard.drafts.validation import MAX_RELATED
from wizard.models import Step, ValidationState
from wizard.steps import FORMS, StepContext, StepForm, initial_values
from wizard.views.common import draft_view, request_validation_or_warn, step_url
from wizard.views.presentation import page_context
from wizard.views.storage import DraftStorage, prefix_of


@method_decorator([sensitive_post_parameters(), draft_view], name="dispatch")
class AccountWizard(SessionWizardView):  # type: ignore[misc]  # formtools ships no types
    """The four steps of one draft, whose id is in the URL.

    Unlike formtools' own: GET shows the draft where it was left (or ``?step=``) and resets nothing, every accepted POST
    is answered with a redirect, and going back keeps what was entered.
    """

    storage_name = "wizard.views.storage.DraftStorage"
    storage: DraftStorage
    _posted_form: StepForm | None = None

    def get_prefix(self, request: HttpRequest, *args: Any, **kwargs: Any) -> str:
        return prefix_of(kwargs["draft_id"])

    def get_template_names(self) -> list[str]:
        return [f"wizard/{self.steps.current}.html"]

    def get_form_kwargs(self, step: str | None = None) -> dict[str, Any]:
        draft = self.storage.draft
        return {"context": StepContext(self.storage.scope, draft.pk, self.storage.content)}

    def get_form_initial(self, step: str) -> dict[str, Any]:
        return initial_values(self.storage.content, step)

    def get_context_data(self, form: StepForm, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(form=form, **kwargs)
        return context | page_context(self.storage.draft, self.storage.content, form)

    # --- GET --------------------------------------------------------------------------------------------------------
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        content, storage = self.storage.content, self.storage
        requested = Step.VALIDATION if storage.draft.is_finishing else request.GET.get("step", storage.current_step)
        step = storage.current_step = content.reachable(requested)
        storage.remember_step()
        # Accepted values are shown in a bound form: what does not fit any more (another partition) is said at once.
        data = None if step in content.typed else storage.get_step_data(step)
        return cast(HttpResponse, self.render(self.get_form(step, data=data)))

    # --- POST -------------------------------------------------------------------------------------------------------
    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        posted = self.request.POST.get(f"{self.prefix}-current_step")
        if self.storage.draft.is_finishing:
            return self._finish()
        reachable = self.storage.content.reachable(posted)
        if posted != reachable:
            # A step whose predecessors were emptied in another tab, or a forged form. formtools would raise here where
            # it knows no such step, and store the values where it does.
            messages.warning(self.request, "This step was not complete yet. Nothing was saved; go on from here.")
            return redirect(step_url(self.draft_id, reachable))
        if posted != Step.AUTHENTICATION:
            return self._save(posted, *args, **kwargs)
        # Reading an encrypted key takes time of the processor: see `counting_refused_input`.
        limit = owner_rate_limit(scope_of(self.request).owner)
        try:
            check_rate_limits((limit,))
        except TooManyAttemptsError as error:
            messages.warning(self.request, f"{error.cause} {error.remedy} Nothing was saved.")
            return redirect(step_url(self.draft_id, posted))
        response = self._save(posted, *args, **kwargs)
        if isinstance(self._posted_form, MethodForm) and self._posted_form.was_refused:
            limit.count()
        return response

    def get_form(self, step: str | None = None, data: Any = None, files: Any = None) -> StepForm:
        form: StepForm = super().get_form(step, data, files)
        if data is self.request.POST:
            self._posted_form = form
        return form

    def _save(self, posted: str, *args: Any, **kwargs: Any) -> HttpResponse:
        self.storage.current_step = posted
        # Two buttons beside Continue: `show` without JavaScript, for the fields of another partition or method, and
        # formtools' own for going back. formtools would drop the entries of a step that is left.
        if "show" in self.request.POST:
            return self._save_and_go_to(posted)
        if (target := self.request.POST.get("wizard_goto_step")) in Step.values:
            return self._save_and_go_to(str(target))
        try:
            return cast(HttpResponse, super().post(*args, **kwargs))
        except ProviderError as error:
            return self._not_saved_page(error)

    def process_step(self, form: StepForm) -> Values:
        # formtools' own returns the whole POST, with its CSRF token, to be stored.
        return form.values_to_store()

    def render_next_step(self, form: StepForm, **kwargs: Any) -> HttpResponse:
        # A redirect instead of formtools' page, so that reloading and the Back button send nothing a second time.
        step = self.storage.current_step = self.steps.next
        self.storage.remember_step()
        if step == Step.VALIDATION and not self._is_proven:
            request_validation_or_warn(self.request, self.storage.draft, self.storage.content)
        return redirect(step_url(self.draft_id, step))

    # formtools validates all forms again before `done`. An account may have been connected elsewhere meanwhile.
    def render_revalidation_failure(self, step: str, form: StepForm, **kwargs: Any) -> HttpResponse:
        messages.error(self.request, "Something in this step does not hold any more. Nothing was connected yet.")
        return redirect(step_url(self.draft_id, step))

    def done(self, form_list: list[StepForm], **kwargs: Any) -> HttpResponse:
        return self._finish()

    def _duplicate_message(self, error: DuplicateAccountError) -> str:
        """With the way to the account, which was connected elsewhere while this draft was open."""
        existing = existing_account(self.storage.scope, error.provider, error.account_id)
        if existing is None:  # and is gone again
            return f"Not connected. {error.cause} {error.remedy}"
        link = format_html('<a href="{}">{}</a>', reverse("account", args=[existing.pk]), existing.name)
        return format_html("Not connected. {} It is {}.", error.cause, link)

    @property
    def draft_id(self) -> UUID:
        return self.storage.draft.pk

    @property
    def _is_proven(self) -> bool:
        draft = self.storage.draft
        return draft.validation == ValidationState.FINISHED and draft.proof is not None

    def _save_and_go_to(self, step: str) -> HttpResponse:
        """To another step, or to this one with other fields. Saves the entries: as accepted where they are valid."""
        current = self.steps.current
        form = self.get_form(current, data=self.request.POST, files=self.request.FILES)
        try:
            if step != current and form.is_valid():
                self.storage.set_step_data(current, form.values_to_store())
            elif current != Step.VALIDATION:
                self.storage.save_incomplete_step(current, form.typed_values())
        except ProviderError as error:
            messages.warning(self.request, f"{error.cause} What was entered here was not kept.")
        return redirect(step_url(self.draft_id, self.storage.content.reachable(step)))

    def _not_saved_page(self, error: ProviderError) -> HttpResponse:
        """The same page, with everything that was entered except secrets, and the reason on top."""
        if isinstance(error, DraftChangedError):
            self.storage.reload()  # the page then carries the version that is stored now, so Continue saves over it
        form = self.get_form(data=self.request.POST, files=self.request.FILES)
        form.is_valid()
        form.add_error(None, f"{error.cause} {error.remedy}".strip())
        return cast(HttpResponse, self.render(form))

    def _finish(self) -> HttpResponse:
        actor, draft = Actor.of_request(self.request), self.storage.draft
        chosen = self.request.POST.getlist("others")[:MAX_RELATED]
        try:
            # The related accounts first: their drafts are made of this one's data, which finishing deletes.
            started = connect_related_accounts(draft, chosen, actor=actor) if draft.proof and chosen else 0
            account = finish_draft(self.draft_id, scope=scope_of(self.request), actor=actor)
        except DuplicateAccountError as error:
            messages.error(self.request, self._duplicate_message(error))
            return redirect(step_url(self.draft_id, Step.VALIDATION))
        except ProviderError as error:
            messages.error(self.request, f"Not connected. {error.cause} {error.remedy}".strip())
            return redirect(step_url(self.draft_id, Step.VALIDATION))
        messages.success(self.request, "The account is connected, and discovery has started.")
        if started:
            what = "1 more account is" if started == 1 else f"{started} more accounts are"
            outcome = "connected once that has passed, else kept as drafts"
            text = f"{what} being validated with the same credential: {outcome}."
            messages.info(self.request, text)
        return redirect(reverse("account", args=[account]))


account_wizard = AccountWizard.as_view(FORMS)
