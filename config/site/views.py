"""Login, profile and passwords, and the error pages."""

from __future__ import annotations

import sys
from typing import Any

from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.accounts.rate_limits import TooManyAttemptsError
from cloudaccounts.audit.actor import Actor
from cloudaccounts.notifications.recipients import muted_kinds, set_wanted_kinds
from cloudaccounts.outages import RETRY_AFTER, DatabaseUnavailableError, is_outage
from cloudaccounts.tokens.services import tokens_of
from cloudaccounts.users.logins import record_address_change
from cloudaccounts.users.passwords import password_changed_by
from config.site.forms import LoginForm, NoticeForm, OwnPasswordForm, ProfileForm, ResetForm
from config.site.lockout import too_many
from config.site.mails import request_change_notice, request_reset


@method_decorator(login_not_required, name="dispatch")
class Login(auth.LoginView):
    template_name = "site/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if getattr(request, "htmx", False):
            # The session of a page ended, and htmx asked for a panel: reload the page, or the login would fill the
            # panel.
            return HttpResponseClientRefresh()
        return super().dispatch(request, *args, **kwargs)


class Logout(auth.LogoutView):
    # No GET: a link on another page could log people out.
    http_method_names = ["post", "options"]


class PasswordChange(auth.PasswordChangeView):
    template_name = "site/password_change.html"
    success_url = reverse_lazy("profile")
    form_class = OwnPasswordForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def form_valid(self, form: Any) -> HttpResponse:
        # Only who did it is known here: that it was done is seen where the user's row is saved, by whichever way.
        with password_changed_by(Actor.of_request(self.request)):
            response = super().form_valid(form)
        messages.success(
            self.request, "Your password is changed. Other sessions of yours are logged out, your API tokens revoked."
        )
        return response


class PasswordReset(auth.PasswordResetView):
    """Asks a worker for the mail, whether or not the address is anybody's: this page takes as long either way."""

    template_name = "site/password_reset.html"
    form_class = ResetForm
    success_url = reverse_lazy("password-reset-sent")

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            request_reset(form.cleaned_data["email"], address=self.request.META.get("REMOTE_ADDR", ""))
        except TooManyAttemptsError as error:
            return too_many(self.request, error.seconds, cause=error.cause)
        return redirect(self.success_url)


class PasswordResetSent(auth.PasswordResetDoneView):
    template_name = "site/password_reset_sent.html"


class PasswordResetConfirm(auth.PasswordResetConfirmView):
    template_name = "site/password_reset_confirm.html"
    success_url = reverse_lazy("login")

    def form_valid(self, form: Any) -> HttpResponse:
        address = self.request.META.get("REMOTE_ADDR", "")
        with password_changed_by(Actor(str(form.user.pk), form.user.get_username(), "page", address)):
            response = super().form_valid(form)
        messages.success(self.request, "Your password is set; your API tokens are revoked. Log in with it.")
        return response


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)  # LoginRequiredMiddleware lets nobody else in
    before = user.email
    form = ProfileForm(request.POST or None, instance=user, request=request)
    if request.method == "POST" and form.is_valid():
        form.save()
        if form.changes_address:
            record_address_change(user, actor=Actor.of_request(request))
            # To the old address: where somebody else changed it, its owner hears of it there.
            if before:
                request_change_notice(username=user.get_username(), old=before, new=user.email)
        messages.success(request, "Saved.")
        return redirect("profile")
    if form.is_bound:
        user.refresh_from_db()  # the page shows the name that is stored, not the one that was refused
    owner = str(user.pk)
    context = {
        "form": form,
        "external_id": external_id_for(owner),
        "tokens": tokens_of(owner),
        "notice_form": NoticeForm(initial={"kinds": NoticeForm.wanted_of(muted_kinds(owner))}),
    }
    return render(request, "site/profile.html", context, status=422 if form.is_bound else 200)


@require_POST
def profile_notices(request: HttpRequest) -> HttpResponse:
    form = NoticeForm(request.POST)
    if form.is_valid():
        set_wanted_kinds(str(request.user.pk), set(form.cleaned_data["kinds"]))
        messages.success(request, "Saved.")
    return redirect("profile")


def nothing_there(request: HttpRequest, rest: str) -> HttpResponse:
    raise Http404


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _plain("400.html", 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls this while it handles an uncaught exception of a view or a middleware, which it logs."""
    if is_outage(sys.exc_info()[1]):
        return _unavailable(request)
    return _plain("500.html", 500)


def _unavailable(request: HttpRequest) -> HttpResponse:
    """The answer while a database is down: without any query, not even for the user.

    API calls get the API's own form.
    """
    error = DatabaseUnavailableError()
    if request.path.startswith(reverse("api-root")) and request.path != reverse("api-docs"):
        from cloudaccounts.api.answers import problem_of

        return problem_of(error)
    # A POST is not repeated by a link: its form is still in the browser's history.
    again = request.get_full_path() if request.method == "GET" else "/"
    response = _plain("503.html", 503, error=error, again=again)
    response["Retry-After"] = str(RETRY_AFTER)
    response["Cache-Control"] = "no-store"
    return response


def _plain(template: str, status: int, **more: Any) -> HttpResponse:
    """Renders without request, database or manifest of static files, so that it works whatever is broken."""
    assets = dict(more)
    for name, path in (("stylesheet", "css/app.css"), ("theme", "js/theme.js")):
        try:
            assets[name] = static(path)
        except ValueError:  # static files were not collected
            assets[name] = ""
    return HttpResponse(render_to_string(template, assets), status=status)
