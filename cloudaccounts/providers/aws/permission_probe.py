"""The probe of a heartbeat: are the permissions still as the last report had them? No Django.

One question to IAM's simulator about all of them (elsewhere than in the partition's home region another one about the
services without regions), or, where it cannot answer, one small read that takes its turn. Only
where the simulator's answer is new are there more calls: the read of one of the doubtful ones, since its no is no proof
(see `permission_check`).
"""

from __future__ import annotations

from collections.abc import Sequence

from botocore.exceptions import ClientError

from cloudaccounts.contract.access_probe import KnownPermissions
from cloudaccounts.contract.report import PermissionResult, PermissionStatus
from cloudaccounts.providers.aws.errors import aws_code, is_denied
from cloudaccounts.providers.aws.live_reads import read_in_turn
from cloudaccounts.providers.aws.permission_check import CANNOT_SIMULATE, settle, simulate
from cloudaccounts.providers.aws.permissions import PERMISSIONS
from cloudaccounts.providers.aws.signin import Identity


def changed_permissions(identity: Identity, region: str, known: KnownPermissions) -> frozenset[str]:
    """Those that were lost or that returned since the last report. Raises botocore's errors and `ProviderError`."""
    asked = [permission for permission in PERMISSIONS if permission.action in known.granted | known.lost]
    if not asked:
        return frozenset()
    if identity.stored_arn:
        try:
            results = simulate(identity.connection, identity.stored_arn, asked, region)
        except ClientError as error:
            if not is_denied(error) and aws_code(error) not in CANNOT_SIMULATE:
                raise
        else:
            return _confirmed(results, identity, region, known)
    read = read_in_turn(identity.connection, region, identity.account_id, asked, known.turn)
    return frozenset() if read is None else _changed((read,), known)


def _confirmed(
    results: tuple[PermissionResult, ...], identity: Identity, region: str, known: KnownPermissions
) -> frozenset[str]:
    changed = _changed(results, known)
    doubtful = sorted((r for r in results if r.permission in changed & known.granted), key=lambda r: r.permission)
    if not doubtful:
        return changed
    # One of them, another each turn: where a policy of the organization makes the simulator deny all, trying all at
    # each heartbeat would be a full report.
    action = doubtful[known.turn % len(doubtful)]
    [tried] = settle((action,), identity.connection, region, identity.account_id)
    return changed if tried.status == PermissionStatus.DENIED else changed & known.lost


def _changed(results: Sequence[PermissionResult], known: KnownPermissions) -> frozenset[str]:
    return known.changed(
        granted=frozenset(r.permission for r in results if r.status == PermissionStatus.GRANTED),
        denied=frozenset(r.permission for r in results if r.status == PermissionStatus.DENIED),
    )
