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
from cloudaccounts.web.networks import network_of
from config.site.forms import ResetForm

RESET, CHANGED = "password_reset", "email_changed"
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


def _send_reset(values: Mapping[str, str]) -> None:
    # Whether the address is anybody's is looked up here, in a worker: the page does the same for every address.
    form = ResetForm({"email": values["email"]})
    if form.is_valid():
        form.save(
            email_template_name="site/password_reset_email.txt",
            subject_template_name="site/password_reset_subject.txt",
        )


def _send_change_notice(values: Mapping[str, str]) -> None:
    body = render_to_string("site/email_changed.txt", dict(values))
    EmailMessage("Your e-mail address for Cloud Accounts was changed", body, to=[values["old"]]).send()


SENDERS: Senders = {RESET: _send_reset, CHANGED: _send_change_notice}
