"""The page of saved views."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.forms.base import ServiceForm
from cloudaccounts.views.common import scope_of
from scans.saved_views.services import (
    PAGES,
    Person,
    clean_query,
    delete_view,
    find_view,
    listed_views,
    save_view,
)


class ViewForm(ServiceForm):
    name = forms.CharField(
        max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give it a name."},
    )  # fmt: skip
    shared = forms.BooleanField(required=False, label="For the whole team")
    page = forms.CharField(widget=forms.HiddenInput)
    query = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)


@require_http_methods(["GET", "HEAD", "POST"])
def view_list(request: HttpRequest) -> HttpResponse:
    """The views that there are; with a ``query``, also what saves it as one."""
    scope, person = scope_of(request), Person(str(request.user.pk))
    page = request.GET.get("page", "findings")
    initial = {"page": page if page in PAGES else "findings", "query": clean_query(request.GET.get("query", "")[:4000])}
    form = ViewForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            view = save_view(scope, person, actor=Actor.of_request(request), **form.cleaned_data)
        except ProviderError as error:
            form.refuse(error)
        else:
            messages.success(request, f"Saved as “{view.name}”.")
            return redirect(f"{PAGES[view.page]}?{view.query}")
    context = {
        "views": [{"view": view, "url": f"{PAGES[view.page]}?{view.query}"} for view in listed_views(scope, person)],
        "form": form,
        "saves": form.is_bound or "query" in request.GET,
        "back": f"{PAGES[initial['page']]}?{initial['query']}",
        "lists": reverse("findings"),
    }
    return render(request, "scans/views.html", context, status=422 if form.is_bound else 200)


@require_POST
def view_delete(request: HttpRequest, view_id: UUID) -> HttpResponse:
    scope = scope_of(request)
    view = find_view(scope, Person(str(request.user.pk)), view_id)
    if view is None:
        raise Http404
    try:
        delete_view(scope, view, actor=Actor.of_request(request))
    except ProviderError as error:
        messages.error(request, f"{error.cause} {error.remedy}")
    else:
        messages.success(request, "Deleted.")
    return redirect("views")
