"""The brake on guessing codes: the login's own, and one for each person over all networks.

Whoever is asked for a code knows the password already, and could try codes from many networks at once. Codes have six
digits; three of a million are right at a time.
"""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse

from cloudaccounts.accounts.rate_limits import RateLimit, TooManyAttemptsError, check_rate_limits
from config.site.lockout import locked_out, too_many

FAILURES_PER_HOUR = 30


def refusal(request: HttpRequest, user: User) -> HttpResponse | None:
    """The page that says when to try again, where this person's tries are used up; else None."""
    credentials = {"username": user.get_username()}
    if not AxesProxyHandler.is_allowed(request, credentials):
        return locked_out(request, credentials=credentials)
    try:
        check_rate_limits((_of(user),))
    except TooManyAttemptsError as error:
        return too_many(request, error.seconds, cause=error.cause)
    return None


def on_wrong_code(*, request: HttpRequest, user: User) -> None:
    """After allauth's ``authentication_failed``: a wrong code counts as a wrong password does."""
    _of(user).count()
    user_login_failed.send(sender=Authenticator, credentials={"username": user.get_username()}, request=request)


def _of(user: User) -> RateLimit:
    cause = "Too many wrong codes were entered within this hour."
    return RateLimit("second-factor", str(user.pk), FAILURES_PER_HOUR, 3600, cause)
