"""Tokens of the HTTP API: created, shown once, revoked."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from cloudaccounts.audit.actor import Actor
from cloudaccounts.errors import InputError
from cloudaccounts.forms.accounts import TokenForm
from cloudaccounts.tokens.services import create_token, revoke_token, token_of
from cloudaccounts.views.common import owner_of
from cloudaccounts.web import reauthentication


@require_http_methods(["GET", "HEAD", "POST"])
def token_create(request: HttpRequest) -> HttpResponse:
    """Shows the token in the answer to the POST and nowhere else: a message or the session would store it.

    A token outlives the session that creates it, so an open session is not enough: the password is asked for.
    """
    if not reauthentication.is_recent(request):
        return reauthentication.ask(request, back=reverse("token-create"))
    form = TokenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            token, text = create_token(
                owner=owner_of(request),
                user=str(request.user.pk),
                actor=Actor.of_request(request),
                **form.cleaned_data,
            )
        except InputError as error:  # what is beyond the team's limit is answered 429, see config.middleware
            form.refuse(error)
        else:
            # No redirect: the text stands in this one answer, and a page that could be loaded again would need it
            # stored.
            return render(request, "cloudaccounts/token_created.html", {"token": token, "text": text}, status=201)
    context = {"form": form}
    return render(request, "cloudaccounts/token_create.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def token_revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    # By user: somebody else's token is not there, whatever its identifier.
    token = token_of(str(request.user.pk), token_id)
    if token is None:
        raise Http404
    if request.method != "POST":
        return render(request, "cloudaccounts/token_revoke.html", {"token": token})
    if revoke_token(token, actor=Actor.of_request(request)):
        messages.success(request, f"{token.name} is revoked: calls with it are refused from now on.")
    return redirect("profile")
