"""Pages of a team's own frameworks: adding one, replacing it, deleting it, its earlier texts."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import InputError
from cloudaccounts.views.common import scope_of
from scans.compliance.own.example import EXAMPLE
from scans.compliance.own.forms import FrameworkForm
from scans.compliance.own.reading import OwnContent, read_own, stored
from scans.compliance.own.services import (
    add_framework,
    consequences_of,
    delete_framework,
    difference_of,
    find_own,
    replace_framework,
    revisions_of,
    text_of,
)
from scans.models import OwnFramework
from scans.saved_views.services import Person

FAULTS = 12  # shown at once: who has corrected those sends it again


@require_http_methods(["GET", "HEAD", "POST"])
def framework_new(request: HttpRequest) -> HttpResponse:
    form = _form(request, text=EXAMPLE)
    if request.method == "POST" and form.is_valid() and (content := _read(form)) is not None:
        text = form.cleaned_data["text"]
        try:
            row = add_framework(scope_of(request).owner, content, text, actor=Actor.of_request(request))
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{content.short} was added: {len(content.controls)} controls.")
            return redirect("compliance-framework", slug=row.slug)
    status = 422 if request.method == "POST" else 200
    return render(request, "scans/compliance/own/edit.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def framework_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """A POST tells first what would change, and replaces when that is confirmed."""
    row = _own_or_404(request, slug)
    form = _form(request, text=row.text, revision=row.revision)
    context = {"form": form, "row": row, "revisions": revisions_of(row), "content": stored(row.content)}
    if request.method == "POST" and form.is_valid() and (content := _read(form)) is not None:
        text, revision = form.cleaned_data["text"], form.cleaned_data["revision"]
        if not form.cleaned_data["confirmed"] and content.slug == row.slug:
            shown = FrameworkForm(initial={"text": text, "revision": revision or row.revision, "confirmed": True})
            context |= {"form": shown, "difference": difference_of(row, content), "new": content}
            return render(request, "scans/compliance/own/replace.html", context)
        try:
            replaced = replace_framework(row, content, text, actor=Actor.of_request(request), revision=revision)
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{content.short} is revision {replaced.revision} now.")
            return redirect("compliance-framework", slug=slug)
    status = 422 if request.method == "POST" else 200
    return render(request, "scans/compliance/own/edit.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def framework_delete(request: HttpRequest, slug: str) -> HttpResponse:
    row = _own_or_404(request, slug)
    content = stored(row.content)
    if request.method == "POST":
        delete_framework(row, actor=Actor.of_request(request))
        messages.success(request, f"{content.short} was deleted.")
        return redirect("compliance")
    context = {"row": row, "content": content, "consequences": consequences_of(row, Person(str(request.user.pk)))}
    return render(request, "scans/compliance/own/delete.html", context)


@require_safe
def framework_revision(request: HttpRequest, slug: str, revision: int) -> HttpResponse:
    """The text of a revision, as it was given."""
    text = text_of(_own_or_404(request, slug), revision)
    if text is None:
        raise Http404
    answer = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{slug}-revision-{revision}.yaml"'
    # Strangers wrote it: no browser may take it for a page.
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _form(request: HttpRequest, **initial: object) -> FrameworkForm:
    if request.method == "POST":
        return FrameworkForm(request.POST, request.FILES, initial=initial)
    return FrameworkForm(initial=initial)


def _read(form: FrameworkForm) -> OwnContent | None:
    """What the form's text says; None where it was refused, with the reasons on the form."""
    try:
        return read_own(form.cleaned_data["text"])
    except InputError as error:
        faults = list(error.fields.items())
        for path, message in faults[:FAULTS]:
            form.add_error(None, f"{message[:1].upper()}{message[1:]} ({path})")
        if len(faults) > FAULTS:
            form.add_error(None, f"And {len(faults) - FAULTS} more.")
    except ProviderError as error:
        form.refuse(error)
    return None


def _own_or_404(request: HttpRequest, slug: str) -> OwnFramework:
    row = find_own(scope_of(request).owner, slug)
    if row is None:
        raise Http404
    return row
