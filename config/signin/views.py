"""Login, logout, the password and its reset, and the page that asks for it again: allauth's views in our look."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from allauth.account import views as allauth
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.password_change import finalize_password_change
from allauth.account.internal.flows.password_reset import finalize_password_reset
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login as django_login
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django_htmx.http import HttpResponseClientRefresh

from cloudaccounts.accounts.rate_limits import TooManyAttemptsError
from cloudaccounts.audit.actor import Actor
from cloudaccounts.users.passwords import password_changed_by
from config.signin import forms
from config.signin.ways import other_ways
from config.site.lockout import too_many


class Login(allauth.LoginView):
    template_name = "site/login.html"
    form_class = forms.LoginForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if getattr(request, "htmx", False):
            # The session of a page ended, and htmx asked for a panel: reload the page, or the login would fill the
            # panel.
            return HttpResponseClientRefresh()
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "sso": sso_ways(self.get_next_url() or ""),
            "sso_alone": settings.REQUIRE_SSO,
        }


class AdminLogin(Login):
    """The admin sends everybody here who may not see it: somebody signed in without that right would go in circles."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not (request.user.is_active and request.user.is_staff):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class Logout(allauth.LogoutView):
    # No GET: a link on another page could log people out.
    http_method_names = ["post", "options"]


class PasswordChange(allauth.PasswordChangeView):
    template_name = "site/password_change.html"
    form_class = forms.OwnPasswordForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not _user(request).has_usable_password():
            messages.info(request, "You sign in by single sign-on: there is no password here to change.")
            return redirect("profile")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        # Only who did it is known here: that it was done is seen where the user's row is saved, by whichever way.
        with password_changed_by(Actor.of_request(self.request)):
            form.save()
        finalize_password_change(self.request, form.user)
        messages.success(
            self.request, "Your password is changed. Other sessions of yours are logged out, your API tokens revoked."
        )
        # Authenticators of their own, of which no password knows: but who had the old one may have added them.
        if others := other_ways(form.user):
            messages.warning(self.request, f"Still yours to sign in with: {others}. Remove here what you did not add.")
            return redirect("mfa_index")
        return redirect("profile")


class PasswordReset(allauth.PasswordResetView):
    template_name = "site/password_reset.html"
    form_class = forms.ResetRequestForm
    success_url = reverse_lazy("password-reset-sent")

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            return super().form_valid(form)
        except TooManyAttemptsError as error:
            return too_many(self.request, error.seconds, cause=error.cause)


class PasswordResetSent(allauth.PasswordResetDoneView):
    template_name = "site/password_reset_sent.html"


class PasswordResetConfirm(allauth.PasswordResetFromKeyView):
    template_name = "site/password_reset_confirm.html"
    form_class = forms.NewPasswordForm

    def form_valid(self, form: Any) -> HttpResponse:
        user, address = self.reset_user, self.request.META.get("REMOTE_ADDR", "")
        with password_changed_by(Actor(str(user.pk), user.get_username(), "page", address)):
            form.save()
        finalize_password_reset(self.request, user)
        messages.success(self.request, "Your password is set; your API tokens are revoked. Log in with it.")
        if other_ways(user):
            messages.warning(
                self.request,
                "There are other ways to sign in as you. Look through them then: Profile, “Sign-in and security”.",
            )
        return redirect("login")


class Reauthenticate(allauth.ReauthenticateView):
    """Asks for the password again. Wrong ones count as at the login: after five of them even the right one waits."""

    template_name = "site/confirm_password.html"
    form_class = forms.ReauthenticateForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Who came by single sign-on and has set up nothing here can confirm by coming that way once more.
        if not get_adapter(request).get_reauthentication_methods(request.user) and (ways := sso_ways(self._back())):
            return render(request, "site/confirm_sso.html", {"sso": ways})
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        came_back(self.request)
        return redirect(self._back())

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "next": self._back()}

    def _back(self) -> str:
        return own_address(self.request.POST.get("next") or self.request.GET.get("next", ""))


def sso_ways(back: str) -> list[tuple[str, str]]:
    """Address and label of each way of single sign-on that is configured."""
    query = f"?{urlencode({'next': back})}" if back else ""
    return [(reverse(name) + query, f"Log in with {label}") for name, label in _sso_names()]


def connect_ways() -> list[tuple[str, str]]:
    """The same for connecting an identity to who is signed in."""
    return [(reverse(f"{name}-connect"), f"Connect {label}") for name, label in _sso_names()]


def _sso_names() -> list[tuple[str, str]]:
    names = [("sso", "single sign-on")] if settings.OIDC_ISSUER else []
    if settings.SAML_METADATA_FILE or settings.SAML_METADATA_URL:
        names.append(("saml", "single sign-on (SAML)" if names else "single sign-on"))
    return names


def came_back(request: HttpRequest) -> None:
    """After a reauthentication: as a login, whose signal resets the failed tries and notes the time."""
    user = _user(request)
    # Copies of the old session key end.
    request.session.cycle_key()
    user.backend = request.session["_auth_user_backend"]
    django_login(request, user)


def own_address(address: str) -> str:
    """The address if it is one of ours, else the dashboard: ``next`` must not lead to another site."""
    # `//host` and backslashes begin like a path and are another site: Django's own check knows them.
    safe = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if safe else reverse("dashboard")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # LoginRequiredMiddleware lets nobody else in
    return request.user


login = Login.as_view()
admin_login = AdminLogin.as_view()
logout = Logout.as_view()
password_change = PasswordChange.as_view()
password_reset = PasswordReset.as_view()
password_reset_sent = PasswordResetSent.as_view()
password_reset_confirm = sensitive_post_parameters()(PasswordResetConfirm.as_view())
reauthenticate = sensitive_post_parameters()(Reauthenticate.as_view())
