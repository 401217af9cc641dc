"""Pages around the wizard: the list of drafts, discarding one, repeating its validation, set-up files."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cloudaccounts.audit.actor import Actor
from cloudaccounts.views.common import scope_of
from wizard.drafts.editing import create_wizard_session, find_draft, open_draft
from wizard.drafts.errors import DraftExpiredError, DraftFinishingError, DraftUnreadableError
from wizard.drafts.queries import drafts_of
from wizard.drafts.removal import discard_draft
from wizard.drafts.setup_guides import setup_guides
from wizard.models import Step
from wizard.views.common import draft_view, request_validation_or_warn, step_url

MAX_SHOWN = 100
SHOWN_ON_DASHBOARD = 3


@require_http_methods(["GET", "HEAD", "POST"])
def drafts(request: HttpRequest) -> HttpResponse:
    """Lists the drafts; POST starts another one."""
    scope = scope_of(request)
    if request.method != "POST":
        return render(request, "wizard/drafts.html", {"drafts": drafts_of(scope)[:MAX_SHOWN]})
    try:
        # The row first: its id is in the address of every page of the wizard, and names its fields.
        draft = create_wizard_session(scope)
    except DraftUnreadableError as error:
        messages.error(request, f"No draft can be kept. {error.cause} {error.remedy}")
        return redirect("wizard")
    return redirect("wizard-draft", draft.pk)


@require_GET
def drafts_panel(request: HttpRequest) -> HttpResponse:
    """The drafts that were touched last, as a panel of the dashboard. Empty where there are none."""
    waiting = list(drafts_of(scope_of(request))[:SHOWN_ON_DASHBOARD])
    return render(request, "wizard/_drafts_panel.html", {"drafts": waiting}) if waiting else HttpResponse()


@require_http_methods(["GET", "HEAD", "POST"])
@draft_view
def discard(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """GET asks, POST deletes. Works on a draft that cannot be decrypted as well."""
    # Found and not opened: a draft whose encryption key is lost must be removable.
    try:
        draft = find_draft(draft_id, scope_of(request))
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
    """Requests a validation of the draft as it is now."""
    draft = open_draft(draft_id, scope_of(request))
    step = draft.content.reachable(Step.VALIDATION)
    if step == Step.VALIDATION:
        request_validation_or_warn(request, draft.row, draft.content)
    return redirect(step_url(draft_id, step))


@require_GET
@draft_view
def setup_file(request: HttpRequest, draft_id: UUID, method: str, guide: str, number: int) -> HttpResponse:
    """A template or script of the set-up instructions, filled in, as a download."""
    content = open_draft(draft_id, scope_of(request)).content
    if content.reachable(Step.AUTHENTICATION) != Step.AUTHENTICATION:
        raise Http404("There are no instructions yet: the account is not named.")
    try:
        # The address is a person's to write: a method that the provider does not have is no defect.
        auth_method = content.provider.method(method) if content.provider else None
    except KeyError:
        auth_method = None
    if auth_method is None:
        raise Http404("There is no such method.")
    for setup_guide in setup_guides(content, auth_method, scope_of(request).owner):
        snippets = setup_guide.snippets
        if setup_guide.key == guide and number < len(snippets) and snippets[number].filename:
            snippet = snippets[number]
            # A download, never shown in the browser: a template holds texts that a person entered.
            disposition = f'attachment; filename="{snippet.filename}"'
            return HttpResponse(
                snippet.body, content_type="text/plain; charset=utf-8", headers={"Content-Disposition": disposition}
            )
    raise Http404("There is no such file.")
