"""The identity providers of the settings, as allauth wants to have them."""

from __future__ import annotations

import hashlib
from typing import Any

from allauth.socialaccount.models import SocialApp, SocialToken
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from config.signin import freshness
from config.signin.documents import OIDC, document

LONGEST = 191  # characters of a subject, as allauth's column holds


class OidcAdapter(OpenIDConnectOAuth2Adapter):
    @property
    def openid_config(self) -> dict[str, Any]:
        """The row that the scheduler keeps: allauth would fetch it while somebody waits."""
        known = document(OIDC)
        if known is None:
            raise OAuth2Error("The discovery document was not fetched yet.")
        return known

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        # As it is registered with the provider; the Host header is written by whoever asks.
        return f"{settings.BASE_URL}{reverse('sso-callback')}"

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> Any:
        id_token = kwargs["response"].get("id_token")
        if not id_token:
            raise OAuth2Error("The identity provider sent no ID token.")
        claims = dict(self._decode_id_token(app, id_token))
        authenticated_at = claims.get("auth_time")  # of the token, which is made for this login
        if settings.OIDC_GROUPS_CLAIM not in claims and "userinfo_endpoint" in self.openid_config:
            more = self._fetch_user_info(token.token)
            # OpenID Connect Core 1.0, 5.3.2: else one's token could carry somebody else's claims.
            if not isinstance(more, dict) or more.get("sub") != claims.get("sub"):
                raise OAuth2Error("The identity provider's answers name different people.")
            claims = {**more, **claims}
        if not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= LONGEST:
            raise OAuth2Error("The identity provider named nobody.")
        login = self.get_provider().sociallogin_from_response(request, claims)
        freshness.note(login, authenticated_at)
        return login


class OidcProvider(OpenIDConnectProvider):
    id = OIDC
    oauth2_adapter_class = OidcAdapter
    pkce_enabled_default = True

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        return reverse("sso")

    def get_callback_url(self) -> str:
        return reverse("sso-callback")

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """What is stored: who it is, and what places them. Tokens and other claims are not."""
        groups = data.get(settings.OIDC_GROUPS_CLAIM) or []
        return {"iss": data.get("iss", ""), "sub": data["sub"], "groups": groups}


def configured() -> list[SocialApp]:
    apps = []
    if settings.OIDC_ISSUER:
        apps.append(
            SocialApp(
                provider=OIDC,
                provider_id=identity_of(settings.OIDC_ISSUER),
                name="single sign-on",
                client_id=settings.OIDC_CLIENT_ID,
                secret=settings.OIDC_CLIENT_SECRET,
                settings={"oauth_pkce_enabled": True, "server_url": settings.OIDC_ISSUER},
            )
        )
    return apps


def identity_of(issuer: str) -> str:
    """What subjects are stored under: of another issuer, the same subject is somebody else. At most 200 characters."""
    return issuer if len(issuer) <= 200 else hashlib.sha256(issuer.encode()).hexdigest()


registry.load()
registry.register(OidcProvider)
