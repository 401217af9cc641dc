"""Mails of the sign-in pages. Pages ask for them here; workers send them (`cloudaccounts.notifications.mail_requests`).

How often one may ask is counted by the address that was typed, whether or not it is anybody's, and by the network of
whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from cloudaccounts.accounts.rate_limits import RateLimit
from cloudaccounts.notifications.mail_requests import Senders, request_mail
from cloudaccounts.users.teams import INVITATION
from cloudaccounts.web.networks import network_of

RESET, CHANGED, SECURITY = "password_reset", "email_changed", "security_notice"
HOUR = 3600
MAILS_PER_ADDRESS = 3  # an hour
MAILS_PER_NETWORK = 20  # an hour; an office behind one address has several people who forget
_CAUSE = "Too many links were asked for from here within this hour."


def request_reset(email: str, *, address: str) -> None:
    """Asks for a link to the address, by whoever has the client address ``address``. Raises `TooManyAttemptsError`.

    Beyond the limit of one typed address nothing happens, and nothing is said: strangers could tell by an error that
    somebody else has asked, and its owner has three links already.
    """
    RateLimit("reset-mails-of-network", network_of(address), MAILS_PER_NETWORK, HOUR, _CAUSE).take()
    typed = RateLimit("reset-mails-to-address", email.strip().lower(), MAILS_PER_ADDRESS, HOUR, _CAUSE)
    if typed.is_taken():
        request_mail(RESET, email=email)


def request_change_notice(*, username: str, old: str, new: str) -> None:
    """Tells the address that was in use until now."""
    request_mail(CHANGED, username=username, old=old, new=new)


def request_security_notice(*, username: str, to: str, what: str, address: str) -> None:
    """Tells a person what was changed of how they sign in: whoever did not do it hears of it."""
    request_mail(SECURITY, username=username, to=to, what=what, address=address)


def _send_reset(values: Mapping[str, str]) -> None:
    from django.contrib.auth.forms import PasswordResetForm

    from config.signin.account_adapter import send_reset_link

    # Whether the address is anybody's is looked up here, in a worker: the page does the same for every address. By the
    # user's own row, with Django's care for look-alike letters; allauth's table of addresses would keep old ones.
    for user in PasswordResetForm().get_users(values["email"]):
        send_reset_link(user)


def _send_change_notice(values: Mapping[str, str]) -> None:
    body = render_to_string("site/email_changed.txt", dict(values))
    EmailMessage("Your e-mail address for Cloud Accounts was changed", body, to=[values["old"]]).send()


def _send_security_notice(values: Mapping[str, str]) -> None:
    body = render_to_string("site/security_notice.txt", dict(values))
    EmailMessage(f"Your sign-in for Cloud Accounts: {values['what']}", body, to=[values["to"]]).send()


def _send_invitation(values: Mapping[str, str]) -> None:
    body = render_to_string("site/team_invitation.txt", dict(values))
    EmailMessage("Invitation to a team in Cloud Accounts", body, to=[values["to"]]).send()


SENDERS: Senders = {
    RESET: _send_reset,
    CHANGED: _send_change_notice,
    SECURITY: _send_security_notice,
    INVITATION: _send_invitation,
}
