"""DescribeSnapshots by who may restore them (RestorableBy), which moto does not look at."""

from urllib.parse import urlencode

from moto.backends import get_backend

from sandbox.aws.call import Call
from sandbox.aws.identities import Account


def restorable(call: Call, account: Account) -> bytes | None:
    """The call's body with the ids of the snapshots that fit; None where no snapshot does."""
    wanted = set(call.listed("RestorableBy"))
    backend = get_backend("ec2")[account.id][call.region]
    fitting = [
        snapshot.id
        for snapshot in backend.snapshots.values()
        if wanted & {*snapshot.create_volume_permission_groups, *snapshot.create_volume_permission_userids}
    ]
    if not fitting:
        return None
    kept = {key: value for key, value in call.form.items() if not key.startswith(("RestorableBy", "SnapshotId"))}
    return urlencode({**kept, **{f"SnapshotId.{number}": one for number, one in enumerate(fitting, 1)}}).encode()
