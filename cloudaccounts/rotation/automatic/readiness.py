"""Whether a credential may replace itself: asked of the cloud before it is relied on, and written down for people."""

from __future__ import annotations

from django.utils import timezone

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.models import CloudAccount, RotationSetting
from cloudaccounts.provider_kit.check_results import join_names
from cloudaccounts.rotation.automatic.course import Keys

NOT_PERMITTED = "rotation_not_permitted"
NO_FREE_PLACE = "no_free_key"


def prove(account: CloudAccount, keys: Keys) -> ProviderError | None:
    """What stands in the way, if anything does. Raises `ProviderError` where the cloud did not answer."""
    missing = keys.ask(keys.own.missing)
    obstacle = _missing(missing) if missing else _place(keys)
    write(account, obstacle, missing)
    return obstacle


def write(account: CloudAccount, obstacle: ProviderError | None, missing: tuple[str, ...] = ()) -> None:
    """Notes the outcome on the account's setting, where it has one."""
    RotationSetting.objects.filter(account=account.pk).update(
        ready=obstacle is None,
        missing=list(missing),
        cause=obstacle.cause[:500] if obstacle else "",
        remedy=obstacle.remedy[:500] if obstacle else "",
        proven_at=timezone.now(),
    )


def _missing(missing: tuple[str, ...]) -> ProviderError:
    return ProviderError(
        NOT_PERMITTED,
        f"The credential may not replace itself: {join_names(list(missing))} is not granted on itself.",
        "Grant the optional block of the set-up guide, or go on replacing it by hand.",
    )


def _place(keys: Keys) -> ProviderError | None:
    if not keys.in_use:
        return ProviderError(
            "key_unknown",
            "Which of the identity's keys is the one in use cannot be told, so none may be deleted.",
            "Replace it by hand once: the key after that is known.",
        )
    others = [key.id for key in keys.ask(keys.own.keys) if key.id != keys.in_use]
    if len(others) + 1 < keys.own.limit:
        return None
    return ProviderError(
        NO_FREE_PLACE,
        f"The identity has {len(others) + 1} keys, the most that the provider allows: {join_names(others)} as well.",
        "Delete one that nothing uses. We never touch a key that we have not made.",
    )
