"""Whether an owner still exists. Teams lie in another database than what they own, so no foreign key says so."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, Model

from cloudaccounts.models import AccountGroup, ApiToken, CloudAccount, Organization
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify
from teams.models import Team
from teams.queries import names_of

OWNED: tuple[tuple[str, type[Model]], ...] = (
    ("accounts", CloudAccount),
    ("groups", AccountGroup),
    ("organizations", Organization),
    ("API tokens", ApiToken),
)


def still_exists(owner: str) -> bool:
    """Asked after something was written for the owner: a deletion that began before is waited for, one that begins
    later finds what was written and is refused (`cloudaccounts.users.guard`).
    """
    # A write that changes nothing, since it waits for whoever is deleting the row. A read would see it still. A user's
    # deletion deletes the personal team with it.
    return bool(Team.objects.filter(key=owner).update(name=F("name")))


def missing_owners(owners: Iterable[str]) -> set[str]:
    """Those that no team is. Rows without an owner are nobody's by design."""
    keys = set(owners) - {""}
    return keys - names_of(keys).keys()


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
                text=f"{number:,} {name} belong to a user or team who is gone ({owner}): nobody sees them.",
                remedy="Transfer the accounts to somebody in the admin, or delete them there.",
            )
    return counts
