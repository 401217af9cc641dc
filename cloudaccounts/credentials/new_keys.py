"""A team's policy against new keys: the one place that says whether a secret may come to be stored.

Asked wherever one is sealed (`vault.store`, `staging.stage`), so that no way in can go around it, and before that by
whatever reads input, so that no cloud is asked for nothing. A key that takes the place of a key is none more: were
rotation refused, what is there would only grow older.
"""

from __future__ import annotations

from cloudaccounts.errors import KeysForbiddenError
from cloudaccounts.models import RotationPolicy


def forbids_keys(owner: str) -> bool:
    """One query. ``owner`` is `Team.key`."""
    return RotationPolicy.objects.filter(owner=owner, keys_forbidden=True).exists()


def refuse_new_key(owner: str, *, secretless: bool, replaces_key: bool = False) -> None:
    """Raises `KeysForbiddenError`. Asks the database only where it is a key, and one more than there was."""
    if not secretless and not replaces_key and forbids_keys(owner):
        raise KeysForbiddenError
