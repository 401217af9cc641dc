"""What allauth asks a project about people: who may sign up, from where a request comes, what is said."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.password_reset import request_password_reset
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import user_login_failed
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse

from cloudaccounts.web import reauthentication

MISMATCH = "This name and password do not fit together. Check both; capital letters count."
# Where a request has no address (a unix socket): a session's row must hold one, and this is nobody's.
NO_ADDRESS = "0.0.0.0"  # noqa: S104 # nosec B104 # no server is bound to it


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        # One message for every reason, so that nobody learns which names exist.
        "username_password_mismatch": MISMATCH,
        "invalid_login": MISMATCH,
        "incorrect_password": "This is not your password. Capital letters count.",
        "too_many_login_attempts": "Too many tries. Wait a quarter of an hour and try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up: allauth's own answer is yes. Who comes by single sign-on is placed by `OIDC_TEAM_MAP`."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that `config.middleware` has set; allauth reads headers, and refuses a request without one."""
        return str(request.META.get("REMOTE_ADDR", "")) or NO_ADDRESS

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        """One rule for allauth's pages and ours (`cloudaccounts.web.reauthentication`)."""
        return not reauthentication.is_recent(self.request)

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **more: Any
    ) -> None:
        """allauth's own texts are left out: our views say what happened in this product's words."""
        if message := more.get("message"):
            messages.add_message(request, level, message)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """By django-axes first. Where single sign-on is required a right password counts as a wrong one: it opens
        nothing, and must not tell that it is right.
        """
        user = super().authenticate(request, **credentials)
        if user is None or _may_use_password(request, user):
            return user
        user_login_failed.send(sender=type(self), credentials=credentials, request=request)
        return None

    def pre_login(self, request: HttpRequest, user: Any, **more: Any) -> HttpResponse | None:
        """A passkey is no way around single sign-on."""
        from config.signin.requirements import came_by_sso, may_come_in_without_sso

        if not (may_come_in_without_sso(user) or came_by_sso(request, user)):
            from allauth.account.internal.stagekit import clear_login

            clear_login(request)
            messages.error(request, "This server takes single sign-on alone: log in with it.")
            return redirect("login")
        return super().pre_login(request, user, **more)

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        messages.error(request, "This account cannot sign in. Ask the operator of this server.")
        return redirect("login")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("profile")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """From `BASE_URL`: a Host header of an attacker's choice would send the link, with its token, to their site."""
        # A token of Django's holds one hyphen itself, the user's number none.
        uid, _, token = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": quote(uid), "key": quote(token)})
        return f"{settings.BASE_URL}{path}"

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Sends at once: a worker calls this. Raises OSError where the mail server does not take it."""
        # Not the key by itself, which no text of ours names: what is not there is in no trace of an error.
        shown = {name: value for name, value in context.items() if name not in {"key", "uid"}}
        values = {**shown, "user": user, "base_url": settings.BASE_URL}
        subject = " ".join(render_to_string("site/password_reset_subject.txt", values).split())
        EmailMessage(subject, render_to_string("site/password_reset_email.txt", values), None, [user.email]).send()

    def send_notification_mail(self, template_prefix: str, user: Any, *args: Any, **more: Any) -> None:
        """What changed is told by audit events and by `config.signin.signals`; allauth would send in the web thread."""

    def reauthenticate(self, user: Any, password: str) -> bool:
        """Whether it is this user's password. A wrong one counts as one at the login (django-axes)."""
        # Not `check_password`: only what goes through `authenticate` is counted by axes, and refused after too many.
        authenticated = self.authenticate(self.request, username=user.get_username(), password=password)
        return authenticated is not None and authenticated.pk == user.pk

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        raise NotImplementedError(f"{template_prefix}: mails are asked for by config.site.mails, and sent by workers.")


def _may_use_password(request: HttpRequest, user: Any) -> bool:
    from config.signin.requirements import came_by_sso, may_come_in_without_sso

    return may_come_in_without_sso(user) or came_by_sso(request, user)


def send_reset_link(user: User) -> None:
    """To this user's address. A worker calls it, without a request; raises OSError as `send_password_reset_mail`."""
    request_password_reset(None, user.email, [user], default_token_generator)
