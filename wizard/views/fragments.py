"""Parts of the wizard's pages that htmx loads. The pages work without them, by sending their form."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from cloudaccounts.views.common import owner_of
from wizard.drafts.editing import OpenDraft, open_draft
from wizard.models import Step
from wizard.steps import AuthenticationForm, EnvironmentForm, StepContext, initial_values
from wizard.views.common import draft_view, redirect_page, step_url
from wizard.views.presentation import authentication_context, validation_context


@require_GET
@draft_view
def region_fields(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The regions of the partition that the page has chosen, with those ticked that were and still exist."""
    draft = open_draft(draft_id, owner_of(request))
    prefix = Step.ENVIRONMENT.value
    # What the page has chosen, saved or not, goes over what the draft holds. An unbound form shows no errors.
    shown = {
        "partition": request.GET.get(f"{prefix}-partition", ""),
        "regions": request.GET.getlist(f"{prefix}-regions"),
        "region_scope": request.GET.get(f"{prefix}-region_scope", ""),
    }
    form = EnvironmentForm(
        prefix=prefix, initial=initial_values(draft.content, prefix) | shown, context=_context_of(draft)
    )
    return render(request, "wizard/_regions.html", {"form": form})


@require_GET
@draft_view
def method_fields(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The instructions and fields of the method that the page has chosen."""
    draft = open_draft(draft_id, owner_of(request))
    if (step := draft.content.reachable(Step.AUTHENTICATION)) != Step.AUTHENTICATION:
        return redirect_page(request, step_url(draft_id, step))
    prefix = Step.AUTHENTICATION.value
    shown = {"method": request.GET.get(f"{prefix}-method", "")}
    form = AuthenticationForm(
        prefix=prefix, initial=initial_values(draft.content, prefix) | shown, context=_context_of(draft)
    )
    return render(request, "wizard/_method.html", authentication_context(draft.row, draft.content, form))


@require_GET
@draft_view
def validation_progress(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The checks as they are now; 204 where the page (``?seen=``) shows just that already, so that nothing flickers."""
    draft = open_draft(draft_id, owner_of(request))
    context = validation_context(draft.row, draft.content)
    # htmx swaps nothing at 204.
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=204)
    return render(request, "wizard/_validation.html", context)


def _context_of(draft: OpenDraft) -> StepContext:
    return StepContext(draft.row.owner, draft.row.pk, draft.content)
