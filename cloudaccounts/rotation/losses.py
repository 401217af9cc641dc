"""What scans read with the credential in use and could not with a new one: asked before it takes over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from cloudaccounts.accounts.coverage import Gap, permission_gap
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.report import CloudValidationResult, PermissionStatus
from cloudaccounts.health.transitions import proven_before
from cloudaccounts.models import CloudAccount, CredentialRotation
from cloudaccounts.provider_kit.check_results import join_names

CODE = "access_would_be_lost"
# For a call, which says beforehand that it accepts a loss: a page asks with the list in view.
ANY = "*"  # in a rotation's accepted losses: whatever it may be
NAMED = 3


class AccessWouldBeLostError(ProviderError):
    """``losses`` as gaps of the coverage that would be there."""

    def __init__(self, losses: Iterable[Gap]) -> None:
        self.losses = tuple(losses)
        super().__init__(
            CODE,
            cause_of(self.losses),
            "Grant the new credential what is missing, or replace it all the same with accept_loss.",
        )


def unaccepted_losses(
    account: CloudAccount, rotation: CredentialRotation, report: CloudValidationResult
) -> tuple[Gap, ...]:
    """The permissions that are granted until now and that this report denies, without those that were agreed to.

    One that could not be verified is no loss: it is not known.
    """
    proven, accepted = set(proven_before(account)), set(rotation.accepted_losses)
    now = timezone.now().isoformat()
    return tuple(
        permission_gap(account.provider, permission, since=now)
        for permission in report.permissions
        if permission.status == PermissionStatus.DENIED
        # What the credential in use could not do either is no loss of this replacement.
        and permission.permission in proven
        and not accepted & {ANY, permission.permission}
    )


def cause_of(losses: Iterable[Gap]) -> str:
    gaps = list(losses)
    named = join_names([gap.what for gap in gaps[:NAMED]])
    more = f" and {len(gaps) - NAMED} more" if len(gaps) > NAMED else ""
    # Each topic once, in order: several permissions may hide the same thing.
    topics = join_names(list(dict.fromkeys(gap.blinds for gap in gaps))[:NAMED])
    return f"The new credential reads less than the one in use: {named}{more}. Scans would not see {topics}."


def as_json(losses: Iterable[Gap]) -> list[dict[str, Any]]:
    return [asdict(gap) for gap in losses]
