"""The page that asks for the password again before a dangerous action."""

from __future__ import annotations

from django import forms
from django.contrib.auth import authenticate, login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods


class PasswordForm(forms.Form):
    password = forms.CharField(
        label="Your password",
        # Blanks at either end may be part of a password.
        strip=False,
        # Hashing takes time that grows with the length: a password of megabytes must not cost a thread.
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
        error_messages={"required": "Enter your password."},
    )


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_password(request: HttpRequest) -> HttpResponse:
    """Asks for the password again. Wrong ones count as at the login: after five of them even the right one waits."""
    user = request.user
    assert isinstance(user, User)  # the middleware lets nobody else in
    back = _own_address(request.POST.get("next") or request.GET.get("next", ""))
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        # By the backends of the login, so that wrong tries are counted there (django-axes).
        authenticated = authenticate(request, username=user.get_username(), password=form.cleaned_data["password"])
        if authenticated is not None and authenticated.pk == user.pk:
            # As a login: its signal resets the failed tries and notes the time. Copies of the old session key end.
            request.session.cycle_key()
            login(request, authenticated)
            return redirect(back)
        form.add_error("password", "This is not your password. Capital letters count.")
    context = {"form": form, "next": back}
    return render(request, "cloudaccounts/confirm_password.html", context, status=422 if form.is_bound else 200)


def _own_address(address: str) -> str:
    """The address if it is one of ours, else the dashboard: ``next`` must not lead to another site."""
    # `//host` and backslashes begin like a path and are another site: Django's own check knows them.
    safe = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if safe else reverse("dashboard")
