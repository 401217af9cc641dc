"""An owner's external ID: the random text that binds this server's identity in a customer's cloud to that owner."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from cloudaccounts.models import OwnerExternalId


def external_id_for(owner: str) -> str:
    """The owner's external ID, made on first use: 39 characters of ``[a-z0-9-]``, valid as a label and a tag too."""
    # get_or_create survives two first uses at once: unique.
    row, _ = OwnerExternalId.objects.get_or_create(owner=owner, defaults={"external_id": new_external_id()})
    return row.external_id


def external_ids_of(owners: Iterable[str]) -> dict[str, str]:
    """Those of many owners, in one query where each has one already. Missing ones are made."""
    keys = set(owners)
    ids = dict(OwnerExternalId.objects.filter(owner__in=keys).values_list("owner", "external_id"))
    return ids | {owner: external_id_for(owner) for owner in keys - ids.keys()}


def new_external_id() -> str:
    """Never from input, and never derived from the owner's key: whoever could guess it could have our identity open an
    account for somebody else (the confused deputy). 122 random bits, so none is ever given twice.
    """
    return f"ca-{uuid.uuid4()}"
