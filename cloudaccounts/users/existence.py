"""Whether an owner still exists. Users lie in another database than what they own, so no foreign key says so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import F, Model

from cloudaccounts.models import AccountGroup, ApiToken, CloudAccount, Organization
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify

OWNED: tuple[tuple[str, type[Model]], ...] = (
    ("accounts", CloudAccount),
    ("groups", AccountGroup),
    ("organizations", Organization),
    ("API tokens", ApiToken),
)
CHUNK = 500


def still_exists(owner: str) -> bool:
    """Asked after something was written for the owner: a deletion that began before is waited for, one that begins
    later finds what was written and is refused (`cloudaccounts.users.guard`).
    """
    user = _users(owner)
    # A key that is no user's number names nobody who could have been deleted.
    if user is None:
        return True
    # A write that changes nothing, since it waits for whoever is deleting the row. A read would see it still.
    return bool(user.update(last_login=F("last_login")))


def missing_owners(owners: Iterable[str]) -> set[str]:
    """Those that nobody is. One query for `CHUNK` of them."""
    keys = sorted({owner for owner in owners if _is_person(owner)}, key=int)
    missing = set(keys)
    for first in range(0, len(keys), CHUNK):
        found = get_user_model().objects.filter(pk__in=keys[first : first + CHUNK]).values_list("pk", flat=True)
        missing -= {str(pk) for pk in found}
    return missing


def report_ownerless_rows() -> dict[str, int]:
    """Notifies operators of rows whose owner is gone; how many, by the name of their kind."""
    counts: dict[str, int] = {}
    for name, model in OWNED:
        rows = model._default_manager.order_by()
        missing = missing_owners(rows.values_list("owner", flat=True).distinct())
        for owner in sorted(missing):
            number = rows.filter(owner=owner).count()
            counts[name] = counts.get(name, 0) + number
            notify(
                NoticeKind.SYSTEM,
                # The key has no date: each hour's look writes the same notice, so operators are notified once.
                key=f"ownerless:{name}:{owner}",
                text=f"{number:,} {name} belong to a user who is gone (number {owner}): nobody sees them.",
                remedy="Transfer the accounts to somebody in the admin, or delete them there.",
            )
    return counts


def _is_person(owner: str) -> bool:
    """A key that is no user's number is not known here, and so not missing."""
    return owner.isascii() and owner.isdecimal()


def _users(owner: str) -> Any:
    return get_user_model().objects.filter(pk=owner) if _is_person(owner) else None
