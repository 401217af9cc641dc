from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cloudaccounts.audit.actor import Actor
from wizard.drafts.editing import create_wizard_session, discard_draft, find_draft, open_draft
from wizard.drafts.errors import DraftExpiredError, DraftFinishingError, DraftUnreadableError
from wizard.drafts.queries import drafts_of
from wizard.drafts.setup_guides import setup_guides
from wizard.models import Step
from wizard.views.common import ask_for_validation, draft_view, owner_of, step_url

SHOWN = 100
SHOWN_ON_DASHBOARD = 3


@require_http_methods(["GET", "HEAD", "POST"])
def drafts(request: HttpRequest) -> HttpResponse:
    """Lists the drafts; POST starts another one."""
    owner = owner_of(request)
    if request.method != "POST":
        return render(request, "wizard/drafts.html", {"drafts": drafts_of(owner)[:SHOWN]})
    try:
        draft = create_wizard_session(owner)
    except DraftUnreadableError as error:
        messages.error(request, f"No draft can be kept. {error.cause} {error.remedy}")
        return redirect("wizard")
    return redirect("wizard-draft", draft.pk)


@require_GET
def drafts_panel(request: HttpRequest) -> HttpResponse:
    """What waits to be resumed, as a panel of the dashboard; nothing at all where nothing waits."""
    waiting = list(drafts_of(owner_of(request))[:SHOWN_ON_DASHBOARD])
    return render(request, "wizard/_drafts_panel.html", {"drafts": waiting}) if waiting else HttpResponse()


@require_http_methods(["GET", "HEAD", "POST"])
@draft_view
def discard(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Asks, then deletes. Works on a draft that cannot be opened as well."""
    try:
        draft = find_draft(draft_id, owner_of(request))
    except DraftExpiredError:
        return redirect("wizard")
    if request.method != "POST":
        return render(request, "wizard/discard.html", {"draft": draft})
    try:
        discard_draft(draft, actor=Actor.of_request(request))
    except DraftFinishingError as error:
        messages.warning(request, f"{error.cause} {error.remedy}")
        return redirect("wizard-draft", draft_id)
    messages.success(request, "The draft and everything in it is deleted.")
    return redirect("wizard")


@require_POST
@draft_view
def validate(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Runs the validation (again) on what the draft holds."""
    draft = open_draft(draft_id, owner_of(request))
    step = draft.content.reachable(Step.VALIDATION)
    if step == Step.VALIDATION:
        ask_for_validation(request, draft.row, draft.content)
    return redirect(step_url(draft_id, step))


@require_GET
@draft_view
def setup_file(request: HttpRequest, draft_id: UUID, method: str, guide: str, number: int) -> HttpResponse:
    """A template or script of the set-up instructions, filled in, as a download."""
    content = open_draft(draft_id, owner_of(request)).content
    if content.reachable(Step.AUTHENTICATION) != Step.AUTHENTICATION:
        raise Http404("There are no instructions yet: the account is not named.")
    try:
        spec = content.provider.method(method) if content.provider else None
    except KeyError:
        spec = None
    if spec is None:
        raise Http404("There is no such method.")
    for found in setup_guides(content, spec, owner_of(request)):
        if found.key == guide and number < len(found.snippets) and found.snippets[number].filename:
            snippet = found.snippets[number]
            disposition = f'attachment; filename="{snippet.filename}"'
            return HttpResponse(
                snippet.body, content_type="text/plain; charset=utf-8", headers={"Content-Disposition": disposition}
            )
    raise Http404("There is no such file.")
