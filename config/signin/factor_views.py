"""Second factors, passkeys and sessions of a person: allauth's views in our look, behind our brake."""

from __future__ import annotations

import ipaddress
from typing import Any

from allauth.mfa.base import views as base
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.mfa.webauthn.internal import auth as webauthn_auth
from allauth.usersessions import views as usersessions
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.views.decorators.debug import sensitive_post_parameters

from config.signin import factor_forms as forms
from config.signin.account_adapter import NO_ADDRESS
from config.signin.brake import refusal
from config.signin.identities import identities_of, is_last_way
from config.signin.views import came_back, connect_ways, own_address

SECURITY = reverse_lazy("mfa_index")


class Braked:
    """Refuses what is posted while tries of this person are used up."""

    request: HttpRequest

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        stage = getattr(request, "_login_stage", None)
        page = refusal(request, stage.login.user if stage is not None else request.user)  # type: ignore[arg-type]
        return page or super().post(request, *args, **kwargs)  # type: ignore[misc]


class SecondFactor(Braked, base.AuthenticateView):
    """The second step of a login."""

    template_name = "site/second_factor.html"
    form_class = forms.CodeForm
    webauthn_form_class = forms.PasskeyForm

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.stage.login.user
        kinds = set(Authenticator.objects.filter(user_id=user.pk).values_list("type", flat=True))
        return {
            **super().get_context_data(**kwargs),
            "has_passkey": Authenticator.Type.WEBAUTHN in kinds and passkeys_work(self.request),
            "has_code": bool(kinds - {Authenticator.Type.WEBAUTHN.value}),
        }


class PasskeyLogin(webauthn.LoginWebAuthnView):
    form_class = forms.PasskeyLoginForm

    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(self.request, "This passkey does not sign in here. Use another, or your password.")
        return redirect("login")


class _Again(Braked):
    """One more way to confirm who one is; back to where one was, as after the password."""

    def form_valid(self, form: Any) -> HttpResponse:
        form.save()
        came_back(self.request)
        return redirect(self._back())

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)  # type: ignore[attr-defined]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "next": self._back()}  # type: ignore[misc]

    def _back(self) -> str:
        return own_address(self.request.POST.get("next") or self.request.GET.get("next", ""))


class CodeAgain(_Again, base.ReauthenticateView):
    template_name = "site/confirm_code.html"
    form_class = forms.CodeAgainForm


class PasskeyAgain(_Again, webauthn.ReauthenticateWebAuthnView):
    template_name = "site/confirm_passkey.html"
    form_class = forms.PasskeyAgainForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.get("form")
        context = super().get_context_data(**kwargs)
        return context if form is None else {**context, "form": form}


class Security(base.IndexView):
    template_name = "site/security.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        codes = context["authenticators"].get(Authenticator.Type.RECOVERY_CODES)
        return {
            **context,
            "app": context["authenticators"].get(Authenticator.Type.TOTP),
            "passkeys": context["authenticators"].get(Authenticator.Type.WEBAUTHN, []),
            "codes_left": len(codes.get_unused_codes()) if codes else 0,
            "has_codes": bool(codes),
            "passkeys_work": passkeys_work(self.request),
            "ways_to_connect": connect_ways(),
            "identities": [
                (identity, is_last_way(self.request.user, identity)) for identity in identities_of(self.request.user)
            ],
            "required": settings.REQUIRE_SECOND_FACTOR,
        }


class NewApp(totp.ActivateTOTPView):
    template_name = "site/app_new.html"
    form_class = forms.NewAppForm

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        form.forget_secret()
        messages.success(self.request, "Your authenticator app is set up: the login asks for its code from now on.")
        return response


class RemoveApp(totp.DeactivateTOTPView):
    template_name = "site/app_remove.html"

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        messages.success(self.request, "The authenticator app is removed.")
        return response


class NewPasskey(webauthn.AddWebAuthnView):
    template_name = "site/passkey_new.html"
    form_class = forms.NewPasskeyForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not passkeys_work(request):
            messages.error(request, "Passkeys need a host name: open this site by its name instead of an address.")
            return redirect(SECURITY)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        # One that can sign in by itself: kept by the device, and opened there by a PIN or a finger.
        options = webauthn_auth.begin_registration(self.request.user, True)
        return {**context, "js_data": {"creation_options": options}, "form": kwargs.get("form", context["form"])}

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        messages.success(self.request, "The passkey is added: it signs you in alone, and is your second factor.")
        return response


class RemovePasskey(webauthn.RemoveWebAuthnView):
    template_name = "site/passkey_remove.html"
    success_url = SECURITY


class RecoveryCodes(recovery.ViewRecoveryCodesView):
    template_name = "site/recovery_codes.html"


class NewRecoveryCodes(recovery.GenerateRecoveryCodesView):
    template_name = "site/recovery_codes_new.html"


class Sessions(usersessions.ListUserSessionsView):
    template_name = "site/sessions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "no_address": NO_ADDRESS}

    def form_valid(self, form: Any) -> HttpResponse:
        form.save(self.request)
        messages.success(self.request, "All other sessions of yours are logged out.")
        return redirect("usersessions_list")


def passkeys_work(request: HttpRequest) -> bool:
    """Browsers know no passkeys of an address, such as http://127.0.0.1:8000."""
    host = request.get_host()
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return True
    return False


second_factor = sensitive_post_parameters()(SecondFactor.as_view())
passkey_login = sensitive_post_parameters()(PasskeyLogin.as_view())
code_again = sensitive_post_parameters()(CodeAgain.as_view())
passkey_again = PasskeyAgain.as_view()
security = Security.as_view()
new_app = sensitive_post_parameters()(NewApp.as_view())
remove_app = RemoveApp.as_view()
new_passkey = NewPasskey.as_view()
remove_passkey = RemovePasskey.as_view()
recovery_codes = RecoveryCodes.as_view()
new_recovery_codes = NewRecoveryCodes.as_view()
sessions = Sessions.as_view()
