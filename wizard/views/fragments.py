"""Parts of the wizard's pages that htmx loads. The pages work without them, by sending their form."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from cloudaccounts.views.common import scope_of
from wizard.drafts.editing import OpenDraft, open_draft, save_incomplete_step
from wizard.drafts.errors import DraftChangedError, DraftFinishingError
from wizard.models import Step
from wizard.steps import AuthenticationForm, EnvironmentForm, StepContext, initial_values
from wizard.views.common import draft_view, redirect_page, step_url
from wizard.views.presentation import authentication_context, validation_context


@require_GET
@draft_view
def region_fields(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The regions of the partition that the page has chosen, with those ticked that were and still exist."""
    draft = open_draft(draft_id, scope_of(request))
    prefix = Step.ENVIRONMENT.value
    # What the page has chosen, saved or not, goes over what the draft holds. An unbound form shows no errors.
    shown = {
        "partition": request.GET.get(f"{prefix}-partition", ""),
        "regions": request.GET.getlist(f"{prefix}-regions"),
        "region_scope": request.GET.get(f"{prefix}-region_scope", ""),
    }
    form = EnvironmentForm(
        prefix=prefix, initial=initial_values(draft.content, prefix) | shown, context=_context_of(request, draft)
    )
    return render(request, "wizard/_regions.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@draft_view
def method_fields(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The instructions and fields of the method that the page has chosen; POST keeps the choice in the draft as well.

    So it is there again for who leaves the page without sending it.
    """
    draft = open_draft(draft_id, scope_of(request))
    if (step := draft.content.reachable(Step.AUTHENTICATION)) != Step.AUTHENTICATION:
        return redirect_page(request, step_url(draft_id, step))
    prefix = Step.AUTHENTICATION.value
    method = request.POST.get(f"{prefix}-method") or request.GET.get(f"{prefix}-method", "")
    if request.method == "POST":
        draft = _keep_method(draft, method, seen_version=request.POST.get("seen_version", ""))
    shown = {"method": method}
    form = AuthenticationForm(
        prefix=prefix, initial=initial_values(draft.content, prefix) | shown, context=_context_of(request, draft)
    )
    context = authentication_context(draft.row, draft.content, form) | {"part": True}
    return render(request, "wizard/_method.html", context)


@require_GET
@draft_view
def validation_progress(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The checks as they are now; 204 where the page (``?seen=``) shows just that already, so that nothing flickers."""
    draft = open_draft(draft_id, scope_of(request))
    context = validation_context(draft.row, draft.content)
    # htmx swaps nothing at 204.
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=204)
    return render(request, "wizard/_validation.html", context)


def _keep_method(draft: OpenDraft, method: str, *, seen_version: str) -> OpenDraft:
    """With the choice among what was typed for the step. The draft as it was where another tab has changed it."""
    provider = draft.content.provider
    if provider is None or method not in {item.key for item in provider.methods}:
        return draft
    if seen_version != str(draft.row.version):
        return draft
    step = Step.AUTHENTICATION.value
    try:
        return save_incomplete_step(
            draft.row, draft.content, step=step, values={**draft.content.typed.get(step, {}), "method": method}
        )
    except (DraftChangedError, DraftFinishingError):
        # Nothing was entered yet that could be lost; sending the form says what has happened.
        return draft


def _context_of(request: HttpRequest, draft: OpenDraft) -> StepContext:
    return StepContext(scope_of(request), draft.row.pk, draft.content)
