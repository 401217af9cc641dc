"""API tokens that reach the team: listed, and those of nobody, its service tokens, made and shown once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cloudaccounts.audit.actor import Actor
from cloudaccounts.errors import InputError
from cloudaccounts.forms.team_tokens import ServiceTokenForm
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import ApiToken
from cloudaccounts.tokens.services import create_token, revoke_token, team_tokens
from cloudaccounts.views.common import scope_of
from cloudaccounts.views.team_page import is_worrying
from cloudaccounts.web import reauthentication
from teams.names import name_order
from teams.queries import members_of


@require_safe
def tokens(request: HttpRequest) -> HttpResponse:
    scope = scope_of(request)
    users = {str(row.user_id): row.user.get_username() for row in members_of(scope.owner)}
    names = {str(group.pk): group.name for group in group_queries.names_in_tree(scope)}
    rows = [_row(token, users, names) for token in team_tokens(scope.owner)]
    return render(request, "cloudaccounts/team_tokens.html", {"tokens": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def token_new(request: HttpRequest) -> HttpResponse:
    """A service token: the team's and nobody's, so it stays when its maker leaves. Its text is in this one answer."""
    if not reauthentication.is_recent(request):
        return reauthentication.ask(request, back=reverse("team-token-new"))
    scope = scope_of(request)
    data = request.POST if request.method == "POST" else None
    form = ServiceTokenForm(data, group_choices=group_queries.choices(scope))
    if form.is_valid():
        try:
            token, text = create_token(
                owner=scope.owner, user=None, actor=Actor.of_request(request), name=form.cleaned_data["name"],
                scope=form.scopes(), days=form.cleaned_data["days"], groups=form.limit(),
            )  # fmt: skip
        except InputError as error:
            form.refuse(error)
        else:
            context = {"token": token, "text": text, "back": reverse("team-tokens"), "back_to": "API tokens"}
            return render(request, "cloudaccounts/token_created.html", context, status=201)
    status = 422 if form.is_bound else 200
    return render(request, "cloudaccounts/team_token_new.html", {"form": form}, status=status)


@require_POST
def token_revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Any token that reaches the team: an owner need not wait for whoever made it."""
    token = next((row for row in team_tokens(scope_of(request).owner) if row.pk == token_id), None)
    if token is None:
        raise Http404
    revoke_token(token, actor=Actor.of_request(request))
    messages.success(request, f"{token.name} is revoked: calls with it are refused from now on.")
    return redirect("team-tokens")


def _row(token: ApiToken, users: dict[str, str], names: dict[str, str]) -> dict[str, Any]:
    groups = ", ".join(sorted((names[key] for key in token.groups if key in names), key=name_order)) or "Nothing"
    return {
        "token": token,
        "holder": users.get(token.user or "", ""),
        "access": groups if token.limited else "All accounts",
        "is_worrying": is_worrying(token),
    }
