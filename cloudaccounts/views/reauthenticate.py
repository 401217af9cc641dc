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
        strip=False,
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
    back = _within(request.POST.get("next") or request.GET.get("next", ""))
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        found = authenticate(request, username=user.get_username(), password=form.cleaned_data["password"])
        if found is not None and found.pk == user.pk:
            # A login like any other: it forgets the failures and remembers when it was. The session gets a new key.
            request.session.cycle_key()
            login(request, found)
            return redirect(back)
        form.add_error("password", "This is not your password. Capital letters count.")
    context = {"form": form, "next": back}
    return render(request, "cloudaccounts/confirm_password.html", context, status=422 if form.is_bound else 200)


def _within(address: str) -> str:
    """Only to a page of ours."""
    safe = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if safe else reverse("dashboard")
