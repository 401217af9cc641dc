"""How people sign in, as a team's page says it to those who manage its members."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User

from config.signin.requirements import FACTORS
from teams.signin import SignIn, register

WORDS = {Authenticator.Type.TOTP.value: "authenticator app", Authenticator.Type.WEBAUTHN.value: "passkey"}


@register
def sign_ins(users: Collection[int]) -> Mapping[int, SignIn]:
    """Two queries, and nothing of a factor but its kind: its secret stays unread."""
    kinds: defaultdict[int, set[str]] = defaultdict(set)
    factors = Authenticator.objects.filter(user_id__in=users, type__in=FACTORS)
    for user, kind in factors.values_list("user_id", "type"):
        kinds[user].add(WORDS[kind])
    # A connected account of the identity provider. Whether it was used last, sessions know and rows do not.
    connected = set(SocialAccount.objects.filter(user_id__in=users).values_list("user_id", flat=True))
    return {user: SignIn(tuple(sorted(kinds[user])), user in connected) for user in users}


def other_ways(user: User) -> str:
    """What somebody signs in with beside a password, in words; empty where there is nothing else."""
    found = sign_ins([user.pk])[user.pk]
    return ", ".join([*found.factors, *(["single sign-on"] if found.single_sign_on else [])])
