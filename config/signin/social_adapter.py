"""What allauth asks about people who come by single sign-on: who is let in, as whom, and into which teams."""

from __future__ import annotations

import logging
from typing import Any

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.http import HttpRequest
from django.shortcuts import redirect, render

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.deadlines import within
from config.signin import freshness, team_map
from config.signin.documents import DocumentError, bounded

logger = logging.getLogger(__name__)
EXCHANGE_SECONDS = 5.0


class SocialAdapter(DefaultSocialAccountAdapter):
    def list_apps(self, request: HttpRequest, provider: Any = None, client_id: Any = None) -> list[SocialApp]:
        """Those of the settings. allauth would also take rows, which hold client secrets in clear."""
        from config.signin.providers import configured

        return [
            app
            for app in configured()
            if (provider is None or provider in (app.provider, app.provider_id))
            and (client_id is None or client_id == app.client_id)
        ]

    def authenticate_by_email(self, sociallogin: SocialLogin) -> None:
        """Never: an address that a provider names is no proof of being the user here who has it."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        # Addresses are kept with the user alone: in allauth's table one that is somebody's would stop the login.
        sociallogin.email_addresses = []
        if lacks := freshness.what_lacks(sociallogin):
            logger.warning("sso.not_anew", extra={"provider": sociallogin.account.provider})
            raise refusal(request, lacks)
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            raise _to_be_confirmed(request, sociallogin)
        groups = groups_of(sociallogin)
        if sociallogin.is_existing:
            self._follow(request, sociallogin)
        elif not team_map.placed(groups):
            logger.warning("sso.nobody_placed", extra={"provider": sociallogin.account.provider})
            raise refusal(request, "You are in none of the groups that have access here. Ask the operator for one.")

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return bool(team_map.placed(groups_of(sociallogin)))

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return True

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> Any:
        user = super().save_user(request, sociallogin, form)
        self._follow(request, sociallogin)
        return user

    def get_requests_session(self) -> requests.Session:
        return _Exchange()

    def on_authentication_error(self, request: HttpRequest, provider: Any, *_: Any, **more: Any) -> None:
        exception = more.get("exception")
        logger.warning("sso.failed", extra={"provider": provider.id, "error": type(exception).__name__})
        raise refusal(request, "The identity provider and this server did not agree on who you are. Try again.")

    def _follow(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        address = str(request.META.get("REMOTE_ADDR", ""))
        team_map.follow(sociallogin.user, groups_of(sociallogin), address=address)


def _to_be_confirmed(request: HttpRequest, sociallogin: SocialLogin) -> ImmediateHttpResponse:
    """Nothing is connected yet: see `identities`."""
    from config.signin import identities

    if not request.user.is_authenticated:
        return refusal(request, "Your session ended meanwhile. Log in, and connect your identity anew.")
    identities.keep(request, sociallogin)
    return ImmediateHttpResponse(redirect("sso-confirm"))


def groups_of(sociallogin: SocialLogin) -> frozenset[str]:
    groups = sociallogin.account.extra_data.get("groups") or []
    return frozenset(str(group) for group in ([groups] if isinstance(groups, str) else groups))


def refusal(request: HttpRequest, cause: str) -> ImmediateHttpResponse:
    return ImmediateHttpResponse(render(request, "site/sso_refused.html", {"cause": cause}, status=403))


class _Exchange(requests.Session):
    """With the provider's token endpoint, while somebody waits: five seconds in all, a bounded answer, no redirects."""

    def request(self, *arguments: Any, **options: Any) -> requests.Response:
        options |= {"timeout": EXCHANGE_SECONDS, "stream": True, "allow_redirects": False}

        def ask() -> requests.Response:
            answer = super(_Exchange, self).request(*arguments, **options)
            answer._content = bounded(answer)
            return answer

        try:
            return within(EXCHANGE_SECONDS, "the identity provider", ask)
        except (ProviderError, DocumentError) as error:
            raise requests.RequestException(str(error)) from error
