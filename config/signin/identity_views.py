"""What a person sees of the identities that open their user: one to connect, one to disconnect."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from cloudaccounts.web import reauthentication
from config.signin import identities
from config.signin.signals import tell


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Says whose identity came back, and connects it once its person has said that it is theirs."""
    waiting = identities.waiting_in(request)
    if waiting is None:
        messages.info(request, "Nothing waits to be connected. Begin here.")
        return redirect("mfa_index")
    if not reauthentication.is_recent(request):
        return reauthentication.ask(request, back=request.path)
    if request.method != "POST":
        return render(request, "site/identity_connect.html", {"waiting": waiting})
    identities.forget(request)
    user = _user(request)
    try:
        is_new = identities.connect(user, waiting)
    except identities.IdentityError as error:
        messages.error(request, f"{error.cause} {error.remedy}")
        return redirect("mfa_index")
    if is_new:
        names = {"provider": waiting.provider, "subject": waiting.subject}
        tell(request, user, "identity.connected", "single sign-on connected", **names)
    messages.success(request, "Connected: single sign-on opens your user from now on.")
    return redirect("mfa_index")


@require_http_methods(["GET", "HEAD", "POST"])
def disconnect(request: HttpRequest, pk: int) -> HttpResponse:
    user = _user(request)
    identity = get_object_or_404(SocialAccount, pk=pk, user=user)
    if not reauthentication.is_recent(request):
        return reauthentication.ask(request, back=request.path)
    if request.method != "POST":
        context: dict[str, Any] = {"identity": identity, "is_last": identities.is_last_way(user, identity)}
        return render(request, "site/identity_disconnect.html", context)
    try:
        identities.disconnect(user, identity, session_key=request.session.session_key)
    except identities.IdentityError as error:
        messages.error(request, f"{error.cause} {error.remedy}")
        return redirect("mfa_index")
    names = {"provider": identity.provider, "subject": identity.uid}
    tell(request, user, "identity.disconnected", "single sign-on disconnected", **names)
    messages.success(request, "Disconnected. Other sessions of yours are logged out.")
    return redirect("mfa_index")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # LoginRequiredMiddleware lets nobody else in
    return request.user
