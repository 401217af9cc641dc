"""The seam to groups: which there are to choose from, and putting an onboarded account into one.

Groups are a part of their own. Until it answers, no group can be named; it takes part by replacing `choices` and by
listening to `signals_out.account_grouped`.
"""

from __future__ import annotations

from cloudaccounts.actors import Actor
from cloudaccounts.errors import InputError
from cloudaccounts.models import CloudAccount
from cloudaccounts.signals_out import account_grouped


def choices(owner: str) -> list[tuple[str, str]]:
    """The owner's groups: id as text, and name."""
    return []


def clean_group(owner: str, raw: str) -> str:
    """A group's id, from its id or name; empty stays empty. Raises `InputError`."""
    wanted = raw.strip()
    if not wanted:
        return ""
    for key, name in choices(owner):
        if wanted in (key, name):
            return key
    raise InputError({"group": "You have no such group."})


def put(account: CloudAccount, group: str, *, actor: Actor) -> None:
    """Puts the account into the group, if one was named. Repeating it changes nothing."""
    if group:
        account_grouped.send(sender=CloudAccount, account=account, group=group, actor=actor)
