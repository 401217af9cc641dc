"""To a SAML identity provider and back."""

from __future__ import annotations

import logging
from typing import Any

from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.base import Provider, ProviderAccount
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.conf import settings
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from cloudaccounts.web import reauthentication
from config.signin import freshness, saml
from config.signin.documents import SAML
from config.signin.providers import identity_of
from config.signin.social_adapter import refusal
from config.signin.sso_views import NOT_YET
from config.signin.team_map import placements
from config.signin.views import own_address

logger = logging.getLogger(__name__)
COOKIE = "cam_saml"
SALT = "config.signin.saml"
SECONDS = 120
REFUSED = "The identity provider and this server did not agree on who you are. Try again."


class SamlProvider(Provider):
    id = SAML
    name = "SAML"
    account_class = ProviderAccount
    supports_redirect = True

    @property
    def sub_id(self) -> str:
        return str(self.app.provider_id)

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        return reverse("saml")

    def extract_uid(self, data: dict[str, Any]) -> str:
        return str(data["sub"])

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {name: data[name] for name in ("username", "email", "first_name", "last_name") if name in data}

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"sub": data["sub"], "groups": data["groups"]}


registry.load()
registry.register(SamlProvider)


@require_GET
def start(request: HttpRequest) -> HttpResponse:
    back = own_address(request.GET.get("next", ""))
    return _go(request, AuthProcess.LOGIN, back, anew=request.user.is_authenticated)


@require_GET
def connect(request: HttpRequest) -> HttpResponse:
    """As `sso_views.connect`."""
    if not reauthentication.is_recent(request):
        return reauthentication.ask(request, back=reverse("mfa_index"))
    return _go(request, AuthProcess.CONNECT, None, anew=True)


def _go(request: HttpRequest, process: str, back: str | None, *, anew: bool) -> HttpResponse:
    provider = _provider(request)
    if provider is None:
        return refusal(request, NOT_YET).response
    address, request_id = saml.login_address(again=anew)
    more = freshness.asked_anew() if anew else {}
    provider.stash_redirect_state(request, process, back, None, state_id=request_id, **more)
    return HttpResponseRedirect(address)


@require_POST
def acs(request: HttpRequest) -> HttpResponse:
    """Where the provider's page posts to. Browsers send no session with that: `finish` has it."""
    if _provider(request) is None:
        return refusal(request, NOT_YET).response
    try:
        asked, claims = saml.proved(request.POST.get("SAMLResponse", ""))
    except saml.SamlError as error:
        logger.warning("sso.failed", extra={"provider": SAML, "why": str(error)})
        return refusal(request, REFUSED).response
    # Those that place somebody alone: a cookie holds four kilobytes, and directories know hundreds of groups.
    known = {placement.group for placement in placements()}
    claims["groups"] = sorted(known & set(claims["groups"]))
    answer = HttpResponseRedirect(reverse("saml-finish"))
    answer.status_code = 303  # a GET, whatever came
    answer.set_cookie(
        COOKIE,
        signing.dumps([asked, claims], salt=SALT, compress=True),
        max_age=SECONDS,
        path=reverse("saml-finish"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return answer


@require_GET
def finish(request: HttpRequest) -> HttpResponse:
    provider = _provider(request)
    try:
        asked, claims = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=SECONDS)
    except signing.BadSignature:
        return refusal(request, REFUSED).response
    # Taken out of the session: it counts once, and in the browser that asked alone.
    if provider is None:
        return refusal(request, REFUSED).response
    try:
        state = provider.unstash_redirect_state(request, asked)
    except PermissionDenied:
        return refusal(request, REFUSED).response
    login = provider.sociallogin_from_response(request, claims)
    login.state = state
    freshness.note(login, claims.get("authenticated_at"))
    answer: HttpResponse = complete_social_login(request, login)
    answer.delete_cookie(COOKIE, path=reverse("saml-finish"))
    return answer


@require_GET
def metadata(request: HttpRequest) -> HttpResponse:
    """For the provider's administrator."""
    if _provider(request) is None:
        return refusal(request, NOT_YET).response
    return HttpResponse(saml.our_metadata(), content_type="application/samlmetadata+xml")


def _provider(request: HttpRequest) -> SamlProvider | None:
    """None before the metadata were read."""
    if not (settings.SAML_METADATA_FILE or settings.SAML_METADATA_URL) or not saml.is_installed():
        raise Http404
    idp = saml.identity_provider()
    if idp is None:
        return None
    name = identity_of(f"saml:{idp['entityId']}")
    return SamlProvider(request, app=SocialApp(provider=SAML, provider_id=name, name="SAML", client_id=SAML))
