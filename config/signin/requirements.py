"""`REQUIRE_SSO` and `REQUIRE_SECOND_FACTOR`: who may go on with the session that they have."""

from __future__ import annotations

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from config.signin.models import BreakGlass

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes alone are none
# Where a second factor is set up, and the way there: all that is open to who has none.
SETTING_UP = frozenset(
    {
        "logout",
        "mfa_index",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_view_recovery_codes",
        "confirm-password",
        "sso",
        "saml",
    }
)


def lacks_second_factor(user: Any) -> bool:
    """One query, where the setting asks for it."""
    if not settings.REQUIRE_SECOND_FACTOR:
        return False
    return not Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists()


def may_come_in_without_sso(user: Any) -> bool:
    """One query, where the setting asks for it: a superuser whom `manage.py break_glass` has let in, for a while."""
    if not settings.REQUIRE_SSO:
        return True
    allowed = BreakGlass.objects.filter(user_id=user.pk, until__gt=timezone.now()).exists()
    return bool(user.is_superuser) and allowed


def came_by_sso(request: HttpRequest, user: Any) -> bool:
    """As the session knows; so does one that was opened before the setting was there."""
    return any(record.get("method") == "socialaccount" for record in get_authentication_records(request, user))
