"""To the identity provider and back."""

from __future__ import annotations

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from cloudaccounts.web import reauthentication
from config.signin import freshness
from config.signin.documents import OIDC
from config.signin.providers import OidcAdapter, identity_of
from config.signin.social_adapter import refusal
from config.signin.views import own_address

NOT_YET = "This server has not heard from the identity provider yet. Try again in a minute."


# A link and no form: our pages' forms may not lead to another site (form-action of our Content-Security-Policy).
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    provider = _provider(request, OIDC)
    # Always to log in: connecting begins on a page of its own, and whatever the address here says, it does not.
    back = own_address(request.GET.get("next", ""))
    return _go(request, provider, AuthProcess.LOGIN, back, anew=request.user.is_authenticated)


@require_GET
def connect(request: HttpRequest) -> HttpResponse:
    """To the provider, where one shows again that the identity is one's own; `identity_views.confirm` connects it."""
    if not reauthentication.is_recent(request):
        return reauthentication.ask(request, back=reverse("mfa_index"))
    return _go(request, _provider(request, OIDC), AuthProcess.CONNECT, None, anew=True)


def _go(request: HttpRequest, provider: Any, process: str, back: str | None, *, anew: bool) -> HttpResponse:
    extra: dict[str, Any] = {}
    if anew:
        extra = {"auth_params": {"prompt": "login", "max_age": "0"}, **freshness.asked_anew()}
    try:
        answer: HttpResponse = provider.redirect(request, process, back, **extra)
        return answer
    except OAuth2Error:
        return refusal(request, NOT_YET).response
    except ImmediateHttpResponse as refused:
        return refused.response


@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    _provider(request, OIDC)
    view = OAuth2CallbackView.adapter_view(OidcAdapter(request, identity_of(settings.OIDC_ISSUER)))
    return view(request)


def _provider(request: HttpRequest, kind: str) -> Any:
    try:
        return get_adapter(request).get_provider(request, kind)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
